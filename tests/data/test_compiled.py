"""The compiled windows against the numpy ones, which define them: statistics and samples, with all that is odd."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru import native
from qlib_mfgru.data.normalize import Moments, Scale
from qlib_mfgru.data.panel import BarPanel, Field
from qlib_mfgru.data.settings import InputSpec
from qlib_mfgru.data.window import WindowSource

N_DAYS, BARS, N_STOCKS, LENGTH = 12, 3, 150, 5


@pytest.fixture
def panel() -> BarPanel:
    random = np.random.default_rng(0)
    bars = 10 * np.exp(0.02 * random.standard_normal((N_DAYS, BARS, 6, N_STOCKS))).astype(np.float32)
    bars[:, :, 5] *= 1e6
    bars[:, :, 5, 7] = 0  # no volume at all: no scale
    bars[6, -1, 5, 8] = 0  # nor here, by the last value of a window that ends there
    bars[:, :, 0] = 3.3  # the same for all stocks and days: no standard deviation
    days = pd.bdate_range("2024-01-02", periods=N_DAYS)
    traded = np.ones((N_DAYS, N_STOCKS), dtype=bool)
    return BarPanel("15min", days, [f"SH{600000 + i}" for i in range(N_STOCKS)], bars, traded, traded)


def both(monkeypatch: pytest.MonkeyPatch, source: WindowSource) -> list[tuple[Moments, np.ndarray]]:
    """(statistics of days 6 and 9, samples) by numpy and then by the processor's own way."""
    found = []
    days = np.repeat([6, 9], [130, 77])  # a tile holds samples of both dates
    stocks = np.concatenate([np.arange(130), np.sort(np.random.default_rng(1).permutation(N_STOCKS)[:77])])
    own = native.capability()
    for capability in ("DEFAULT", own):
        monkeypatch.setattr(native, "capability", lambda capability=capability: capability)
        dates = [source.moments(day, stocks[days == day]) for day in (6, 9)]
        moments = Moments(*(np.concatenate(parts, axis=2) for parts in zip(*dates, strict=True)))
        found.append((moments, source.samples(days, stocks, moments, np.searchsorted([6, 9], days))))
    return found


@pytest.mark.parametrize("clip", [None, 1.5])
@pytest.mark.parametrize("scale", ["mean", "last"])
def test_equal_to_numpy(
    panel: BarPanel, processor: str, monkeypatch: pytest.MonkeyPatch, scale: Scale, clip: float | None
) -> None:
    source = WindowSource(panel, InputSpec(days=LENGTH, scale=scale), clip)
    (plain, expected), (moments, samples) = both(monkeypatch, source)
    np.testing.assert_allclose(moments.mean, plain.mean, atol=2e-7)
    np.testing.assert_allclose(moments.inverse_std, plain.inverse_std, rtol=3e-6)
    assert samples.shape == (LENGTH * BARS, 6, 207)
    np.testing.assert_allclose(samples, expected, atol=2e-5)
    assert (samples[:, 5, 7] == 0).all()
    assert (samples[:, 5, 8] == 0).all() == (scale == "last")
    assert (samples[:, 0] == 0).all()
    assert np.abs(samples).max() == (pytest.approx(clip) if clip else np.abs(samples).max())


def test_large_moves_within_a_window_keep_their_digits(processor: str) -> None:
    """A mean rounded by a few 1e-6 stretches its whole series, which shows in a stock that moves far."""
    random = np.random.default_rng(3)
    bars = (13 * np.exp(np.cumsum(0.002 + 0.01 * random.standard_normal((320, 6, 90)), axis=0))).astype(np.float32)
    days = pd.bdate_range("2024-01-02", periods=20)
    codes = [f"SH{600000 + i}" for i in range(90)]
    panel = BarPanel("15min", days, codes, bars.reshape(20, 16, 6, 90), *np.ones((2, 20, 90), dtype=bool))
    source = WindowSource(panel, InputSpec(days=20, scale="mean"))
    unscored = Moments(np.zeros((320, 6, 1), np.float32), np.ones((320, 6, 1), np.float32))
    samples = source.samples(np.full(90, 19), np.arange(90), unscored, np.zeros(90, dtype=np.int64))
    exact = bars.astype(np.float64) / bars.mean(axis=0, dtype=np.float64) - 1
    far = np.abs(exact) > 0.2
    assert np.abs(samples[far] / exact[far] - 1).max() < 1e-6


@pytest.mark.parametrize(("scale", "day"), [("own", 5), ("none", 5), ("none", 2)])
def test_nan_is_not_hidden(panel: BarPanel, processor: str, scale: Literal["own", "none"], day: int) -> None:
    """A window that should not have been asked for shows; it begins on day 2. Only levels may begin late."""
    panel.bars[day, 0, 3, 20] = np.nan
    prices = tuple(Field(name=f"f{i}", kind="price", scale=scale) for i in range(6))
    source = WindowSource(replace(panel, fields=prices), InputSpec(days=LENGTH, scale="last"))
    moments = Moments(np.zeros((LENGTH * BARS, 6, 1), np.float32), np.ones((LENGTH * BARS, 6, 1), np.float32))
    days, stocks = np.full(40, 6), np.arange(40)
    samples = source.samples(days, stocks, moments, np.zeros(40, dtype=np.int64))
    assert np.isnan(samples[:, 3, 20]).any()
    assert np.isfinite(np.delete(samples, 20, axis=2)).all()


