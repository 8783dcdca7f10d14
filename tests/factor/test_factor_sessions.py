"""A market without price limits and special treatment, whose year has 365 trading days."""

from __future__ import annotations

from pathlib import Path

import market_world
import numpy as np
import pytest
from market_world import CODES, DAYS, market, random_scores, to_scores
from slow_reference import slow_test

from qlib_mfgru.errors import InputError
from qlib_mfgru.factor import FactorTest, FactorTestRecord, FactorTestSettings, run_factor_test
from qlib_mfgru.factor.results import tables
from qlib_mfgru.factor.results.conventions import conventions
from qlib_mfgru.provider import SESSIONS

ABSENT = ("limit_up", "is_st")
SETTINGS = FactorTestSettings(pools=["all"], n_layers=5)


@pytest.fixture(scope="module")
def tested(tmp_path_factory: pytest.TempPathFactory) -> FactorTest:
    target = tmp_path_factory.mktemp("plain") / "provider"
    market_world.use(market_world.write(target, ABSENT, session=SESSIONS["crypto"]))
    return run_factor_test(to_scores(random_scores()), SETTINGS)


def test_nobody_is_st_or_at_a_limit(tested: FactorTest) -> None:
    """As in the slow test of the same prices, where no stock has a limit or a flag."""
    fields = market()
    fields["limit_up"][:], fields["is_st"][:] = np.nan, 0
    members = np.ones((len(DAYS), len(CODES)), dtype=bool)
    signals = [*DAYS.get_indexer(tested.dates), int(DAYS.get_indexer(["2023-04-07"])[0])]
    expected, result = slow_test(fields, random_scores(), members, signals, 5), tested.pools["all"]
    for name in ("st", "suspended", "limit_up", "kept"):
        assert result.counts[name].tolist() == [counts[name] for counts in expected["counts"]], name
    assert not result.counts[["st", "limit_up"]].to_numpy().any()
    np.testing.assert_allclose(result.rank_ic, expected["rank_ic"], atol=1e-6)


def test_a_year_has_the_sessions_days(tested: FactorTest) -> None:
    result = tested.pools["all"]
    difference = (result.returns[5] - result.pool_returns).to_numpy()
    annual = np.prod(1 + difference) ** (365 / len(difference)) - 1
    (row,) = tables.summary(tested).to_dict("records")
    assert row["top_annual_excess"] == pytest.approx(annual)
    assert row["top_information_ratio"] == pytest.approx(annual / (difference.std(ddof=1) * 365**0.5))
    text = " ".join(conventions(tested))
    assert "365 days a year" in text
    assert "excluding: suspended the next day, no score" in text


def test_the_page_has_this_run_alone(tested: FactorTest) -> None:
    """The Huatai report has a pool ALL as well; that is another market's."""
    page = FactorTestRecord(None, pools=["all"], n_layers=5).document(tested)
    assert tables.comparison(tested)[["source", "pool", "n_dates"]].to_numpy().tolist() == [["this run", "ALL", 13]]
    assert page.startswith("# Factor test of factor\n\n## This run\n\n| source | pool | model | RankIC mean |")
    for words in ("Huatai", "| report |", "figure", "A-shares"):
        assert words not in page


def test_rules_that_the_market_lacks_have_no_column(tested: FactorTest) -> None:
    rules = ["members", "suspended", "no industry", "no market_cap", "no score", "kept"]
    assert list(tables.exclusions(tested).columns) == ["pool", *rules]
    assert list(tables.exclusion_series(tested)["all"].columns) == rules
    assert tables.exclusions(tested)["suspended"].item() == tested.pools["all"].counts["suspended"].mean() > 0
    page = FactorTestRecord(None, pools=["all"], n_layers=5).document(tested)
    assert "Limit-up" not in page
    assert "neutralise against. A stock is counted under the first rule" in page


def test_rules_that_exclude_somebody_all_the_same_stay(tmp_path: Path) -> None:
    """The provider stores $is_st and $limit_up although its session has neither."""
    market_world.use(market_world.write(tmp_path / "provider", session=SESSIONS["crypto"]))
    test = run_factor_test(to_scores(random_scores()), SETTINGS)
    (row,) = tables.exclusions(test).to_dict("records")
    assert min(row["st"], row["limit_up"]) > 0
    assert sum(row[rule] for rule in row if rule not in ("pool", "members")) == pytest.approx(row["members"])
    assert "excluding: ST on the test date, suspended the next day, limit-up" in " ".join(conventions(test))


def test_a_market_that_has_them_must_have_them(tmp_path: Path) -> None:
    market_world.use(market_world.write(tmp_path / "provider", ABSENT))
    with pytest.raises(InputError, match=r"has no \$is_st for excluding st, \$limit_up for excluding limit_up: set"):
        run_factor_test(to_scores(random_scores()), SETTINGS)
