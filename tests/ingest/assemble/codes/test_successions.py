"""A code that begins where another one ended; the ones that merely look alike."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from qlib_mfgru.ingest.assemble.codes import Successions
from qlib_mfgru.ingest.read.spool import DAY

DAYS = np.array([20000, 20001, 20004, 20005])
"""A weekend between the second and the third: 2024-10-04, 05, 08, 09."""


def stock(code: str, days: list[int], previous: float, close: float) -> Any:
    daily = np.zeros(len(days), DAY)
    daily["when"], daily["close"], daily["prev_close"] = days, close, previous
    return SimpleNamespace(code=code, daily=daily)


def pairs(*stocks: Any) -> list[str]:
    found, other = Successions(), Successions()
    for each in stocks[::2]:
        found.add(each)
    for each in stocks[1::2]:
        other.add(each)
    found.add_all(other)
    return list(found.pairs(DAYS))


OLD = stock("SZ000022", [20000, 20001], 16.0, 16.46)


@pytest.mark.parametrize(
    ("new", "is_one"),
    [
        (stock("SZ001872", [20004, 20005], 16.46, 17.0), True),
        (stock("SZ001872", [20004, 20005], 16.459999, 17.0), True),
        (stock("SZ001872", [20004, 20005], 16.47, 17.0), False),
        (stock("SZ001872", [20004, 20005], np.nan, 17.0), False),
        (stock("SH601872", [20004, 20005], 16.46, 17.0), False),
        (stock("SZ001872", [20001, 20004], 16.46, 17.0), False),
        (stock("SZ001872", [20005], 16.46, 17.0), False),
        (stock("SZ001872", [], 16.46, 17.0), False),
    ],
)
def test_the_next_day_at_the_close_on_the_same_exchange_is_a_pair(new: Any, is_one: bool) -> None:
    expected = ["SZ000022 ends on 2024-10-05, SZ001872 begins on 2024-10-08"] if is_one else []
    assert pairs(OLD, new, stock("SZ000001", DAYS.tolist(), 16.46, 16.46)) == expected


def test_the_calendars_last_day_ends_no_stock() -> None:
    ended = stock("SZ000022", [20005], 16.0, 16.46)
    assert pairs(ended, stock("SZ001872", [20000], 16.46, 17.0)) == []
    assert pairs() == []


def test_the_first_row_that_is_kept_of_a_known_stock_is_no_beginning() -> None:
    found = Successions()
    found.add(OLD)
    found.add(stock("SZ001872", [20004, 20005], 16.46, 17.0), is_new=False)
    assert list(found.pairs(DAYS)) == []
