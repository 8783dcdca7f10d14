"""What the judge has counted of each stock so far: an update is judged by the whole history, not by its last days."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import cache

import numpy as np

from qlib_mfgru.provider.judge.kinds import NOTHING_BEFORE, Counts, Finding, Kind
from qlib_mfgru.provider.judge.tally import weight_of

PAST = np.dtype([("stock", "i4"), ("kind", "u4"), ("closed", "i4", 3), ("whole", "i4", 3), ("weight", "i4")])
"""A stock's counts of a kind, as of `Counts`: on days before those that a new one may change, and on all; and how many
of all count towards the share that is tolerated."""


def key_of(kind: Kind) -> int:
    """The number that stands for a kind."""
    return _key(kind.text)


@cache
def _key(text: str) -> int:
    return zlib.crc32(text.encode())


def counts_of(findings: Sequence[Finding], opens: int, closes: int, before: np.ndarray | None = None) -> np.ndarray:
    """A stock's counts with those of new findings.

    Parameters
    ----------
    findings : sequence of Finding
    opens, closes : int
        Days since 1970: first one that the findings tell anew, and first one that is open from now on.
    before : ndarray of shape (n_kinds,), optional
        The counts so far, whose closed days end with `opens`.

    Returns
    -------
    ndarray of shape (n_kinds,)
        Of dtype `PAST`.
    """
    known = Past(np.empty(0, PAST) if before is None else before)
    spans: dict[int, tuple[slice, slice]] = {}  # most findings share the days of the stock, or of its bars
    rows: list[tuple[int, ...]] = []
    for finding in findings:
        key = key_of(finding.kind)
        if id(finding.days) not in spans:
            spans[id(finding.days)] = _spans(finding.days, opens, closes)
        newly_closed, still_open = spans[id(finding.days)]
        closed = known.take(key)
        if not finding.count and closed is NOTHING_BEFORE:  # as nearly all are in an ingest
            n_closed = finding.domain.count_in(newly_closed)
            rows.append((0, key, n_closed, 0, 0, n_closed + finding.domain.count_in(still_open), 0, 0, 0))
            continue
        closed = closed.plus(finding.counts(newly_closed))
        whole = closed.plus(finding.counts(still_open))
        rows.append((0, key, *closed, *whole, weight_of(finding.kind, whole) if whole.faulty else 0))
    new = np.array(rows, "u4").reshape(-1, PAST.itemsize // 4).view(PAST)[:, 0]
    counted = np.concatenate([new, known.left])
    return counted[counted["whole"].any(axis=1)]


class Past:
    """A stock's counts so far, which are taken kind by kind.

    Parameters
    ----------
    rows : ndarray of shape (n_kinds,)
        Of dtype `PAST`.
    """

    def __init__(self, rows: np.ndarray) -> None:
        self._rows = rows
        self._closed = rows["closed"].tolist()
        self._places = {key: place for place, key in enumerate(rows["kind"].tolist())}

    def take(self, key: int) -> Counts:
        """Counts of a kind on the closed days; `NOTHING_BEFORE` of one of which nothing is known."""
        place = self._places.pop(key, None)
        return NOTHING_BEFORE if place is None else Counts(*self._closed[place])

    @property
    def left(self) -> np.ndarray:
        """The rows that nobody has taken."""
        return self._rows[list(self._places.values())]


def _spans(days: np.ndarray, opens: int, closes: int) -> tuple[slice, slice]:
    """Days from the one that opens on that are closed now, and those that stay open."""
    first, end, still = np.searchsorted(days.astype("i8"), [opens, closes, max(opens, closes)])
    return slice(first, end), slice(still, None)
