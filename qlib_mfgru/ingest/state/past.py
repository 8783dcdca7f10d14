"""What the judge has counted of each stock so far: an update is judged by the whole history, not by its last days."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from qlib_mfgru.provider.judge.kinds import Counts, Finding, Kind
from qlib_mfgru.provider.judge.tally import weight_of

PAST = np.dtype([("stock", "i4"), ("kind", "u4"), ("closed", "i4", 3), ("whole", "i4", 3), ("weight", "i4")])
"""A stock's counts of a kind, as of `Counts`: on days before those that a new one may change, and on all; and how many
of all count towards the share that is tolerated."""


def key_of(kind: Kind) -> int:
    """The number that stands for a kind."""
    return zlib.crc32(kind.text.encode())


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
    before = np.empty(0, PAST) if before is None else before
    known = {int(row["kind"]): row for row in before}
    rows = np.zeros(len(findings), PAST)
    for row, finding in zip(rows, findings, strict=True):
        row["kind"] = key = key_of(finding.kind)
        closed = Counts(*known.pop(key)["closed"].tolist()) if key in known else Counts()
        row["closed"] = closed = closed.plus(finding.counts(opens, closes))
        row["whole"] = whole = closed.plus(finding.counts(max(opens, closes)))
        row["weight"] = weight_of(finding.kind, whole)
    rows = np.concatenate([rows, np.array(list(known.values()), PAST)])
    return rows[rows["whole"].any(axis=1)]