def test_no_stock_no_statistics(panel: BarPanel, processor: str) -> None:
    source = WindowSource(panel, InputSpec(days=LENGTH, scale="mean"))
    moments = source.moments(6, np.empty(0, dtype=np.int64))
    assert moments.mean.shape == (LENGTH * BARS, 6, 1)
    assert (moments.inverse_std == 0).all()


@pytest.mark.parametrize("clip", [None, 1.5])
@pytest.mark.parametrize("scale", ["mean", "last"])
def test_levels_and_raw_values_are_those_of_numpy(
    panel: BarPanel, processor: str, monkeypatch: pytest.MonkeyPatch, scale: Scale, clip: float | None
) -> None:
    """Every way to be scaled, side by side; 150 and 77 stocks fill no tile, and absent lanes count for nothing."""
    ways = [("price", "own"), ("level", "own"), ("level", "none"), ("quantity", "none"), ("level", "none")]
    fields = tuple(Field(name=f"f{i}", kind=kind, scale=by) for i, (kind, by) in enumerate([*ways, ("level", "own")]))
    bars = panel.bars.copy()
    bars[:, :, 3:5] -= 10  # on both sides of 0
    bars[:3, :, 1:3, ::4] = np.nan  # still missing when the window of day 6 begins
    bars[:5, :, 4, :50] = np.nan
    bars[:, :, 2, 3] = np.nan
    source = WindowSource(replace(panel, bars=bars, fields=fields), InputSpec(days=LENGTH, scale=scale), clip)
    (plain, expected), (moments, samples) = both(monkeypatch, source)
    assert np.isfinite(samples).all()
    np.testing.assert_allclose(moments.mean, plain.mean, rtol=1e-6, atol=2e-7)
    np.testing.assert_allclose(moments.inverse_std, plain.inverse_std, rtol=3e-6)
    np.testing.assert_allclose(samples, expected, atol=2e-5)
    assert (samples[:, 1:3, 0] == 0).all()
    assert (samples[:, 4, :50] == 0).all()
    assert (samples[:, 2, 3] == 0).all()
    assert (samples[:, 3] != 0).all()
    known = bars[6, 1, 4, 50:130]  # step 13 of the window of day 6
    assert moments.mean[13, 4, 0] == pytest.approx(known.mean(), abs=1e-6)
    assert moments.inverse_std[13, 4, 0] == pytest.approx(1 / known.std(), rel=1e-5)


@pytest.mark.parametrize("seed", range(8))
def test_bars_in_which_no_stock_traded_are_0(processor: str, seed: int) -> None:
    """The end of a half day: all scaled volumes are -1 but for roundings, which must not be blown up to z-scores."""
    bars = np.exp(np.random.default_rng(seed).normal(9, 0.8, (24, 26, 6, 60))).astype(np.float32)
    bars[22, 14:, 5] = 0
    codes = [f"SH{600000 + i}" for i in range(60)]
    panel = BarPanel("15min", pd.bdate_range("2024-01-02", periods=24), codes, bars, *np.ones((2, 24, 60), dtype=bool))
    source, stocks = WindowSource(panel, InputSpec(days=20, scale="mean")), np.arange(60)
    samples = source.samples(np.full(60, 23), stocks, source.moments(23, stocks), np.zeros(60, dtype=np.int64))
    silent = slice(18 * 26 + 14, 19 * 26)
    assert (samples[silent, 5] == 0).all()
    assert (samples[: silent.start, 5] != 0).any(axis=1).all()


def test_raw_columns_are_constant_by_their_own_size(panel: BarPanel, processor: str) -> None:
    """1e-12 times a price varies, however small; and equal values do not, however large."""
    raw = tuple(Field(name=f"f{i}", kind="quantity", scale="none") for i in range(6))
    bars = panel.bars * np.float32(1e-12)
    bars[:, :, 0] = 3.3e9
    source = WindowSource(replace(panel, bars=bars, fields=raw), InputSpec(days=2, scale="mean"))
    moments = source.moments(6, np.arange(N_STOCKS))
    assert (moments.inverse_std[:, 0] == 0).all()
    np.testing.assert_allclose(moments.inverse_std[:3, 1:5, 0] * bars[5, :, 1:5].std(axis=2), 1, rtol=1e-4)


def test_a_panel_has_as_many_fields_as_it_says(panel: BarPanel) -> None:
    with pytest.raises(ValueError, match=r"\(12, 3, 6, 150\) do not hold 2 fields"):
        replace(panel, fields=panel.fields[:2])
