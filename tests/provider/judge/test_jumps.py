"""Prices that jump beyond any limit and stay."""

from __future__ import annotations

import numpy as np
import pytest
from judged import faulty, make_series

N = 12
JUMP = "days on which the price jumps beyond any limit and stays there, and the factor does not"


def jumped(day: int, times: float, **changed: object) -> list[str]:
    """Faults of a stock whose prices are multiplied from a day on."""
    close, nothing = 10 * np.where(np.arange(N) >= day, times, 1.0), np.full(N, np.nan)
    series = make_series(**{
        "days": np.datetime64("2025-03-03") + np.arange(N),
        "prices": dict.fromkeys(("open", "high", "low", "close"), close), "factor": np.full(N, 2.0),
        "volume": np.arange(100.0, 100 + N), "amount": nothing, "vwap": nothing, "prev_close": nothing,
        "limit_up": nothing, "limit_down": nothing, "market_cap": nothing, "spiked": np.zeros(N, bool),
        "apart": np.ones(N, bool), "bars": None, **changed,
    })  # fmt: skip
    return [kind for kind in faulty(series) if kind == JUMP]


@pytest.mark.parametrize(
    ("board", "times", "found"),
    [("main", 3.0, True), ("main", 0.7, True), ("main", 1.2, False), ("star", 1.5, False), ("star", 1.6, True),
     ("bse", 1.8, False), ("other", 3.0, False), (None, 3.0, False)],
)  # fmt: skip
def test_from_limit_down_to_limit_up_is_the_most_that_a_day_can_do(
    board: str | None, times: float, found: bool
) -> None:
    assert bool(jumped(8, times, board=board)) == found


def test_an_ex_date_a_first_day_and_a_resumption_are_no_jumps() -> None:
    days = np.arange(N)
    assert not jumped(8, 0.5, factor=np.where(days >= 8, 4.0, 2.0))
    assert not jumped(3, 3.0)
    assert not jumped(8, 3.0, volume=np.where(days == 7, np.nan, 100.0 + days))
    assert not jumped(8, 0.5, is_adjusted=False)
