"""The provider's 15-minute and daily bars: they agree, and they keep to the market's rules."""

from __future__ import annotations

import numpy as np
import pytest


def by_day(frame):
    """(n_days, 16, n_stocks) of a 15-minute frame."""
    return frame.to_numpy().reshape(-1, 16, frame.shape[1])


def live_days(small):
    return small("close").notna().to_numpy()[-120:]


@pytest.mark.parametrize(
    ("field", "aggregate"),
    [
        ("open", lambda bars: bars[:, 0]),
        ("high", lambda bars: bars.max(axis=1)),
        ("low", lambda bars: bars.min(axis=1)),
        ("close", lambda bars: bars[:, -1]),
    ],
)
def test_daily_price_is_exactly_that_of_the_bars(small, field, aggregate):
    daily = small(field).to_numpy()[-120:]
    np.testing.assert_array_equal(aggregate(by_day(small(field, "15min"))), daily)


@pytest.mark.parametrize("field", ["volume", "amount"])
def test_daily_sum_is_that_of_the_bars(small, field):
    total = by_day(small(field, "15min")).astype(np.float64).sum(axis=1)
    np.testing.assert_allclose(total, small(field).to_numpy()[-120:], rtol=3e-7)


@pytest.mark.parametrize("freq", ["day", "15min"])
def test_vwap_is_amount_over_volume_and_inside_the_bar(small, freq):
    volume, amount, factor = (
        small(name, freq).to_numpy().astype(np.float64) for name in ("volume", "amount", "factor")
    )
    high, low, close, vwap = (small(name, freq).to_numpy() for name in ("high", "low", "close", "vwap"))
    traded = volume > 0
    np.testing.assert_allclose(vwap[traded], amount[traded] / volume[traded], rtol=3e-7)
    assert np.all(vwap[traded] <= high[traded] * (1 + 2e-7))
    assert np.all(vwap[traded] >= low[traded] * (1 - 2e-7))
    silent = (volume == 0) & ~np.isnan(close)
    np.testing.assert_array_equal(vwap[silent], close[silent])
    assert np.all(factor[~np.isnan(factor)] >= 1)


@pytest.mark.parametrize("freq", ["day", "15min"])
def test_high_and_low_enclose_open_and_close(small, freq):
    open_, high, low, close = (small(name, freq).to_numpy() for name in ("open", "high", "low", "close"))
    live = ~np.isnan(close)
    assert np.all(high[live] >= np.maximum(open_, close)[live])
    assert np.all(low[live] <= np.minimum(open_, close)[live])


def test_live_days_hold_some_bars_without_volume_and_with_the_last_price(small):
    volume, close = by_day(small("volume", "15min")), by_day(small("close", "15min"))
    silent = (volume == 0) & ~np.isnan(close)
    assert 0.002 < silent.mean() < 0.01
    assert not silent[:, [0, -1]].any()
    day, bar, stock = np.nonzero(silent)
    np.testing.assert_array_equal(close[day, bar, stock], close[day, bar - 1, stock])


def test_suspended_days_have_no_price_and_no_volume(small):
    volume, close = small("volume").to_numpy(), small("close").to_numpy()
    suspended = np.isnan(close) & ~np.isnan(volume)
    assert suspended.sum() >= 5
    assert np.all(volume[suspended] == 0)
    bars = by_day(small("close", "15min"))
    np.testing.assert_array_equal(np.isnan(bars).all(axis=1), np.isnan(close[-120:]))
    np.testing.assert_array_equal(np.isnan(bars).any(axis=1), np.isnan(close[-120:]))


def test_volume_is_u_shaped_over_the_day(default):
    volume = by_day(default("volume", "15min"))
    share = np.nanmean(volume / np.nansum(volume, axis=1, keepdims=True), axis=(0, 2))
    assert share.argmax() == 0
    assert share[0] > 2.5 * share[7]
    assert share[-1] > 1.7 * share[7]
    assert share.sum() == pytest.approx(1.0, abs=1e-5)
