"""The planted signals: their algebra, their strength, and what each frequency does not see."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.demo import DemoSpec, load_truth, make_demo_market, mean_rank_ic
from qlib_mfgru.demo.signal import echo_coefficients, hidden_state, simulate_signal, visible_weights
from qlib_mfgru.demo.truth import PARTS, ten_day_label

BIG = DemoSpec(n_stocks=2000, n_days=300, intraday_days=1)


def test_echo_leaves_short_lags_without_autocorrelation():
    a = echo_coefficients(0.012)
    filter_ = a + np.eye(1, len(a))[0]
    autocovariance = [filter_[: len(a) - h] @ filter_[h:] for h in range(len(a))]
    np.testing.assert_allclose(autocovariance[1:16], 0, atol=1e-12)
    assert min(autocovariance[16:30]) > 0.01
    assert np.all(a[1:16] <= 0)
    assert not echo_coefficients(0.0).any()


def test_visible_weights_count_the_label_days_that_a_shock_reaches():
    weights = visible_weights()
    assert weights[:5].tolist() == [0.0] * 5
    assert weights[5:15].tolist() == [float(k) for k in range(1, 11)]
    assert set(weights[15:]) == {10.0}
    assert (weights[19:] ** 2).sum() / (weights**2).sum() == pytest.approx(2000 / 2785)


def test_states_have_variance_one_and_the_stated_memory():
    signal = simulate_signal(BIG)
    assert signal.daily.var() == pytest.approx(1.0, abs=0.02)
    assert signal.intraday.var() == pytest.approx(1.0, abs=0.02)
    lag = np.corrcoef(signal.intraday[12:].ravel(), signal.intraday[:-12].ravel())[0, 1]
    assert lag == pytest.approx(0.5, abs=0.02)


def test_returns_up_to_the_day_do_not_tell_the_intraday_state():
    signal = simulate_signal(BIG)
    state = signal.intraday[60:].ravel()
    for age in (0, 1, 5, 20):
        past = signal.unit_return[60 - age : len(signal.unit_return) - age].ravel()
        assert abs(np.corrcoef(past, state)[0, 1]) < 0.01
    next_day = np.corrcoef(signal.unit_return[61:].ravel(), signal.intraday[60:-1].ravel())[0, 1]
    assert next_day == pytest.approx(0.083, abs=0.01)


def test_an_innocent_state_would_be_told_by_past_returns():
    """The lean is what hides the state: without it the same check finds the drift."""
    random = np.random.default_rng(0)
    shocks, noise = random.standard_normal((2, 300, 2000))
    plain = hidden_state(shocks, noise, kappa=0.0)
    returns = shocks[1:] + 0.083 * plain[:-1]
    assert np.corrcoef(returns[60:].ravel(), plain[61:].ravel())[0, 1] > 0.06


def oracle(provider, close):
    truth = load_truth(provider)
    return {part: mean_rank_ic(truth.score(part), ten_day_label(close)) for part in PARTS}


def test_oracle_rank_ic_of_the_default_market(default_market, default):
    ic = oracle(default_market, default("close"))
    assert 0.12 < ic["daily"] < 0.18
    assert 0.12 < ic["intraday"] < 0.18
    assert 0.19 < ic["combined"] < 0.26


def test_oracle_of_a_market_without_signal_is_near_zero(tmp_path):
    made = make_demo_market(tmp_path / "noise", intraday_days=1, daily_strength=0, intraday_strength=0)
    assert max(abs(value) for value in made.oracle_rank_ic.values()) < 0.02


def test_each_strength_turns_its_own_part_off(tmp_path):
    made = make_demo_market(tmp_path / "one", intraday_days=1, daily_strength=0)
    assert abs(made.oracle_rank_ic["daily"]) < 0.03
    assert made.oracle_rank_ic["intraday"] > 0.12
    assert made.oracle_rank_ic["combined"] == made.oracle_rank_ic["intraday"]


def test_daily_bars_do_not_tell_the_intraday_state(default_market, default):
    state = pd.DataFrame(load_truth(default_market).intraday, default("close").index, default("close").columns)
    open_, high, low, close, vwap, volume = (
        default(name) for name in ("open", "high", "low", "close", "vwap", "volume")
    )
    clues = {
        "return": close.pct_change(fill_method=None),
        "momentum": close.ffill().pct_change(20, fill_method=None),
        "range": high / low - 1,
        "vwap": vwap / close - 1,
        "vwap by direction": (vwap / ((open_ + close) / 2) - 1) * np.sign(close - open_),
        "volume": volume / volume.rolling(20).mean(),
    }
    told = {name: mean_rank_ic(clue, state) for name, clue in clues.items()}
    assert max(map(abs, told.values())) < 0.025, told


def test_15_minute_volume_tells_the_intraday_state(default_market, default):
    bars = default("volume", "15min")
    volume = bars.to_numpy().reshape(-1, 16, bars.shape[1])
    with np.errstate(invalid="ignore"):
        share = volume[:, [0, 1, 2, 13, 14, 15]].sum(axis=1) / volume.sum(axis=1)
    state = pd.DataFrame(load_truth(default_market).intraday[-len(share) :])
    assert mean_rank_ic(pd.DataFrame(share), state) > 0.7
