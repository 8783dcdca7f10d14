"""Faults of one date: of most stocks, whatever their share of all days."""

from __future__ import annotations

import numpy as np
import pytest
from judged import DAYS, N, at, make_bars, make_series

from qlib_mfgru.errors import InputError
from qlib_mfgru.provider.judge import StockSeries, Verdict, judge
from qlib_mfgru.provider.judge.market.dates import Dates

D = [np.datetime64(day) for day in ("2025-03-03", "2025-03-04", "2025-03-05")]


def test_counts_grow_with_the_days_that_are_seen() -> None:
    dates = Dates()
    for first in (1, 0, 1):
        days = np.array(D[first:])
        dates.add(days, np.ones(len(days), dtype=bool), days == D[1])
    assert (dates.faulty.tolist(), dates.judged.tolist()) == ([0, 3, 0], [1, 3, 3])
    assert dates.worst(3) == [(D[1], 3)]
    assert dates.wrong() == []
    total = Dates()
    total.add_all(dates)
    total.add_all(dates)
    assert total.judged.tolist() == [2, 6, 6]
    assert total.wrong() == [D[1]]
    total.add(np.array([D[1]]), np.array([6]), None)
    assert total.wrong() == []


def test_days_in_between_do_not_move_the_counts_of_others() -> None:
    dates, ones = Dates(), np.ones(2, dtype=bool)
    dates.add(np.array([D[0], D[2]]), ones, np.array([False, True]))
    dates.add(np.array([D[0], D[2]]), ones, None)
    dates.add(np.array(D[1:]), ones, ones)
    assert dates.days.tolist() == [day.item() for day in D]
    assert (dates.judged.tolist(), dates.faulty.tolist()) == ([2, 1, 3], [0, 1, 2])
    assert dates.n_judged == 3


def test_a_date_names_its_file_where_there_is_one() -> None:
    dates = Dates()
    dates.add_files(np.array(D[:2]), ["a.csv", "b.csv"])
    dates.add_files(np.array(D[1:2]), ["c.csv"])
    assert [dates.file(day) for day in D] == ["a.csv", "", ""]


def market(n_spoilt: int, n: int, **changed: object) -> Verdict:
    """A verdict on `n` stocks whose factor, volumes and amounts are sound but in the first few."""
    verdict = Verdict(1.0)
    for place in range(n):
        content = {"bars": None} | (changed if place < n_spoilt else {})
        stock: StockSeries = make_series(
            code=f"SH6000{place:02d}", file_of=lambda day, unit: f"{unit}_{day}.csv", **content
        )
        verdict.add(stock, judge(stock))
    return verdict


@pytest.mark.parametrize(("n_spoilt", "n", "is_error"), [(4, 7, True), (4, 8, False), (3, 3, False)])
def test_most_stocks_of_a_date_are_an_error_whatever_is_tolerated(n_spoilt: int, n: int, is_error: bool) -> None:
    verdict = market(n_spoilt, n, volume=at(100.0, 1, 10000.0))
    if not is_error:
        verdict.check()
        return
    with pytest.raises(InputError, match=r"of most stocks on 2025-03-04 \(days_2025-03-04.csv\)"):
        verdict.check()


def test_the_cause_of_a_date_is_named() -> None:
    with pytest.raises(InputError) as error:
        market(5, 5, volume=at(100.0, 1, 1.0)).check()
    assert "the volume is in lots of 100 on 2025-03-04: write units by the name of the file, or mend" in str(
        error.value
    )


def test_lots_from_a_date_on_are_named() -> None:
    with pytest.raises(InputError) as error:
        market(5, 5, volume=at(100.0, [4, 5], 1.0)).check()
    assert "the volume is in lots of 100 on some days, 2025-03-07 .. 2025-03-10: write units" in str(error.value)


def test_factors_that_all_move_without_the_price_are_an_error() -> None:
    factor = np.array([2.0, 2.0, 2.1, 2.1, 2.1, 2.1])
    market(3, 7, factor=factor).check()
    with pytest.raises(InputError, match=r"5 of 35 \(14\.3%\) days on which the factor changes and the raw price"):
        market(5, 7, factor=factor).check()


def test_bars_that_are_compared_with_days_name_no_file() -> None:
    volume = np.full((N - 2, 4), 25.0)
    volume[1] = 50.0
    with pytest.raises(InputError) as error:
        market(4, 4, bars=make_bars(volume=volume, amount=volume * 10)).check()
    assert f"differs from the daily one by more than 5 %, of most stocks on {DAYS[3]} (SH600000" in str(error.value)
