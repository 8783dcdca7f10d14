"""Rules on what a provider holds at all: its calendar, files and fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from qlib_mfgru.provider.check.stored import Stored, StoredStock
from qlib_mfgru.provider.check.table import Ledger
from qlib_mfgru.provider.judge.series import PRICES
from qlib_mfgru.provider.judge.tally import Severity
from qlib_mfgru.provider.session import FREQS, Session, days_of

if TYPE_CHECKING:
    import pandas as pd

NEEDED = (*PRICES, "volume")
"""Fields without which a frequency is of no use."""
LONG_GAP = 12
"""Calendar days between two trading days that no holiday explains; the longest of A-shares is 11."""


def judge_calendar(stored: Stored, ledger: Ledger) -> None:
    """No more than `LONG_GAP` calendar days between two trading days; bars on these days, at the session's times."""
    gaps = np.flatnonzero(np.diff(stored.days).astype(int) > LONG_GAP)
    cases = [f"{stored.days[place]} .. {stored.days[place + 1]}" for place in gaps]
    ledger.note("warning", "holes in the calendar", cases, "trading days are missing", judged=len(stored.days) - 1)
    if stored.places is not None:
        days, kind = stored.places.days, f"days of {stored.freq} bars that the daily calendar lacks"
        ledger.note_days("error", kind, str(stored.freq), days, ~np.isin(days, stored.all_days), len(days))
    if stored.session is not None:
        for freq in [freq for freq in FREQS if freq in stored.files.freqs]:
            _judge_stamps(stored.session, freq, stored.files.calendar(freq), ledger)


def _judge_stamps(session: Session, freq: str, stamps: pd.DatetimeIndex, ledger: Ledger) -> None:
    """The stamps of our own providers are ends of the session's bars."""
    days = days_of(stamps)
    minutes = (stamps.to_numpy() - days).astype("timedelta64[s]").astype("i8") / 60
    faulty, kind = ~np.isin(minutes, session.bar_ends(freq)), f"stamps of the {freq} calendar that end no bar"
    ledger.note_days("error", kind, freq, days, faulty, len(days), "the session has others: make the provider again")


def judge_files(stock: StoredStock, ledger: Ledger) -> None:
    """Every file is whole."""
    cause = "written half, or copied wrongly: make them again"
    ledger.note("error", "files that are damaged", stock.damage, cause, judged=len(stock.files))


def judge_fields(stock: StoredStock, stored: Stored, ledger: Ledger) -> None:
    """A stock has data, prices and volume, a factor and vwap, and series of one length."""
    code = stock.code
    is_absent = not stock.values and not stock.damage
    of_list: Severity = "warning" if stored.session is None else "error"  # the lists of our own name what is stored
    ledger.note(of_list, "stocks without any data", [code] if is_absent else [], error_if_most=True)
    if not stock.values:
        return
    for freq in stock.freqs:
        is_empty = not stock.has_prices(freq) and not stock.damage
        ledger.note("error", f"stocks whose {freq} files hold no price", [code] if is_empty else [])
        missing = [f"{code} ${name}" for name in NEEDED if (freq, name) not in stock.files]
        ledger.note("error", f"{freq} fields that are missing", missing, judged=len(NEEDED))
        spans = {stock.spans[freq, name] for name in NEEDED if (freq, name) in stock.spans}
        ledger.note("error", f"stocks whose {freq} prices differ in start or length", [code] if len(spans) > 1 else [])
    names = {name for _, name in stock.values}
    for name, severity, cause in _WANTED:
        ledger.note(severity, f"stocks without ${name}", [] if name in names else [code], cause)


_WANTED: tuple[tuple[str, Severity, str], ...] = (
    ("factor", "warning", "prices are taken to be raw, and no ex-date can be judged"),
    ("vwap", "warning", "the handler needs it: missing_vwap: typical takes (open + high + low + close) / 4"),
    ("amount", "note", "amount / volume cannot be judged"),
)
