"""First and last days, which have a neighbour on one side only."""

from __future__ import annotations

import numpy as np
import pytest
from judged import N, at, faulty, make_series, with_prices

from qlib_mfgru.provider.judge import Moves, is_spiked_end
from qlib_mfgru.provider.judge.moves.ends import WILD_END

MANY = 12
DAYS = np.arange(np.datetime64("2025-03-03"), np.datetime64("2025-03-15"))
NOTHING = np.full(MANY, np.nan)


def ends(board: str | None, close: np.ndarray, factor: np.ndarray | float = 1.0, **given: np.ndarray) -> list[int]:
    prices = {**dict.fromkeys(("open", "high", "low", "close"), close)}
    prices |= {"prev_close": NOTHING, "limit_up": NOTHING, "limit_down": NOTHING} | given
    moves = Moves.of(DAYS, close, np.full(MANY, factor), board)
    return np.flatnonzero(is_spiked_end(DAYS, prices, moves, board)).tolist()


@pytest.mark.parametrize(
    ("board", "place", "price", "found"),
    [
        ("main", 11, 12.4, []), ("main", 11, 12.6, [11]), ("main", 11, 7.9, [11]), ("star", 11, 15.0, []),
        ("star", 11, 15.5, [11]), ("main", 0, 29.0, []), ("main", 0, 31.0, [0]), ("main", 0, 1.0, [0]),
        (None, 0, 100.0, []), (None, 11, 100.0, []), ("other", 11, 100.0, []),
    ],
)  # fmt: skip
def test_an_end_that_no_limit_allows(board: str | None, place: int, price: float, found: list[int]) -> None:
    assert ends(board, at(10.0, place, price, MANY)) == found


def test_an_ex_date_is_none() -> None:
    close = at(10.0, 11, 5.0, MANY)
    assert ends("main", close) == [11]
    assert ends("main", close, at(1.0, 11, 2.0, MANY)) == []
    assert ends("main", close, prev_close=at(10.0, 11, 5.1, MANY)) == []
    assert ends("main", close, limit_up=at(11.0, 11, 5.5, MANY), limit_down=at(9.0, 11, 4.5, MANY)) == []
    assert ends("main", close, prev_close=np.full(MANY, 10.0)) == [11]


def test_days_that_are_not_in_a_row_may_have_no_limit() -> None:
    assert ends("main", at(at(10.0, 11, 5.0, MANY), 10, np.nan, MANY)) == []
    assert ends("main", at(at(10.0, 0, 50.0, MANY), 1, np.nan, MANY)) == []


@pytest.mark.parametrize("board", ["main", None])
def test_a_wild_end_that_is_kept_is_noted(board: str | None) -> None:
    stock = make_series(prices=with_prices(**dict.fromkeys(("open", "high", "low", "close"), at(10.0, N - 1, 31.0))),
                        board=board, bars=None, amount=np.full(N, np.nan))  # fmt: skip
    assert np.flatnonzero(faulty(stock)[WILD_END.text].faulty).tolist() == [N - 1]
