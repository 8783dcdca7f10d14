"""Every entry: against the slow test, and that neither earlier nor later prices of its day are read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import market_world
import numpy as np
import pandas as pd
import pytest
from market_world import CODES, DAYS, LEAVER, LOCKED, SEALED, market, random_scores, to_scores, use
from slow_reference import BOUGHT, slow_test

from qlib_mfgru.factor import FactorTestSettings, run_factor_test
from qlib_mfgru.factor.entry import ENTRIES
from qlib_mfgru.factor.study import PoolTest

Fields = dict[str, np.ndarray]


@pytest.mark.parametrize("pool", ["all", "few"])
@pytest.mark.parametrize("entry", BOUGHT)
def test_against_the_slow_test(market_qlib: Path, pool: str, entry: str) -> None:
    scores, fields = random_scores(), market()
    settings = FactorTestSettings(pools=[pool], n_layers=5, entry=entry)
    actual = run_factor_test(to_scores(scores), settings)
    members = np.ones(scores.shape, dtype=bool)
    if pool == "few":
        members[:] = np.isin(CODES, [*CODES[5:20], LEAVER])
        members[34:, CODES.index(LEAVER)] = False
    signals = [*DAYS.get_indexer(actual.dates), int(DAYS.get_indexer([pd.Timestamp("2023-04-07")])[0])]
    expected, result = slow_test(fields, scores, members, signals, 5, entry), actual.pools[pool]
    for name in ("members", "st", "suspended", "limit_up", "no score", "kept"):
        assert result.counts[name].tolist() == [counts[name] for counts in expected["counts"]], name
    np.testing.assert_allclose(result.rank_ic, expected["rank_ic"], atol=1e-6)
    assert list(result.returns.index) == expected["days"]
    both = pd.concat([result.returns, result.pool_returns], axis=1)
    np.testing.assert_allclose(both, expected["returns"], atol=1e-7)
    turnover = np.array(expected["turnover"])[:, :5]
    np.testing.assert_allclose(result.turnover.iloc[1:], turnover, atol=1e-7)
    assert result.turnover.iloc[0].isna().all()


def test_entries_have_the_same_dates_and_days_of_their_own(market_qlib: Path) -> None:
    """The calendar ends on a Thursday, 2023-04-13: the period from 04-07 is not over, though closes are there."""
    first_and_last = {
        "next_vwap": ("2023-01-10", "2023-04-10"),
        "next_close": ("2023-01-10", "2023-04-10"),
        "next_open": ("2023-01-10", "2023-04-10"),
        "same_close": ("2023-01-09", "2023-04-07"),
    }
    for entry in ENTRIES:
        test = run_factor_test(to_scores(random_scores()), plain(entry=entry))
        assert (test.dates[0], test.dates[-1]) == (pd.Timestamp("2023-01-06"), pd.Timestamp("2023-03-31"))
        assert test.unfinished == 2
        days = test.pools["all"].returns.index[[0, -1]]
        assert tuple(days.strftime("%Y-%m-%d")) == first_and_last[entry]


@pytest.mark.parametrize(
    ("entry", "code", "limited"),
    [
        ("next_vwap", LOCKED, lambda signal: (signal + 1) % 5 == 0),
        ("next_open", LOCKED, lambda signal: (signal + 1) % 5 == 0),
        ("next_close", SEALED, lambda signal: (signal + 1) % 3 == 0),
        ("same_close", SEALED, lambda signal: signal % 3 == 0),
    ],
)
def test_the_limit_is_looked_for_at_the_price_of_the_trade(
    market_qlib: Path, entry: str, code: str, limited: Callable[[int], bool]
) -> None:
    everything = to_scores(np.tile(np.arange(len(CODES)), (len(DAYS), 1)))
    counts = run_factor_test(everything, plain(entry=entry)).pools["all"].counts
    expected = [int(limited(signal)) for signal in DAYS.get_indexer(counts.index)]
    assert counts["limit_up"].tolist() == expected, code
    assert 0 < sum(expected) < len(expected)


@pytest.fixture
def result_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., PoolTest]:
    """The test of daily dates on a market whose fields were changed."""

    def run(name: str, entry: str, changed: Callable[[Fields], None]) -> PoolTest:
        fields = market()
        changed(fields)
        monkeypatch.setattr(market_world, "market", lambda _: fields)
        use(market_world.write(tmp_path / name))
        settings = plain(entry=entry, freq=4, horizons=[1])
        return run_factor_test(to_scores(random_scores()), settings).pools["all"]

    return run


@pytest.mark.parametrize("entry", BOUGHT)
def test_only_the_prices_of_the_trades_are_read(entry: str, result_of: Callable[..., PoolTest]) -> None:
    """All other prices become other ones: of other kinds everywhere, of its own kind between the trades' days, too.

    Stocks without a price on some days keep theirs, which is carried forward.
    """
    days, price, at_limit = BOUGHT[entry]

    def poison(fields: Fields) -> None:
        other = market(99)
        for field in {"open", "close", "vwap"} - {price, at_limit}:
            fields[field][:] = other[field]
        between = np.ones(len(DAYS), dtype=bool)
        between[days::4] = False
        changed = between[:, None] & np.isfinite(fields[price]).all(axis=0)
        fields[price][changed] = other[price][changed]

    before = result_of("before", entry, lambda fields: None)
    after = result_of("after", entry, poison)
    pd.testing.assert_series_equal(before.rank_ic, after.rank_ic)
    pd.testing.assert_frame_equal(before.turnover, after.turnover)
    pd.testing.assert_frame_equal(before.counts, after.counts)
    assert not np.allclose(before.returns, after.returns)


@pytest.mark.parametrize("entry", BOUGHT)
def test_nothing_is_read_after_the_trade_that_ends_a_period(entry: str, result_of: Callable[..., PoolTest]) -> None:
    """Other prices, flags and sizes from a day on, and on the last trade's day what comes after its price."""
    days, price, _ = BOUGHT[entry]
    signal = 40
    order = ["open", "vwap", "close"]
    later = order[order.index(price) + 1 :]

    def poison(fields: Fields) -> None:
        other = market(99)
        for field, values in fields.items():
            values[signal + days + (field not in later) :] = other[field][signal + days + (field not in later) :]

    before = result_of("before", entry, lambda fields: None)
    after = result_of("after", entry, poison)
    settled = DAYS.get_indexer(before.rank_ic.index) + 4 <= signal
    pd.testing.assert_series_equal(before.rank_ic[settled], after.rank_ic[settled])
    assert settled.sum() == 10
    assert not np.allclose(before.rank_ic[~settled], after.rank_ic[~settled])
    early = before.returns.index <= DAYS[signal + days]
    pd.testing.assert_frame_equal(before.returns[early], after.returns[early])
    assert not np.allclose(before.returns[~early], after.returns[~early])


def test_compared_entries_are_tests_of_their_own(market_qlib: Path) -> None:
    scores = to_scores(random_scores())
    test = run_factor_test(scores, plain(compare_entries=["same_close", "next_open"]))
    alone = run_factor_test(scores, plain())
    pd.testing.assert_frame_equal(test.pools["all"].returns, alone.pools["all"].returns)
    assert [each.settings.entry for each in test.compared] == ["same_close", "next_open"]
    for each in test.compared:
        pd.testing.assert_series_equal(
            each.pools["all"].rank_ic, run_factor_test(scores, each.settings).pools["all"].rank_ic
        )


def plain(**settings: object) -> FactorTestSettings:
    return FactorTestSettings(pools=["all"], n_layers=5, winsorize=None, neutralize=[], **settings)
