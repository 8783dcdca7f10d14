"""The whole test against the slow one, known factors, dates and leaks."""

from __future__ import annotations

from pathlib import Path

import market_world
import numpy as np
import pandas as pd
import pytest
from market_world import (
    CODES,
    DAYS,
    DELISTED,
    LATE,
    LOCKED,
    ST,
    SUSPENDED,
    market,
    random_scores,
    to_scores,
    use,
)

from qlib_mfgru.errors import InputError
from qlib_mfgru.factor import FactorTestSettings, run_factor_test

WEEK_ENDS = [
    "01-06", "01-13", "01-20", "01-26", "02-02", "02-10", "02-17", "02-24", "03-03", "03-10", "03-17", "03-24", "03-31",
]  # fmt: skip
"""Test dates: the weeks whose Friday is a holiday end a day early."""
PLAIN = FactorTestSettings(pools=["all"], n_layers=5, winsorize=None, neutralize=[])


def test_dates_are_the_last_trading_days_of_weeks(market_qlib: Path) -> None:
    test = run_factor_test(to_scores(random_scores()), PLAIN)
    assert test.dates.strftime("%m-%d").tolist() == WEEK_ENDS
    assert test.unfinished == 2
    returns = test.pools["all"].returns
    assert (returns.index[0], returns.index[-1]) == (pd.Timestamp("2023-01-10"), pd.Timestamp("2023-04-10"))


def test_each_exclusion_can_be_turned_off(market_qlib: Path) -> None:
    """Who is left out is who it is said to be."""
    everything = to_scores(np.tile(np.arange(len(CODES)), (len(DAYS), 1)))
    counts = run_factor_test(everything, PLAIN).pools["all"].counts
    fields, entries = market(), DAYS.get_indexer(counts.index) + 1
    assert counts["st"].sum() == fields["is_st"][entries - 1, CODES.index(ST)].sum() > 0
    dead = ~(fields["volume"][entries] > 0)
    assert counts["suspended"].sum() == dead.sum()
    assert dead.any(axis=0).tolist() == [code in (SUSPENDED, DELISTED, LATE) for code in CODES]
    assert counts["limit_up"].sum() == (entries % 5 == 0).sum() > 0
    assert (fields["open"] >= fields["limit_up"]).any(axis=0).tolist() == [code == LOCKED for code in CODES]
    settings = FactorTestSettings(pools=["all"], n_layers=5, neutralize=[], exclude=[])
    without = run_factor_test(everything, settings).pools["all"].counts
    assert list(without.columns) == ["members", "never traded", "no score", "kept"]
    assert without["never traded"].sum() == (entries < 25).sum()


def future_returns(first: int, last: int) -> np.ndarray:
    """Returns of the vwap from `first` to `last` days after each day."""
    vwap = pd.DataFrame(market()["vwap"]).ffill()
    return (vwap.shift(-last) / vwap.shift(-first) - 1).to_numpy()


def test_the_future_return_has_rank_ic_1_and_ordered_layers(market_qlib: Path) -> None:
    settings = FactorTestSettings(pools=["all"], n_layers=5, freq=4, winsorize=None, neutralize=[], horizons=[2, 4, 6])
    result = run_factor_test(to_scores(future_returns(1, 5)), settings).pools["all"]
    np.testing.assert_allclose(result.rank_ic, 1.0)
    np.testing.assert_allclose(result.decay[4], 1.0)
    assert result.decay[[2, 6]].mean().between(0.3, 0.95).all()
    assert np.log1p(result.returns).mean().is_monotonic_increasing
    assert list(result.returns.columns) == [1, 2, 3, 4, 5]


def test_the_marginal_rank_ic_is_that_of_the_stretch_alone(market_qlib: Path) -> None:
    """A factor that is the return from the second to the fourth day after the entry."""
    settings = FactorTestSettings(pools=["all"], n_layers=5, freq=4, winsorize=None, neutralize=[], horizons=[6, 2, 4])
    result = run_factor_test(to_scores(future_returns(3, 5)), settings).pools["all"]
    assert list(result.marginal.columns) == [2, 4, 6]
    assert list(result.decay.columns) == [6, 2, 4]
    np.testing.assert_allclose(result.marginal[4], 1.0)
    assert result.marginal[[2, 6]].mean().abs().max() < 0.2
    np.testing.assert_array_equal(result.marginal[2], result.decay[2])
    assert settings.stretches == {2: "1-2", 4: "3-4", 6: "5-6"}


def test_the_lag_is_one_day(market_qlib: Path) -> None:
    """The day between the test date and the entry earns nothing, nor does the day after the period."""
    settings = FactorTestSettings(pools=["all"], n_layers=5, freq=1, winsorize=None, neutralize=[], horizons=[1, 3])
    ic = {}
    for lag in (-1, 0, 1, 2):
        result = run_factor_test(to_scores(future_returns(lag, lag + 1)), settings).pools["all"]
        ic[lag] = result.rank_ic.mean()
        three_days = result.decay[3].mean()
        assert (three_days > 0.3) == (lag in (1, 2))
    assert ic[1] == pytest.approx(1.0)
    assert max(abs(ic[lag]) for lag in (-1, 0, 2)) < 0.1


