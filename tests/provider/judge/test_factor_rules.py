"""Lost factors against real ex-dates, and factors that are a day early or late."""

from __future__ import annotations

import numpy as np
import pytest
from judged import DAYS, N, faulty, make_series

from qlib_mfgru.provider.judge import Moves, StockSeries, judge, mended_factor
from qlib_mfgru.provider.judge.moves.factors import FACTOR, FACTOR_ALONE, FACTOR_DAY, RESTLESS_FACTOR


def series(close: list[float], factor: list[float], board: str | None = "main") -> StockSeries:
    prices = {name: np.array(close) for name in ("open", "high", "low", "close")}
    nothing = np.full(N, np.nan)
    limits = {"limit_up": nothing, "limit_down": nothing}
    return make_series(prices=prices, factor=np.array(factor), amount=nothing, board=board, bars=None, **limits)


def days(stock: StockSeries) -> dict[str, list[int]]:
    return {text: np.flatnonzero(finding.faulty).tolist() for text, finding in faulty(stock).items()}


@pytest.mark.parametrize(
    ("factor", "lost"),
    [
        ([6.24, 6.24, 1, 1, 6.24, 6.24], [2, 4]),
        ([1, 1, 6.24, 6.24, 6.24, 6.24], [2]),
        ([6.24, 6.24, 6.24, 6.24, 6.24, 1], [5]),
        ([1.25, 1.25, 1, 1, 1.25, 1.25], [2, 4]),
        # back to the same value, whatever the size; not on the way to another one
        ([1.05, 1.05, 1, 1, 1.05, 1.05], [2, 4]),
        ([1.05, 1.05, 1, 1, 1.06, 1.06], []),
        ([1.001, 1.001, 1, 1, 1.001, 1.001], []),
    ],
)
def test_a_factor_that_moves_without_the_price_is_lost(factor: list[float], lost: list[int]) -> None:
    assert days(series([10.0, 10.1, 10.0, 9.9, 10.0, 10.0], factor)) == ({FACTOR.text: lost} if lost else {})


@pytest.mark.parametrize("board", ["main", "star", None])
def test_an_ex_date_is_none(board: str | None) -> None:
    assert days(series([10.0, 10.5, 5.2, 5.0, 5.3, 5.3], [1, 1, 2, 2, 2, 2], board)) == {}


def test_a_factor_a_day_late_is_wrong_on_its_day() -> None:
    assert days(series([10.0, 10.0, 7.7, 7.9, 8.0, 8.0], [1, 1, 1, 1.3, 1.3, 1.3])) == {FACTOR_DAY.text: [3]}


def test_a_factor_a_day_early_is_wrong_on_its_day() -> None:
    assert days(series([10.0, 10.0, 10.1, 7.9, 8.0, 8.0], [1, 1, 1.3, 1.3, 1.3, 1.3])) == {FACTOR_DAY.text: [2]}


def test_a_factor_overstated_once_is_wrong_on_its_day() -> None:
    assert days(series([9.2, 9.16, 8.9, 8.94, 9.0, 9.0], [209.5, 209.5, 190.4, 190.4, 190.4, 190.4])) == {
        FACTOR_DAY.text: [2]
    }


