"""Windows of declared fields: values, order and what is missing, against the slow reference, in each implementation."""

from __future__ import annotations

import pickle
from pathlib import Path

import field_market
import numpy as np
import pytest
import reference
import torch
from field_market import FIELDS, INPUTS, LATE, WITHOUT, declared, write_field_market
from small_market import CODES, DAYS, LABEL, SUSPENDED, use

from qlib_mfgru.data import BarPanel, Field, MultiFreqHandler
from qlib_mfgru.data.panel import REPORT_FIELDS
from qlib_mfgru.data.panel.fields import KNOWN

SIGNAL, LIMIT_UP = (next(i for i, field in enumerate(FIELDS) if field[0] == name) for name in ("signal", "limit_up"))


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_field_market(tmp_path_factory.mktemp("fields") / "provider")


@pytest.fixture
def handler(provider: Path, cache: Path) -> MultiFreqHandler:
    use(provider)
    return MultiFreqHandler(inputs=declared(INPUTS), label=LABEL, cache_dir=cache)


@pytest.mark.parametrize("day", [49, 53, 55, 58, 62])
def test_equal_to_the_reference(handler: MultiFreqHandler, provider: Path, day: int, processor: str) -> None:
    section = handler.cross_section(DAYS[day])
    codes, tensors = reference.cross_section(provider, DAYS[day], INPUTS, CODES)
    assert list(section.instruments) == codes
    for freq, tensor in tensors.items():
        np.testing.assert_allclose(section.features[freq], tensor, rtol=0, atol=2e-5)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_other_markets(seed: int, tmp_path: Path) -> None:
    market = write_field_market(tmp_path / "provider", seed)
    use(market)
    handler = MultiFreqHandler(inputs=declared(INPUTS), label=LABEL, cache_dir=tmp_path / "panels")
    for day in (50, 57):
        section = handler.cross_section(DAYS[day])
        codes, tensors = reference.cross_section(market, DAYS[day], INPUTS, CODES)
        assert list(section.instruments) == codes
        for freq, tensor in tensors.items():
            np.testing.assert_allclose(section.features[freq], tensor, rtol=0, atol=2e-5)


def test_bars_on_a_device_give_the_same(handler: MultiFreqHandler) -> None:
    panels, day = handler.panels, 55
    moved = panels.on_device(torch.device("cpu"), ["day", "15min"])
    members = panels.complete(["day", "15min"])[[day]]
    stocks = np.flatnonzero(members[0])
    days = np.full(len(stocks), day)
    for freq in INPUTS:
        moments = moved.moments(freq, days[:1], members)
        got = moved.tensor(freq, days, stocks, moments, np.zeros_like(days))
        expected = handler.cross_section(DAYS[day]).features[freq].transpose(1, 2, 0)
        np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-5)


def test_limit_up_as_seventh_field_keeps_its_own_last_value_on_a_suspended_day(provider: Path, cache: Path) -> None:
    use(provider)
    fields = (*REPORT_FIELDS, KNOWN["limit_up"])
    panel, stock = BarPanel.open("day", cache, fields), CODES.index(SUSPENDED)
    stored = reference.series(provider, SUSPENDED, "limit_up", "day", len(DAYS)).astype(np.float32)
    assert np.isnan(stored[50:53]).all()
    assert panel.bars[50:53, 0, 6, stock].tolist() == [stored[49]] * 3
    assert panel.bars[50:53, 0, 3, stock].tolist() == [panel.bars[49, 0, 3, stock]] * 3
    assert abs(stored[49] / panel.bars[49, 0, 3, stock] - 1) > 0.02
    np.testing.assert_array_equal(panel.bars[:, :, :6], BarPanel.open("day", cache).bars)


def test_a_level_that_begins_within_a_window_is_missing_there(handler: MultiFreqHandler) -> None:
    """The limits of one stock are known from day 50: five days on they fill a window of 5 days, but none of 10."""
    early, late = handler.cross_section(DAYS[55]), handler.cross_section(DAYS[59])
    row = list(early.instruments).index(LATE)
    assert (early.features["day"][row, :, LIMIT_UP] == 0).all()
    assert (early.features["15min"][row, :, -1 - LIMIT_UP] != 0).all()
    assert (late.features["day"][list(late.instruments).index(LATE), :-1, LIMIT_UP] != 0).all()
    others = np.delete(early.features["day"][:, :-1, LIMIT_UP], row, axis=0)
    np.testing.assert_allclose(others.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(others.std(axis=0), 1, atol=1e-5)


def test_a_stock_without_the_field_is_missing_in_it_alone(handler: MultiFreqHandler) -> None:
    section = handler.cross_section(DAYS[55])
    window = section.features["day"][list(section.instruments).index(WITHOUT)]
    assert (window[:, SIGNAL] == 0).all()
    assert (window[:-1, [LIMIT_UP, 1, 4]] != 0).all()


def test_raw_values_are_only_z_scored(handler: MultiFreqHandler, provider: Path) -> None:
    """By their cross-section's own mean and deviation, whatever the input's scale is."""
    section = handler.cross_section(DAYS[55])
    flow = [reference.series(provider, code, "flow", "day", len(DAYS))[55] for code in section.instruments]
    known = np.nan_to_num(np.array(flow))  # a quantity: 0 where nothing is stored
    np.testing.assert_allclose(section.features["day"][:, -1, 5], (known - known.mean()) / known.std(), atol=1e-5)


def test_fields_are_in_the_order_of_the_setting(handler: MultiFreqHandler, provider: Path, cache: Path) -> None:
    order = [3, 0, 5, 1, 4, 2]
    inputs = {"day": {**INPUTS["day"], "fields": [FIELDS[i] for i in order]}, "15min": INPUTS["15min"]}
    other = MultiFreqHandler(inputs=declared(inputs), label=LABEL, cache_dir=cache)
    one, two = (h.cross_section(DAYS[55]).features["day"] for h in (handler, other))
    np.testing.assert_allclose(two, one[:, :, order], atol=1e-6)


@pytest.mark.parametrize("name", ["vwap", "volume", "limit_up"])
def test_a_single_field(name: str, provider: Path, cache: Path, processor: str) -> None:
    use(provider)
    handler = MultiFreqHandler(
        inputs={"day": {"days": 10, "scale": "last", "fields": [name]}}, label=LABEL, cache_dir=cache
    )
    assert handler.input_shapes() == {"day": (10, 1)}
    section = handler.cross_section(DAYS[55])
    field = (name, KNOWN[name].kind, KNOWN[name].scale)
    inputs = {"day": {"days": 10, "scale": "last", "fields": (field,)}}
    codes, tensors = reference.cross_section(provider, DAYS[55], inputs, CODES)
    assert list(section.instruments) == codes
    np.testing.assert_allclose(section.features["day"], tensors["day"], rtol=0, atol=2e-5)


def test_a_pickled_handler_keeps_its_fields(handler: MultiFreqHandler) -> None:
    again = pickle.loads(pickle.dumps(handler))
    assert again.inputs["day"].fields[3] == Field(name="signal", kind="level", scale="none")
    for freq in INPUTS:
        one, two = (h.cross_section(DAYS[55]).features[freq] for h in (handler, again))
        np.testing.assert_array_equal(one, two)


def test_the_market_has_what_it_says(provider: Path) -> None:
    limits = reference.series(provider, LATE, "limit_up", "15min", 50 * field_market.BARS)
    assert np.flatnonzero(np.isfinite(limits))[0] == 20 * field_market.BARS
    assert not (provider / f"features/{WITHOUT.lower()}/signal.day.bin").exists()
