"""Limits, ticks, ex-days and volatilities, as the provider files tell them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from qlib_mfgru.demo.venue.limits import to_cents

PRICES = ("open", "high", "low", "close")


def raw(frame, factor):
    """Raw prices in cents, float64."""
    return frame.to_numpy().astype(np.float64) / factor.to_numpy().astype(np.float64) * 100


def distinct(rates):
    """Values to two decimals, without NaN, ascending."""
    values = rates.to_numpy().round(2)
    return np.unique(values[~np.isnan(values)]).tolist()


def test_half_cents_round_up_despite_binary_fractions():
    np.testing.assert_array_equal(to_cents(np.array([1005 * 1.1, 1115 * 0.9, 0.2])), [1106, 1004, 1])


def test_raw_prices_are_whole_cents(default):
    factor = default("factor")
    for name in PRICES:
        cents = raw(default(name), factor)
        cents = cents[~np.isnan(cents)]
        assert (np.abs(cents - np.rint(cents)) < 1e-6 * cents).all()


def test_no_price_leaves_the_limits(default):
    up, down = default("limit_up").to_numpy(), default("limit_down").to_numpy()
    live = ~np.isnan(up)
    assert np.all(default("high").to_numpy()[live] <= up[live])
    assert np.all(default("low").to_numpy()[live] >= down[live])


def test_limits_are_those_of_board_st_and_date(default):
    factor, close = default("factor"), default("close").ffill()
    reference = raw(close, close * 0 + 1).copy()[:-1] / factor.to_numpy().astype(float)[1:]
    rate = default("limit_up").to_numpy()[1:] / (reference / 100) / factor.to_numpy()[1:] - 1
    rate = pd.DataFrame(rate, factor.index[1:], factor.columns)
    st = default("is_st").iloc[1:]
    dear = pd.DataFrame(reference > 500, rate.index, rate.columns)
    assert distinct(rate["SH600000"].where(dear["SH600000"] & (st["SH600000"] == 0))) == [0.1]
    main = [code for code in rate if code.startswith(("SH600", "SZ000"))]
    st_rates = rate[main].to_numpy()[((st[main] == 1) & dear[main]).to_numpy()]
    st_rates = st_rates[~np.isnan(st_rates)]
    assert len(st_rates) > 500
    assert np.abs(st_rates - 0.05).max() < 0.002
    chinext = [code for code in rate if code.startswith("SZ300")]
    plain = rate[chinext].where((st[chinext] == 0) & dear[chinext])
    assert distinct(plain[:"2020-08-23"]) == [0.1]
    assert distinct(plain["2020-08-24":]) == [0.2]


def test_some_days_lock_at_their_limit(default):
    high, low, close = (default(name).to_numpy() for name in ("high", "low", "close"))
    at_up, at_down = close == default("limit_up").to_numpy(), close == default("limit_down").to_numpy()
    live = (~np.isnan(close)).sum()
    assert 0.001 < at_up.sum() / live < 0.01
    assert 0.001 < at_down.sum() / live < 0.01
    assert ((high == low) & at_up).sum() > 20


def test_adjusted_returns_ignore_ex_days(default):
    factor, close = default("factor"), default("close")
    jump = factor.pct_change(fill_method=None).to_numpy()
    adjusted, unadjusted = close.pct_change(fill_method=None), (close / factor).pct_change(fill_method=None)
    splits = jump > 0.15
    assert splits.sum() > 30
    assert np.nanmean(unadjusted.to_numpy()[splits]) < -0.15
    assert abs(np.nanmean(adjusted.to_numpy()[splits])) < 0.02
    assert np.nanmax(np.abs(adjusted.to_numpy())) < 0.21
    assert (jump[~np.isnan(jump)] >= -1e-6).all()


def test_market_cap_moves_with_the_adjusted_close_on_a_split(default):
    factor, cap, close = default("factor"), default("market_cap"), default("close")
    splits = (factor.pct_change(fill_method=None) > 0.15).to_numpy()
    gap = cap.pct_change(fill_method=None) - close.pct_change(fill_method=None)
    assert np.nanmax(np.abs(gap.to_numpy()[splits])) < 0.06
    assert cap.median().median() > 1e9


def test_daily_volatility_is_that_of_a_share(default):
    volatility = default("close").pct_change(fill_method=None).std()
    assert 0.02 < volatility.median() < 0.03