@pytest.mark.parametrize(
    ("close", "factor", "mended"),
    [
        ([10.0, 10.0, 7.7, 7.9, 8.0, 8.0], [1, 1, 1, 1.3, 1.3, 1.3], [1, 1, 1.3, 1.3, 1.3, 1.3]),
        ([10.0, 10.0, 10.1, 7.9, 8.0, 8.0], [1, 1, 1.3, 1.3, 1.3, 1.3], [1, 1, 1, 1.3, 1.3, 1.3]),
        ([10.0, 10.1, 10.0, 9.9, 10.0, 10.0], [2, 2, 1, 2, 2, 2], [2, 2, 2, 2, 2, 2]),
        ([10.0, 10.1, 10.0, 9.9, 10.0, 10.0], [1.05, 1.05, 1, 1.05, 1.05, 1.05], [1.05] * 6),
        # a day without trade goes along
        ([10.0, 10.0, np.nan, 7.7, 7.9, 8.0], [1, 1, 1, 1, 1.3, 1.3], [1, 1, 1, 1.3, 1.3, 1.3]),
        ([10.0, 10.0, 7.7, np.nan, 7.9, 8.0], [1, 1, 1, 1, 1.3, 1.3], [1, 1, 1.3, 1.3, 1.3, 1.3]),
        # no neighbour says what is right
        ([9.2, 9.16, 8.9, 8.94, 9.0, 9.0], [209.5, 209.5, 190.4, 190.4, 190.4, 190.4], None),
        ([10.0, 10.1, 10.0, 9.9, 10.0, 10.0], [2, 2, 1, 1, 2, 2], None),
        ([10.0, 10.1, 10.0, 9.9, 10.0, 10.0], [2, 2, 1, 2, 1, 2], None),
        ([10.0, 10.1, 10.0, 9.9, 10.0, 10.0], [1, 2, 2, 2, 2, 2], None),
        # a real ex-date, and a payout overstated a day early by far more than the price falls
        ([10.0, 10.5, 5.2, 5.0, 5.3, 5.3], [1, 1, 2, 2, 2, 2], None),
        ([10.0, 10.0, 10.1, 7.9, 8.0, 8.0], [1, 1, 1.6, 1.6, 1.6, 1.6], None),
    ],
)
def test_a_single_days_factor_takes_that_of_its_neighbour(
    close: list[float], factor: list[float], mended: list[float] | None
) -> None:
    given, expected = np.array(factor, "f8"), np.array(mended or factor, "f8")
    found, is_mended = mended_factor(Moves.of(DAYS, np.array(close), given, "main"), given)
    np.testing.assert_array_equal(found, expected)
    assert (is_mended == ((expected != given) & (np.array(close) > 0))).all()
    assert given.tolist() == factor


def test_the_bound_is_the_boards() -> None:
    close, factor = [10.0] * 6, [1, 1, 1.15, 1.15, 1.15, 1.15]
    assert days(series(close, factor, "main")) == {FACTOR_DAY.text: [2]}
    assert days(series(close, factor, "star")) == {}
    assert days(series(close, factor, None)) == {}


def test_a_reform_after_a_long_suspension_is_not_a_lost_factor() -> None:
    stock = series([10.0] * 6, [1, 1, 2, 2, 2, 2])
    later = stock.days.copy()
    later[2:] += 200
    found = faulty(make_series(**{**vars(stock), "days": later}))
    assert list(found) == [FACTOR_DAY.text]


def test_a_split_taken_back_by_a_reverse_split_is_none() -> None:
    assert days(series([10.0, 10.0, 5.1, 5.0, 10.1, 10.0], [1, 1, 2, 2, 1, 1], None)) == {}


def test_a_fall_beyond_the_limit_after_a_long_suspension_is_the_prices() -> None:
    """SH600751 of 2013-06-04 fell by 19.5 % on its first day for months, with a factor that overstates it."""
    stock = series([10.0, 10.0, 8.05, 8.0, 8.0, 8.0], [1, 1, 0.7, 0.7, 0.7, 0.7])
    later = stock.days.copy()
    later[2:] += 100
    assert faulty(make_series(**{**vars(stock), "days": later})) == {}


def test_a_factor_that_changes_all_the_time_is_none() -> None:
    close = [10.0, 10.2, 10.1, 10.4, 10.3, 10.2]
    noise = [1, 1.02, 1.01, 1.03, 1.025, 1.04]
    assert days(series(close, noise)) == {RESTLESS_FACTOR.text: [1, 2, 3, 4, 5]}
    assert days(series(close, [1, 1.0005, 1.001, 1.0005, 1, 1.0005])) == {}


def test_changes_that_the_price_follows_are_not_alone() -> None:
    stock = series([10.0, 10.0, 9.5, 9.5, 9.6, 9.6], [1, 1, 1.05, 1.05, 1.1, 1.1])
    (alone,) = [found for found in judge(stock) if found.kind is FACTOR_ALONE]
    assert np.flatnonzero(alone.faulty).tolist() == [4]
