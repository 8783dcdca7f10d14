"""Which days are asked for, and which are only late."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.live.collecting.derived import with_first_day, with_float_shares
from qlib_mfgru.live.collecting.plan import Span, covered_until, listed_days, open_spans, runs
from qlib_mfgru.live.collecting.source import Patience, Stock
from qlib_mfgru.live.collecting.store import Covered
from qlib_mfgru.live.collecting.tables import _changes

DAYS = ["2020-12-29", "2020-12-30", "2020-12-31", "2021-01-04", "2021-01-05"]


def spans(covered: dict[str, Covered], whole: bool = True) -> list[Span]:
    return open_spans(DAYS, covered, lambda *_: whole)


def test_nothing_is_there() -> None:
    assert spans({}) == [
        Span("2020", "2020-12-29", "2020-12-31", "2020-12-29"),
        Span("2021", "2021-01-04", "2021-01-05", "2021-01-04"),
    ]


def test_a_year_goes_on_from_the_day_after() -> None:
    covered = {"2020": Covered("2020-12-29", "2020-12-31"), "2021": Covered("2021-01-04", "2021-01-04")}
    (span,) = spans(covered)
    assert span == Span("2021", "2021-01-05", "2021-01-05", "2021-01-04")
    assert span.appends
    assert [span.appends for span in spans(covered, whole=False)] == [False, False]


def test_an_earlier_first_day_asks_for_the_year_anew() -> None:
    covered = {"2020": Covered("2020-12-30", "2020-12-31"), "2021": Covered("2021-01-04", "2021-01-05")}
    assert spans(covered) == [Span("2020", "2020-12-29", "2020-12-31", "2020-12-29")]


def test_years_that_follow_each_other_are_one_question() -> None:
    first, second = spans({})
    assert runs([first, second], DAYS) == [[first, second]]
    assert runs([first, second._replace(first="2021-01-05")], DAYS) == [[first], [second._replace(first="2021-01-05")]]


def test_a_share_has_days_from_its_listing_to_the_day_before_its_delisting() -> None:
    assert listed_days(Stock("SH600000", "", "2020-12-30", "2021-01-04"), DAYS) == DAYS[1:3]
    assert listed_days(Stock("SH600000", "", "1999-11-10", ""), DAYS) == DAYS


@pytest.mark.parametrize(
    ("there", "late", "until"),
    [
        ({0, 1, 2, 3, 4}, 2, 4),
        ({0, 1, 2, 3}, 2, 3),
        ({0, 1, 2}, 2, 2),
        ({0, 1}, 2, 2),  # the third is a gap, since it is no longer late
        ({0, 4}, 2, 4),
        ({0}, 0, 4),
        (set(), 5, None),
    ],
)
def test_what_is_missing_at_the_end_may_be_late(there: set[int], late: int, until: int | None) -> None:
    days = {DAYS[at] for at in there}
    assert covered_until(DAYS, days, DAYS[len(DAYS) - late :]) == (None if until is None else DAYS[until])


def test_changes_of_members_are_found_by_halving() -> None:
    days = [f"2020-01-{day:02d}" for day in range(1, 32)]
    truth = {day: frozenset("ab" if day < "2020-01-09" else "ac" if day < "2020-01-10" else "ad") for day in days}
    asked: list[str] = []

    def ask(day: str) -> frozenset[str]:
        asked.append(day)
        return truth[day]

    changes = list(_changes(days, truth[days[0]], truth[days[-1]], ask))
    assert changes == [("2020-01-09", frozenset("ac")), ("2020-01-10", frozenset("ad"))]
    assert len(asked) <= 8
    assert list(_changes(days, truth[days[10]], truth[days[-1]], ask)) == []


def test_pauses_grow_up_to_the_longest() -> None:
    assert list(Patience(first=1, longest=8, total=30).pauses()) == [1, 2, 4, 8, 8, 7]
    assert list(Patience().pauses()) == [1, 2, 4, 8, 16, 32, 57]
    assert list(Patience(first=9, longest=4, total=9).pauses()) == [4, 4, 1]


def test_a_day_of_patience_is_pauses_of_a_minute() -> None:
    pauses = list(Patience(total=86_400).pauses())
    assert (pauses[6], pauses[7], max(pauses)) == (60, 60, 60)
    assert sum(pauses) == pytest.approx(86_400)


def test_float_shares_change_only_when_the_turnover_says_so_and_never_look_ahead() -> None:
    shares = np.repeat([2_935_208_039, 2_935_208_039, 3_100_000_000], 40)
    volume = np.random.default_rng(0).integers(2e5, 9e7, 120).astype(float)
    turn = np.round(100 * volume / shares, 6)
    volume[[5, 6, 50]] = turn[[5, 6, 50]] = np.nan
    rows = pd.DataFrame({"volume": volume, "turn": turn, "float_shares": np.nan})
    filled = with_float_shares(rows)
    assert filled is not None
    np.testing.assert_allclose(filled["float_shares"], shares, rtol=1e-4)
    assert filled["float_shares"].nunique() < 30
    for n_rows in (1, 30, 81):
        start = with_float_shares(rows[:n_rows])
        grown = with_float_shares(pd.concat([start, rows[n_rows:]], ignore_index=True))
        pd.testing.assert_frame_equal(grown, filled)
        assert start is not None
        assert start["float_shares"].equals(filled["float_shares"][:n_rows])


def test_events_begin_with_the_first_day() -> None:
    events = pd.DataFrame({"date": ["2020-06-01"], "factor": [1.1]})
    assert with_first_day(events, "2010-01-04")["factor"].tolist() == [1.0, 1.1]
    assert with_first_day(events, "2020-06-01").equals(events)
