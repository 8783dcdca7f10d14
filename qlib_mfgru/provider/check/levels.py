"""Rules on the levels of an index."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from qlib_mfgru.provider.check.stored import DAY, Stored, StoredStock
from qlib_mfgru.provider.check.table import Ledger
from qlib_mfgru.provider.index.levels import far_from_close, jumps, large_steps
from qlib_mfgru.provider.judge.ranges import outside_range
from qlib_mfgru.provider.judge.series import PRICES


def judge_levels(stock: StoredStock, stored: Stored, ledger: Ledger) -> None:
    """An index has a level that can be, and does not jump, on every day from its first to the end of the calendar."""
    days, values = stored.judged(stock, DAY)
    close = values.get("close", np.empty(0))
    known = np.flatnonzero(~np.isnan(close))
    if not len(known):
        return
    is_wrong, is_known = (close <= 0) | np.isinf(close), ~np.isnan(close)
    is_inside = (np.arange(len(close)) >= known[0]) & (np.arange(len(close)) <= known[-1])
    limited, level = stored.session is None or stored.session.price_limits, np.where(is_wrong, np.nan, close)
    found = jumps(days, level, limited=limited)
    is_large = large_steps(days, np.where(found.taken_back, np.nan, level), limited=limited) & ~found.lasting
    for kind, faulty, judged, cause in (
        ("index levels that are infinite or not positive", is_wrong, is_known, ""),
        ("index levels that jump, and come back", found.taken_back, is_known, _WRONG),
        ("index levels that jump, and stay", found.lasting, is_known, _TWO),
        ("index rows whose open, high or low cannot be", ~is_wrong & _misfits(days, values, limited), is_known, _WRONG),
    ):
        ledger.note_days("error", kind, stock.code, days, faulty, int(judged.sum()), cause)
    kind = "index levels that move more than 13 % in a day"
    ledger.note_days("warning", kind, stock.code, days, is_large, int(is_known.sum()), _LARGE)
    kind = "days without a level inside an index"
    ledger.note_days("warning", kind, stock.code, days, is_inside & ~is_known, int(is_inside.sum()), _HOLES)
    ends = [] if known[-1] == len(close) - 1 else [f"{stock.code} {days[known[-1]]}"]
    ledger.note("error", "indices that end before the calendar", ends, _END)


def _misfits(days: np.ndarray, values: Mapping[str, np.ndarray], limited: bool) -> np.ndarray:
    """Whether open, high or low are far from the close, not positive, or outside their range; shape (n_days,)."""
    prices = {name: values.get(name, np.full(len(days), np.nan)) for name in PRICES}
    faulty = far_from_close(days, prices, limited=limited) | (prices["high"] < prices["low"])
    for name in ("open", "close"):
        faulty |= outside_range(prices[name], prices["low"], prices["high"])
    return faulty


_LARGE = "beyond most stocks' limit: only an index of boards with a limit of 20 % or more may, so look at these days"
_WRONG = "wrong levels, or another unit: an ingest leaves them out"
_TWO = "two indices, or two units, under one code"
_HOLES = (
    "the next day with a level takes the whole return in our enhancements, and qlib's own report takes 0: give the "
    "index a level on every day"
)
_END = "no enhancement can run beyond it, and qlib's own report takes 0: bring the index up to date"
