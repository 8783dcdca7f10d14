"""Tables of a factor test: entries side by side, and t-values of dates that depend on each other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from market_world import CODES, DAYS, random_scores, to_scores, use

from qlib_mfgru.factor import FactorTest, FactorTestRecord, FactorTestSettings, run_factor_test
from qlib_mfgru.factor.results import tables
from qlib_mfgru.report.significance import newey_west_t

SETTINGS = FactorTestSettings(
    pools=["few", "all"], n_layers=5, neutralize=[], horizons=[20, 5], compare_entries=["same_close", "next_open"]
)
UNTRADABLE = "What is bought at the test date's close is not tradable: the scores need that close."


@pytest.fixture(scope="module")
def tested(market_provider: Path) -> FactorTest:
    use(market_provider)
    return run_factor_test(to_scores(random_scores()), SETTINGS, "SomeModel")


def page_of(test: FactorTest) -> str:
    return FactorTestRecord(None, **dict(test.settings)).document(test)


def test_each_entry_has_a_row_beside_the_reports(tested: FactorTest) -> None:
    table = tables.comparison(tested)
    assert list(table.columns[:4]) == ["source", "pool", "model", "entry"]
    ours = table[table["source"] == "this run"]
    assert list(zip(ours["pool"], ours["entry"], strict=True)) == [
        (pool, entry) for pool in ("FEW", "ALL") for entry in ("next_vwap", "same_close", "next_open")
    ]
    assert table[table["source"] == "report"]["entry"].isna().all()
    for test in (tested, *tested.compared):
        rows = ours[ours["entry"] == test.settings.entry].set_index("pool")
        for pool, result in test.pools.items():
            assert rows.loc[pool.upper(), "rank_ic_mean"] == result.rank_ic.mean()
            assert rows.loc[pool.upper(), "rank_ic_t_nw"] == newey_west_t(result.rank_ic)
            assert rows.loc[pool.upper(), "n_dates"] == 13
    assert list(tables.summary(tested)["pool"]) == ["FEW", "ALL"], "the summary is of the entry alone"


def test_what_is_not_tradable_is_said(tested: FactorTest) -> None:
    page = page_of(tested)
    assert page.startswith("# Factor test of SomeModel\n")
    assert "| SomeModel | the test date's close: not tradable |" in page
    assert page.count(UNTRADABLE) == 1
    (alone,) = (each for each in tested.compared if each.settings.entry == "same_close")
    page = page_of(alone)
    assert page.startswith("# Factor test of SomeModel, bought at the test date's close: not tradable\n")
    assert f"positions are held until the trades of the next test date. {UNTRADABLE}" in page
    assert "suspended on the test date, limit-up on the test date" in page
    assert "Limit-up means closing at the limit price." in page
    assert page.count(UNTRADABLE) == 2
    assert repr(alone).startswith("Factor test of SomeModel, bought at the test date's close: not tradable, 13 dates")


def test_the_usual_entry_needs_no_words(tested: FactorTest) -> None:
    usual = replace(tested, settings=tested.settings.changed(compare_entries=()), compared=())
    assert "entry" not in tables.comparison(usual)
    assert "tradable" not in page_of(usual)
    assert "bought at" not in page_of(usual)


def test_short_weeks_let_more_dates_overlap(tested: FactorTest) -> None:
    """No trade on 01-23, 01-27 and 02-03: these dates are three trading days apart, four, five."""
    assert [f"{date:%m-%d}" for date in tested.dates[2:6]] == ["01-20", "01-26", "02-02", "02-10"]
    assert [tested.overlapping(days) for days in (1, 3, 4, 7, 8, 12, 13)] == [0, 0, 1, 1, 2, 2, 3]


@pytest.mark.parametrize("entry", ["next_vwap", "same_close"])
@pytest.mark.parametrize(("freq", "most"), [("week", (0, 0, 1, 3)), ("day", (0, 4, 5, 19))])
def test_dates_that_overlap_are_those_of_the_calendar(
    market_provider: Path, freq: str, most: tuple[int, ...], entry: str
) -> None:
    """After the last short week: those whose entry lies before this one's exit."""
    use(market_provider)
    settings = FactorTestSettings(
        pools=["all"], n_layers=5, neutralize=[], freq=freq, entry=entry, start_time="2023-02-10"
    )
    test = run_factor_test(to_scores(random_scores()), settings)
    entries = [place + settings.trade.days for place in DAYS.get_indexer(test.dates).tolist()]
    for horizon, n_dates in zip((1, 5, 6, 20), most, strict=True):
        following = [sum(place < later < place + horizon for later in entries) for place in entries]
        assert test.overlapping(horizon) == max(following) == n_dates, horizon


def test_t_by_horizon_counts_dates_whose_returns_overlap(tested: FactorTest) -> None:
    table = tables.decay_t(tested).set_index("pool")
    assert list(table.columns) == [20, 5]
    for pool, result in tested.pools.items():
        assert table.loc[pool.upper(), 5] == newey_west_t(result.decay[5])
        assert table.loc[pool.upper(), 20] == newey_west_t(result.decay[20], 4) != newey_west_t(result.decay[20])
    statistics = tables.statistics(tested).set_index("pool")
    for pool, result in tested.pools.items():
        of_pool = statistics.loc[pool.upper(), ["rank_ic_t_nw", "ic_t_nw"]]
        assert list(of_pool) == [newey_west_t(pd.Series(each)) for each in (result.rank_ic, result.ic)]


def constant_but_for(first: int) -> FactorTest:
    """The same factor for all stocks on all days but the first ones: 13 weekly test dates, 60 days."""
    scores = np.ones((len(DAYS), len(CODES)))
    scores[:first] = np.arange(len(CODES))
    return run_factor_test(to_scores(scores), SETTINGS.changed(compare_entries=(), horizons=(5,)), "Flat")


def test_layers_that_go_by_code_have_no_figures_of_a_top_layer(market_provider: Path) -> None:
    use(market_provider)
    flat, half = constant_but_for(5), constant_but_for(40)
    top = ["top_annual_excess", "top_information_ratio", "top_monthly_win_rate", "top_turnover"]
    assert tables.summary(flat)[top].isna().all(axis=None)
    assert [metric for metric in tables.metrics(flat) if "excess" in metric] == []
    why = "no RankIC on 12 of 13 dates: all stocks have the same factor, and the layers go by code order"
    assert f"ALL: {why}; figures of the TOP layer are left out." in page_of(flat)
    assert not half.pools["all"].by_code
    assert tables.summary(half)[top].notna().all(axis=None), "most of its dates rank stocks"
    assert "are left out" not in page_of(half)
