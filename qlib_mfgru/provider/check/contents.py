"""Rules on what a provider holds at all: its files, fields and calendar, and the levels of its indices."""

from __future__ import annotations

import numpy as np

from qlib_mfgru.provider.check.stored import DAY, Stored, StoredStock
from qlib_mfgru.provider.check.table import Ledger
from qlib_mfgru.provider.judge.series import PRICES
from qlib_mfgru.provider.judge.tally import Severity

LONG_GAP = 12
"""Calendar days between two trading days that no holiday explains; the longest of A-shares is 11."""


def judge_calendar(stored: Stored, ledger: Ledger) -> None:
    """No more than `LONG_GAP` calendar days between two trading days."""
    gaps = np.flatnonzero(np.diff(stored.days).astype(int) > LONG_GAP)
    cases = [f"{stored.days[place]} .. {stored.days[place + 1]}" for place in gaps]
    ledger.note("warning", "holes in the calendar", cases, "trading days are missing")
    if stored.places is not None:
        strange = stored.places.days[~np.isin(stored.places.days, stored.all_days)]
        ledger.note("error", f"days of {stored.freq} bars that the daily calendar lacks", [str(day) for day in strange])


def judge_files(stock: StoredStock, ledger: Ledger) -> None:
    """Every file is whole."""
    ledger.note("error", "files that are damaged", stock.damage, "written half, or copied wrongly: make them again")


def judge_fields(stock: StoredStock, stored: Stored, ledger: Ledger) -> None:
    """A stock has data, prices and volume, a factor and vwap, and daily series of one length."""
    code, freq = stock.code, DAY if DAY in stored.files.freqs else stored.freq or DAY
    has = {name for _, name in stock.values}
    ledger.note("warning", "stocks without any data", [] if has or stock.damage else [code])
    if not has:
        return
    missing = [name for name in (*PRICES, "volume") if (freq, name) not in stock.values]
    ledger.note("error", f"{freq} fields that are missing", [f"{code} ${name}" for name in missing])
    for name, severity, cause in _WANTED:
        ledger.note(severity, f"stocks without ${name}", [] if name in has else [code], cause)
    spans = {stock.spans[freq, name] for name in (*PRICES, "volume") if (freq, name) in stock.spans}
    ledger.note("error", f"stocks whose {freq} prices differ in start or length", [code] if len(spans) > 1 else [])


_WANTED: tuple[tuple[str, Severity, str], ...] = (
    ("factor", "warning", "prices are taken to be raw, and no ex-date can be judged"),
    ("vwap", "warning", "the handler needs it: missing_vwap: typical takes (open + high + low + close) / 4"),
    ("amount", "note", "amount / volume cannot be judged"),
)


def judge_levels(stock: StoredStock, stored: Stored, ledger: Ledger) -> None:
    """An index has a positive level on every day from its first to the end of the calendar."""
    close = stock.values.get((DAY, "close"))
    if close is None:
        return
    close = close[stored.first :]
    known = np.flatnonzero(~np.isnan(close))
    wrong = stored.days[(close <= 0) | np.isinf(close)]
    ledger.note("error", "index levels that are infinite or not positive", [f"{stock.code} {day}" for day in wrong])
    if not len(known):
        return
    inside = stored.days[known[0] : known[-1]][np.isnan(close[known[0] : known[-1]])]
    ledger.note("warning", "days without a level inside an index", [f"{stock.code} {day}" for day in inside], _HOLES)
    ends = [] if known[-1] == len(close) - 1 else [f"{stock.code} {stored.days[known[-1]]}"]
    ledger.note("error", "indices that end before the calendar", ends, _HOLES)


_HOLES = "qlib's own report takes the returns over missing levels as 0: bring the index up to date"
