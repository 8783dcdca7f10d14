"""Windows gathered and normalised on a device against the numpy path; without a GPU the device is the CPU."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from small_market import INPUTS, use

from qlib_mfgru.data import BarPanel, Field, resident
from qlib_mfgru.data.normalize import Moments, Scale
from qlib_mfgru.data.resident import ResidentSource
from qlib_mfgru.data.settings import InputSpec
from qlib_mfgru.data.window import WindowSource

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
SPECS = {freq: InputSpec(**spec) for freq, spec in INPUTS.items()}
EVERY = pytest.mark.parametrize("freq", list(INPUTS))


def source_of(freq: str, provider: Path, cache: Path, clip: float | None = None) -> WindowSource:
    use(provider)
    return WindowSource(BarPanel.open(freq, cache), SPECS[freq], clip)


def every_sample(source: WindowSource) -> tuple[np.ndarray, np.ndarray]:
    """Panel positions (days, stocks) of all complete windows."""
    days, stocks = np.nonzero(source.exists(0.8))
    assert len(days) > 200
    return days, stocks


def all_moments(source: WindowSource | ResidentSource, days: np.ndarray, stocks: np.ndarray) -> Moments:
    """A column for every date that occurs."""
    dates = [source.moments(int(day), stocks[days == day]) for day in np.unique(days)]
    return Moments(*(np.concatenate(parts, axis=2) for parts in zip(*dates, strict=True)))


def assert_equal(got: torch.Tensor | np.ndarray, expected: np.ndarray) -> None:
    """Both sum in float32 in an order of their own, and are up to 2e-6 off (test_normalize holds numpy to 2e-5)."""
    np.testing.assert_allclose(torch.as_tensor(got).cpu(), expected, rtol=1e-6, atol=2.5e-6)


@EVERY
def test_raw_windows_are_the_panels(freq: str, provider: Path, cache: Path) -> None:
    source = source_of(freq, provider, cache)
    days, stocks = every_sample(source)
    got = ResidentSource(source, DEVICE).gather(*(torch.from_numpy(axis).to(DEVICE) for axis in (days, stocks)))
    np.testing.assert_array_equal(got.cpu(), source.panel.gather(days, stocks, source.spec.days))


@EVERY
@pytest.mark.parametrize("clip", [None, 1.5])
def test_samples_in_any_order_are_those_of_numpy(
    freq: str, clip: float | None, provider: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resident, "_SAMPLES_PER_PIECE", 60)
    source = source_of(freq, provider, cache, clip)
    days, stocks = every_sample(source)
    moments = all_moments(source, days, stocks)
    order = np.random.default_rng(0).permutation(len(days))
    arguments = days[order], stocks[order], moments, np.unique(days, return_inverse=True)[1][order]
    got = ResidentSource(source, DEVICE).samples(*arguments)
    assert got.dtype == torch.float32
    assert got.is_contiguous()
    assert_equal(got, source.samples(*arguments))


@EVERY
def test_moments_are_those_of_numpy(freq: str, provider: Path, cache: Path) -> None:
    source = source_of(freq, provider, cache)
    samples = every_sample(source)
    for got, expected in zip(
        all_moments(ResidentSource(source, DEVICE), *samples), all_moments(source, *samples), strict=True
    ):
        assert got.shape == expected.shape
        assert got.dtype == np.float32
        np.testing.assert_allclose(got, expected, rtol=2e-6, atol=5e-7)


def without_scale() -> WindowSource:
    """Two days of three stocks: volumes of the second are 0 throughout, all opens are equal."""
    days, bars, stocks = 2, 2, 3
    random = np.random.default_rng(1)
    values = random.lognormal(size=(days, bars, 6, stocks)).astype(np.float32)
    values[:, :, 5, 1] = 0
    values[:, :, 0] = 7
    panel = BarPanel(
        "15min",
        pd.bdate_range("2024-01-02", periods=days),
        ["a", "b", "c"],
        values,
        *np.ones((2, days, stocks), dtype=bool),
    )
    return WindowSource(panel, InputSpec(days=2, scale="mean"))


def test_a_series_without_scale_and_a_constant_column_become_0() -> None:
    source, everyone = without_scale(), np.arange(3)
    device = ResidentSource(source, DEVICE)
    moments = device.moments(1, everyone)
    for got, expected in zip(moments, source.moments(1, everyone), strict=True):
        np.testing.assert_allclose(got, expected, rtol=2e-6, atol=5e-7)
    arguments = np.ones(3, dtype=np.int64), everyone, moments, np.zeros(3, dtype=np.int64)
    got = device.samples(*arguments).cpu()
    assert_equal(got, source.samples(*arguments))
    assert (got[:, 5, 1] == 0).all()
    assert (got[:, 0] == 0).all()
    assert (got[:, 1:5] != 0).all()


@pytest.mark.parametrize("scale", ["mean", "last"])
@pytest.mark.parametrize("seed", range(3))
def test_levels_and_raw_values_are_those_of_numpy(seed: int, scale: Scale) -> None:
    """Fields of random kinds and scales; every level of a third of the stocks is NaN when the window begins."""
    random, everyone = np.random.default_rng(seed), np.arange(60)
    ways = [(kind, by) for kind in ("price", "quantity", "level") for by in ("own", "none")]
    fields = tuple(
        Field(name=f"f{i}", kind=ways[way][0], scale=ways[way][1])
        for i, way in enumerate(random.permutation(len(ways)))
    )
    bars = random.normal(1, 0.3, size=(4, 3, 6, 60)).astype(np.float32)
    levels = [i for i, field in enumerate(fields) if field.kind == "level"]
    for level in levels:
        bars[:2, :, level, ::3] = np.nan
    panel = BarPanel(
        "15min", pd.bdate_range("2024-01-02", periods=4), list("ab" * 30), bars, *np.ones((2, 4, 60), bool), fields
    )
    source = WindowSource(panel, InputSpec(days=3, scale=scale))
    device, day = ResidentSource(source, DEVICE), np.full(60, 3)
    moments = device.moments(3, everyone)
    for one, other in zip(moments, source.moments(3, everyone), strict=True):
        np.testing.assert_allclose(one, other, rtol=5e-6, atol=1e-6)
    arguments = day, everyone, moments, np.zeros(60, dtype=np.int64)
    got, expected = device.samples(*arguments).cpu(), source.samples(*arguments)
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-5)
    assert (got[:, levels][:, :, ::3] == 0).all()
    assert np.isfinite(expected).all()


def test_moments_of_another_table_are_not_mixed_up() -> None:
    source, everyone = without_scale(), np.arange(3)
    device, zeros = ResidentSource(source, DEVICE), np.zeros(3, dtype=np.int64)
    first, second = source.moments(1, everyone), source.moments(1, everyone[1:])
    for moments in (first, second, first):
        arguments = zeros + 1, everyone, moments, zeros
        assert_equal(device.samples(*arguments), source.samples(*arguments))


def test_a_window_that_would_begin_before_the_panel_is_refused() -> None:
    source = without_scale()
    moments, zero = source.moments(1, np.arange(3)), np.zeros(1, dtype=np.int64)
    with pytest.raises(IndexError, match=r"days 0 \.\. 0 leave no room for windows of 2 days"):
        ResidentSource(source, DEVICE).samples(zero, zero, moments, zero)


@pytest.mark.parametrize("stock", [-1, 3])
@pytest.mark.parametrize("where", ["numpy", "device"])
def test_a_stock_that_the_panel_lacks_is_refused(stock: int, where: str) -> None:
    source: WindowSource | ResidentSource = without_scale()
    moments, day = source.moments(1, np.arange(3)), np.ones(1, dtype=np.int64)
    if where == "device":
        source = ResidentSource(without_scale(), DEVICE)
    message = rf"stocks {stock} \.\. {stock} are not all among the panel's 0 \.\. 2"
    with pytest.raises(IndexError, match=message):
        source.samples(day, np.array([stock]), moments, day - 1)
    with pytest.raises(IndexError, match=message):
        source.moments(1, np.array([stock]))


def test_bars_that_do_not_fit_stay_where_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    source = without_scale()
    said: list[str] = []
    monkeypatch.setattr(resident, "get_module_logger", lambda _: Log(said))
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (resident.RESERVE + source.panel.bars.nbytes - 1, 80e9))
    assert ResidentSource.where_it_fits(source, torch.device("cuda")) is None
    assert "15min bars (0.0 GiB) do not fit cuda, 4.0 GiB of which are free" in said[-1]
    assert ResidentSource.where_it_fits(source, torch.device("cpu")) is not None
    assert said[-1] == "15min bars (0.0 GiB) are held on cpu"


def on_the_cpu(panel: BarPanel, _: torch.device) -> torch.Tensor:
    """Bars for which the CPU stands in for a GPU."""
    return torch.from_numpy(np.ascontiguousarray(panel.bars))


def test_what_torch_keeps_of_earlier_bars_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """As of the stage before, or of a fit before a prediction: the driver counts it as taken until torch lets go."""
    source = without_scale()
    kept = [source.panel.bars.nbytes]
    free = resident.RESERVE + source.panel.bars.nbytes
    monkeypatch.setattr(torch.cuda, "empty_cache", kept.clear)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (free - sum(kept), 80e9))
    monkeypatch.setattr(resident, "_copied", on_the_cpu)
    assert ResidentSource.where_it_fits(source, torch.device("cuda")) is not None


def test_a_gpu_without_a_number_is_the_one_that_has_the_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    """Statistics are made in threads, for each of which "cuda" is its own current GPU; the CPU stands for another."""
    source, everyone = without_scale(), np.arange(3)
    monkeypatch.setattr(resident, "_copied", on_the_cpu)
    device = ResidentSource(source, torch.device("cuda"))
    assert device.device == torch.device("cpu")
    moments = device.moments(1, everyone)
    for got, expected in zip(moments, source.moments(1, everyone), strict=True):
        np.testing.assert_allclose(got, expected, rtol=2e-6, atol=5e-7)
    arguments = np.ones(3, dtype=np.int64), everyone, moments, np.zeros(3, dtype=np.int64)
    assert_equal(device.samples(*arguments), source.samples(*arguments))


class Log:
    """A logger that keeps what it is told."""

    def __init__(self, said: list[str]) -> None:
        self.warning = self.info = said.append