def test_a_random_factor_finds_nothing(market_qlib: Path) -> None:
    settings = FactorTestSettings(pools=["all"], n_layers=5, freq="day", neutralize=[])
    ic = run_factor_test(to_scores(random_scores()), settings).pools["all"].rank_ic
    assert abs(ic.mean()) < 3 * ic.std() / np.sqrt(len(ic))


def test_a_date_with_fewer_stocks_than_layers_has_counts_only(market_qlib: Path) -> None:
    scores = random_scores()
    gap = DAYS.get_loc(pd.Timestamp("2023-02-10"))
    scores[gap, 4:] = np.nan
    result = run_factor_test(to_scores(scores), PLAIN).pools["all"]
    assert result.counts["kept"].iloc[5] <= 4
    assert np.flatnonzero(result.rank_ic.isna()).tolist() == [5]
    assert np.flatnonzero(result.turnover[5].isna()).tolist() == [0, 5, 6]
    days = result.returns.index
    assert not ((days > "2023-02-13") & (days <= "2023-02-20")).any()
    assert len(days) == len(DAYS[(DAYS > "2023-01-09") & (DAYS <= "2023-04-10")]) - 5


def test_a_pool_that_is_always_too_small_is_an_error(market_qlib: Path) -> None:
    with pytest.raises(InputError, match="tiny has at most 3 stocks"):
        run_factor_test(to_scores(random_scores()), FactorTestSettings(pools=["tiny"], n_layers=5))


@pytest.mark.parametrize(
    ("field", "option"),
    [
        ("industry", "set neutralize: [market_cap]"),
        ("market_cap", "set neutralize: [industry]"),
        ("limit_up", "set exclude: [st, suspended]"),
        ("is_st", "set exclude: [suspended, limit_up]"),
        ("vwap", "set entry: next_close"),
    ],
)
def test_a_missing_field_says_which_option_turns_it_off(field: str, option: str, tmp_path: Path) -> None:
    use(market_world.write(tmp_path / "provider", leave_out=(field,)))
    with pytest.raises(InputError) as error:
        run_factor_test(to_scores(random_scores()), FactorTestSettings(pools=["all"]))
    assert f"${field}" in str(error.value)
    assert option in str(error.value)


def test_bad_predictions(market_qlib: Path) -> None:
    good = to_scores(random_scores())
    other_stocks = good.rename(index=lambda code: f"X{code}", level="instrument")
    for bad, words in [
        (good.reset_index(), "pred.pkl"),
        (good * np.nan, "no finite score"),
        (pd.concat([good, good]), "several scores of SH600000"),
        (other_stocks, "its first is of XSH600000 on 2023-01-02"),
    ]:
        with pytest.raises(InputError, match=words):
            run_factor_test(bad, PLAIN)
    late = FactorTestSettings(pools=["all"], start_time="2023-04-04")
    with pytest.raises(InputError, match="no test date"):
        run_factor_test(good, late)
    with pytest.raises(InputError, match="unknown market 'csi300'"):
        run_factor_test(good, FactorTestSettings())


def test_an_unknown_pool_is_said_before_anything_is_read(market_qlib: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qlib_mfgru.factor.inputs.read_daily", lambda *_: pytest.fail("it reads"))
    with pytest.raises(
        InputError, match=r"^pools: unknown market 'csi300'; the provider .* has \['all', 'few', 'tiny'\]"
    ):
        run_factor_test(to_scores(random_scores()), FactorTestSettings(pools=["all", "csi300"]))


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the test logs."""
    messages: list[str] = []

    class Logger:
        warning = staticmethod(messages.append)

    monkeypatch.setattr("qlib_mfgru.factor.study.get_module_logger", lambda name: Logger)
    return messages


def test_dates_on_which_all_scores_are_equal_are_said(market_qlib: Path, warnings: list[str]) -> None:
    scores = random_scores()
    scores[DAYS.get_indexer(pd.to_datetime(["2023-02-10", "2023-03-03"]))] = 0.1
    result = run_factor_test(to_scores(scores), PLAIN).pools["all"]
    assert warnings == [
        "all: all stocks have the same factor on 2 of 13 test dates, the first of them 2023-02-10: these have no IC, "
        "and their layers go by code"
    ]
    assert np.flatnonzero(result.rank_ic.isna()).tolist() == [5, 8]


@pytest.mark.parametrize("neutralize", [[], ["industry"]])
def test_a_constant_prediction_is_said(market_qlib: Path, neutralize: list[str], warnings: list[str]) -> None:
    """The industry as a score is constant once it is neutralised against the industry."""
    scores = market()["industry"].astype(float) if neutralize else np.full((len(DAYS), len(CODES)), 0.1)
    settings = FactorTestSettings(pools=["all"], n_layers=5, neutralize=neutralize)
    result = run_factor_test(to_scores(scores), settings).pools["all"]
    assert [message.split(", the first")[0] for message in warnings] == [
        "all: all stocks have the same factor on 13 of 13 test dates"
    ]
    assert result.rank_ic.isna().all()
