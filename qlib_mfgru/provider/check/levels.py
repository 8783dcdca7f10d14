"""Rules on the levels of an index."""

from __future__ import annotations

import numpy as np

from qlib_mfgru.provider.check.stored import DAY, Stored, StoredStock
from qlib_mfgru.provider.check.table import Ledger
from qlib_mfgru.provider.index.levels import jumps


def judge_levels(stock: StoredStock, stored: Stored, ledger: Ledger) -> None:
    """An index has a positive level, which does not jump, on every day from its first to the end of the calendar."""
    days, values = stored.judged(stock, DAY)
    close = values.get("close", np.empty(0))
    known = np.flatnonzero(~np.isnan(close))
    if not len(known):
        return
    is_wrong, is_known = (close <= 0) | np.isinf(close), ~np.isnan(close)
    is_inside = (np.arange(len(close)) >= known[0]) & (np.arange(len(close)) <= known[-1])
    found = jumps(
        days, np.where(is_wrong, np.nan, close), limited=stored.session is None or stored.session.price_limits
    )
    for kind, faulty, judged, cause in (
        ("index levels that are infinite or not positive", is_wrong, is_known, ""),
        ("index levels that jump, and come back", found.taken_back, is_known, _WRONG),
        ("index levels that jump, and stay", found.lasting, is_known, _TWO),
    ):
        ledger.note_days("error", kind, stock.code, days, faulty, int(judged.sum()), cause)
    kind = "days without a level inside an index"
    ledger.note_days("warning", kind, stock.code, days, is_inside & ~is_known, int(is_inside.sum()), _HOLES)
    ends = [] if known[-1] == len(close) - 1 else [f"{stock.code} {days[known[-1]]}"]
    ledger.note("error", "indices that end before the calendar", ends, _END)


_WRONG = "wrong levels, or another unit: an ingest leaves them out"
_TWO = "two indices, or two units, under one code"
_HOLES = (
    "the next day with a level takes the whole return in our enhancements, and qlib's own report takes 0: give the "
    "index a level on every day"
)
_END = "no enhancement can run beyond it, and qlib's own report takes 0: bring the index up to date"
