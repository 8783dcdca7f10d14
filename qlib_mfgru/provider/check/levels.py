"""Rules on the levels of an index."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from qlib_mfgru.provider.check.stored import DAY, Stored, StoredStock
from qlib_mfgru.provider.check.table import Ledger
from qlib_mfgru.provider.index.codes import BENCHMARKS
from qlib_mfgru.provider.index.levels import far_from_close, is_most, jumps, large_steps, repeats, wide_days
from qlib_mfgru.provider.judge.market.levels import level_faults
from qlib_mfgru.provider.judge.market.shifts import Shifts
from qlib_mfgru.provider.judge.ranges import outside_range
from qlib_mfgru.provider.judge.series import PRICES

if TYPE_CHECKING:
    import pandas as pd


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
    prices = {name: values.get(name, np.full(len(days), np.nan)) for name in PRICES}
    is_far, is_wide = far_from_close(days, prices, limited=limited), wide_days(days, prices, limited=limited)
    is_scaled, (is_single, is_stale) = is_most(is_wide, is_known), repeats(prices)
    for kind, faulty, judged, cause in (
        ("index levels that are infinite or not positive", is_wrong, is_known, ""),
        ("index levels that jump, and come back", found.taken_back, is_known, _WRONG),
        ("index levels that jump, and stay", found.lasting, is_known, _TWO),
        ("index rows whose open, high or low cannot be", ~is_wrong & (is_far | _misfits(prices)), is_known, _WRONG),
        ("index days that span more than 10 %, as most do", is_wide & is_scaled, is_known, _SCALED),
        ("index levels that stand still", is_stale, is_known, _STALE),
    ):
        ledger.note_days("error", kind, stock.code, days, faulty, int(judged.sum()), cause)
    is_large |= is_wide & ~is_far & (not is_scaled)
    kind = "index levels that move more than 13 % in a day"
    ledger.note_days("warning", kind, stock.code, days, is_large, int(is_known.sum()), _LARGE)
    kind = "index levels that are those of the day before"
    ledger.note_days("warning", kind, stock.code, days, is_single, int(is_known.sum()), _STALE)
    kind = "days without a level inside an index"
    ledger.note_days("warning", kind, stock.code, days, is_inside & ~is_known, int(is_inside.sum()), _HOLES)
    ends = [] if known[-1] == len(close) - 1 else [f"{stock.code} {days[known[-1]]}"]
    ledger.note("error", "indices that end before the calendar", ends, _END)


def judge_level_dates(levels: Mapping[str, np.ndarray], shifts: Shifts, stored: Stored, ledger: Ledger) -> None:
    """The levels of an index, by code, are those of its days and of its members."""
    members = {
        BENCHMARKS[market]: {code: _within(spans, stored.days) for code, spans in of_market.items()}
        for market, of_market in stored.lists.items()
        if BENCHMARKS.get(market) in levels
    }
    for kind, cause, cases in level_faults(levels, members, shifts):
        ledger.note("error", kind, cases, cause, judged=len(levels))


def _within(spans: Iterable[tuple[pd.Timestamp, pd.Timestamp]], days: np.ndarray) -> np.ndarray:
    """Whether a day lies within any of the spans; shape (n_days,)."""
    stamps = days.astype("datetime64[s]")
    each = [(stamps >= first.normalize().to_datetime64()) & (stamps <= last.to_datetime64()) for first, last in spans]
    return np.any([np.zeros(len(days), dtype=bool), *each], axis=0)


def _misfits(prices: Mapping[str, np.ndarray]) -> np.ndarray:
    """Whether open or close lie outside [low, high], or any of them is not positive; shape (n_days,)."""
    faulty = np.any([values <= 0 for values in prices.values()], axis=0) | (prices["high"] < prices["low"])
    for name in ("open", "close"):
        faulty |= outside_range(prices[name], prices["low"], prices["high"])
    return faulty


_LARGE = "beyond most stocks' limit: only an index of boards with a limit of 20 % or more may, so look at these days"
_WRONG = "wrong levels, or another unit: an ingest leaves them out"
_SCALED = "high or low is another column, or scaled"
_STALE = "chance leaves a level once in years; of several in a row it is the feed that stood still"
_TWO = "two indices, or two units, under one code"
_HOLES = (
    "the next day with a level takes the whole return in our enhancements, and qlib's own report takes 0: give the "
    "index a level on every day"
)
_END = "no enhancement can run beyond it, and qlib's own report takes 0: bring the index up to date"
