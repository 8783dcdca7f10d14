"""Bars of the session that no stock has, or that most lack."""

from __future__ import annotations

import numpy as np
import pytest
from judged import make_bars

from qlib_mfgru.provider.judge.market.slots import NEVER, Slots

ENDS, DAYS = np.array([630.0, 690, 840, 900]), 10


def slots(gone: np.ndarray, ends: np.ndarray = ENDS) -> Slots:
    """Of two stocks, on two processes, without the bars under a mask of shape (n_days, slots)."""
    parts = Slots(), Slots()
    for part in parts:
        prices = dict.fromkeys(("open", "high", "low", "close"), np.where(gone, np.nan, 10.0))
        part.add(make_bars(prices=prices, volume=np.where(gone, np.nan, 100.0), ends=ends))
    parts[0].add_all(parts[1])
    parts[0].add_all(Slots())
    return parts[0]


def without(slot: int, n_days: int) -> np.ndarray:
    gone = np.zeros((DAYS, len(ENDS)), dtype=bool)
    gone[:n_days, slot] = True
    return gone


def test_a_bar_that_is_never_there_is_named_by_its_time() -> None:
    found = slots(without(1, DAYS))
    assert (found.never(), found.seldom()) == (["11:30: 20 of 20 days of stocks"], [])
    assert found.fault == f"{NEVER} (11:30: 20 of 20 days of stocks)"


@pytest.mark.parametrize(("slot", "n_days", "cases"), [(2, 6, ["14:00: 12 of 20 days of stocks"]), (2, 5, []),
                                                       (3, 6, ["15:00: 12 of 20 days of stocks"])])  # fmt: skip
def test_a_bar_that_is_mostly_missing_is_named(slot: int, n_days: int, cases: list[str]) -> None:
    found = slots(without(slot, n_days))
    assert (found.fault, found.seldom()) == ("", cases)


@pytest.mark.parametrize("slot", [0, 3])
def test_the_first_and_last_one_have_a_rule_of_their_own(slot: int) -> None:
    assert slots(without(slot, DAYS)).fault == ""


def test_bars_without_trade_may_not_be_given() -> None:
    """Where the usual bar is often missing too."""
    gone = without(1, 6)
    gone[[7, 8], [2, 2]] = gone[[6, 9], [3, 3]] = True
    assert slots(gone).seldom() == []


def test_no_bar_need_be_during_a_call() -> None:
    found = slots(without(1, DAYS), np.where(ENDS == 690, np.nan, ENDS))
    assert (found.fault, found.seldom()) == ("", [])


def test_unknown_times_and_no_bars_say_nothing() -> None:
    assert (Slots().fault, Slots().seldom()) == ("", [])
    assert slots(without(1, DAYS), np.zeros(0)).fault == ""
