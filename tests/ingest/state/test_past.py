"""Counts of a stock so far, with those of new findings: however its days are cut, the whole is the same."""

from __future__ import annotations

import numpy as np
import pytest

from qlib_mfgru.ingest.read.spool import ALWAYS
from qlib_mfgru.ingest.state import counts_of
from qlib_mfgru.ingest.state.past import key_of
from qlib_mfgru.provider.judge.kinds import Counts, Finding, Kind

DAYS = np.arange(20_000, 20_010).astype("datetime64[D]")
CLEAN, SPOILT, BARS = Kind("clean days"), Kind("spoilt days"), Kind("spoilt bars", "bars")


def findings(first: int = 0) -> list[Finding]:
    """On ten days or the last of them: none faulty, two faulty, and three faulty bars on two days."""
    judged, two, bars = np.arange(10) != 4, np.isin(np.arange(10), (2, 7)), np.zeros((10, 4), dtype=bool)
    bars[[1, 1, 8], [0, 3, 2]] = True
    given = ((CLEAN, judged & False, judged), (SPOILT, two, judged), (BARS, bars, np.ones_like(bars)))
    return [Finding(kind, faulty[first:], of[first:], DAYS[first:]) for kind, faulty, of in given]


def told(rows: np.ndarray) -> dict[int, tuple[list[int], list[int], int]]:
    return {int(row["kind"]): (row["closed"].tolist(), row["whole"].tolist(), int(row["weight"])) for row in rows}


def test_counts_of_closed_days_and_of_all() -> None:
    assert told(counts_of(findings(), ALWAYS, 20_005)) == {
        key_of(CLEAN): ([4, 0, 0], [9, 0, 0], 0),
        key_of(SPOILT): ([4, 1, 1], [9, 2, 2], 2),
        key_of(BARS): ([20, 2, 1], [40, 3, 2], 3),
    }


@pytest.mark.parametrize("cut", [1, 4, 6, 9])
def test_parts_are_the_whole(cut: int) -> None:
    """Days that were open are told anew by what comes later."""
    first = counts_of(findings(), ALWAYS, 20_000 + cut)
    later = counts_of(findings(cut), 20_000 + cut, 20_009, first)
    assert told(later) == told(counts_of(findings(), ALWAYS, 20_009))


def test_kinds_that_are_told_no_more_stay() -> None:
    first = counts_of(findings(), ALWAYS, 20_010)
    later = counts_of(findings(9)[:1], 20_010, 20_010, first)
    assert told(later) == told(first)
    assert counts_of([], ALWAYS, ALWAYS).shape == (0,)


def test_a_finding_on_later_days_shares_what_they_share() -> None:
    clean, spoilt, _ = findings()
    spoilt.domain = clean.domain
    later = [each.later(3, Counts(3, 1, 1)) for each in (clean, spoilt)]
    assert later[0].domain is later[1].domain
    assert [each.whole for each in later] == [Counts(9, 1, 1), Counts(9, 2, 2)]
    assert later[1].days[later[1].faulty_days].tolist() == [DAYS[7].item()]
