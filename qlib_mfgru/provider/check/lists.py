"""Rules on the lists of instruments: whether they are there, and name what is stored."""

from __future__ import annotations

import numpy as np
import pandas as pd

from qlib_mfgru.provider.check.stored import DAY, Stored, StoredStock
from qlib_mfgru.provider.check.table import Ledger
from qlib_mfgru.provider.judge.tally import Severity

ALL = "all"


def judge_lists(stored: Stored, ledger: Ledger) -> None:
    """``all`` names every stock that is stored; a list names stocks that are, each from a start to a later end."""
    names = [market for market in dict.fromkeys((ALL, *stored.files.markets)) if market not in stored.damaged_lists]
    for market in names:
        spans, file = stored.lists.get(market, {}), f"instruments/{market}.txt"
        ledger.note("error", "lists of instruments that are missing or empty", [] if spans else [file])
        here = spans.keys() & set(stored.files.stored)
        strange = [file] if spans and not here else []
        ledger.note("error", "lists of instruments none of which is stored", strange)
        turned = [
            f"{file}: {code} {_text(first, last)}"
            for code, of_code in spans.items()
            for first, last in of_code
            if first > last
        ]
        n_spans = sum(len(of_code) for of_code in spans.values())
        ledger.note("error", "spans that end before they start", turned, judged=n_spans)
    for code in stored.files.stored if ALL not in stored.damaged_lists else ():
        if not stored.is_index(code):
            unlisted = [] if code in stored.lists.get(ALL, {}) else [code]
            kind = "stocks that instruments/all.txt does not list"
            ledger.note("warning", kind, unlisted, "the market `all` is without them", error_if_most=True)


def judge_span(stock: StoredStock, stored: Stored, ledger: Ledger) -> None:
    """A stock's daily data are those of its span in ``all``; in our own providers that is exact."""
    spans, place = stored.lists.get(ALL, {}).get(stock.code), stock.spans.get((DAY, "close"))
    if not spans or not place or not place[1]:
        return
    first, last = min(first for first, _ in spans), max(last for _, last in spans)
    days = stored.all_days
    beyond = first < pd.Timestamp(days[0]) or last.normalize() > pd.Timestamp(days[-1])
    case = f"{stock.code} {_text(first, last)}"
    ledger.note("warning", "spans in all.txt that reach beyond the calendar", [case] if beyond else [])
    of_span = (
        np.searchsorted(days, first.to_datetime64()),
        np.searchsorted(days, last.to_datetime64(), side="right") - 1,
    )
    of_data = place[0], place[0] + place[1] - 1
    short = of_data[0] > of_span[0] or of_data[1] < of_span[1]
    case = f"{stock.code} {days[of_data[0]]} .. {days[of_data[1]]} of {_text(first, last)}"
    severity: Severity = "warning" if stored.session is None else "error"
    ledger.note(severity, "stocks whose daily data do not fill their span in all.txt", [case] if short else [], _SHORT)
    unseen = of_data[0] < of_span[0] or of_data[1] > of_span[1]
    ledger.note("warning", "stocks with daily data outside their span in all.txt", [case] if unseen else [], _UNSEEN)


def _text(first: pd.Timestamp, last: pd.Timestamp) -> str:
    return f"{first:%Y-%m-%d} .. {last:%Y-%m-%d}"


_SHORT = "files were cut, or the list is not of these data"
_UNSEEN = "the market `all` does not show them: bring the list up to date"
