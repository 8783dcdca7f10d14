"""Members of an index, from spans or from lists by date, small enough to be held."""

from __future__ import annotations

import numpy as np
import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import RowInput
from qlib_mfgru.ingest.read.files.fields import STAMPS
from qlib_mfgru.ingest.read.inputs import VendorInput
from qlib_mfgru.ingest.read.slices import Slice
from qlib_mfgru.ingest.read.stamps import day_numbers, day_text
from qlib_mfgru.ingest.read.tables import joined, without_repeats

FEWER = 0.9
"""Times the members of the list before, below which a list may have been cut short."""
PART = 0.5
"""Times the members of the largest list before, below which a list is none of all members."""
LATE = 1.5
"""Times the usual trading days between two lists, above which one may be missing."""


def read_spans(members: VendorInput[RowInput], days: np.ndarray) -> pd.DataFrame:
    """Spans of membership: columns `stock` (number), `first` and `last` (days since 1970), one row per span.

    Rows with a start are spans; of a stock, those that are repeated or overlap are counted. Rows with a date are lists
    of all members: each holds from its date until the day before the next one, the last one on its date. `days` is the
    calendar (days since 1970).

    Raises
    ------
    InputError
        If the files have neither, or both, if nothing is left, or if most lists are none of all members.
    """
    spans, lists = [], []
    for piece in members.slices((), ("start", "end", *STAMPS)):
        if "start" in piece.rows:
            spans.append(_spans(piece))
        elif piece.has_stamps and "end" not in piece.rows:
            lists.append(_list(piece))
        else:
            raise InputError(
                f"{piece.path}: no column for 'start' (spans of membership), nor one for 'date' alone (lists of all "
                f"members by date); it has {', '.join(map(str, piece.rows))}. Name it in the mapping: columns: "
                "{start: ...}, or {date: ...}"
            )
    if spans and lists:
        raise InputError(f"{members.name}: some of its files have spans, others lists by date: give one kind")
    if lists:
        return _spans_of_lists(members, without_repeats(members, joined(members, lists, "row")), days)
    table = joined(members, spans, "span").sort_values(["stock", "first", "last"], ignore_index=True)
    _count_contradictions(members, table)
    return table


def _spans(piece: Slice) -> pd.DataFrame:
    first, last, checks = piece.spans()
    good = piece.keep(checks)
    return pd.DataFrame({"stock": piece.stock[good], "first": first[good], "last": last[good]}, dtype="i8")


def _list(piece: Slice) -> pd.DataFrame:
    stamps = piece.stamps()
    good = piece.screen(piece.stamp_checks(stamps, weekends=False))
    return pd.DataFrame({"day": day_numbers(stamps)[good], "stock": piece.stock[good]}, dtype="i8")


def _count_contradictions(members: VendorInput[RowInput], spans: pd.DataFrame) -> None:
    """Count spans that say the same twice, and those that begin while an earlier one of the stock still runs."""
    repeated = spans.duplicated()
    until = spans.groupby("stock")["last"].cummax().groupby(spans["stock"]).shift()
    overlapping = (spans["first"] <= until) & ~repeated
    for what, which in (("spans repeated", repeated), ("spans that overlap another of the stock, merged", overlapping)):
        cases = zip(spans["stock"][which], spans["first"][which], strict=True)
        named = (f"{members.registry.codes[stock]} {day_text(first)}" for stock, first in cases)
        members.warn(what, int(which.sum()), named)


def _spans_of_lists(members: VendorInput[RowInput], rows: pd.DataFrame, days: np.ndarray) -> pd.DataFrame:
    """Lists as spans: a stock that is in lists one after the other has one."""
    dates, sizes = np.unique(rows["day"], return_counts=True)
    _check_lists(members, dates, sizes, days)
    rows = rows.assign(number=np.searchsorted(dates, rows["day"])).sort_values(["stock", "number"], ignore_index=True)
    begins = (rows["stock"] != rows["stock"].shift()) | (rows["number"] != rows["number"].shift() + 1)
    runs = rows.groupby(begins.cumsum())
    last = np.append(dates[1:] - 1, dates[-1])[runs["number"].last()]
    return pd.DataFrame({"stock": runs["stock"].first(), "first": runs["day"].first(), "last": last})


def _check_lists(members: VendorInput[RowInput], dates: np.ndarray, sizes: np.ndarray, days: np.ndarray) -> None:
    """Say what the lists are, and count those that may be cut short or missing.

    Raises
    ------
    InputError
        If most have less than half of the members of an earlier one: rows by the date of their change, perhaps.
    """
    span = f"{day_text(dates[0])} .. {day_text(dates[-1])}"
    least, most = sizes.min(), sizes.max()
    held = f"{len(dates)} lists by date, {span}, with {least if least == most else f'{least} .. {most}'}"
    if (sizes < PART * np.maximum.accumulate(sizes)).mean() > 0.5:
        raise InputError(
            f"{members.name}: {held} rows: each has to name all members of its date; where a row is a change, give "
            "spans, with columns start and end"
        )
    members.note(f"{held} members; each holds from its date until the next")
    fewer = np.flatnonzero(sizes[1:] < FEWER * sizes[:-1]) + 1
    cases = (f"{day_text(dates[each])}: {sizes[each]} after {sizes[each - 1]}" for each in fewer)
    members.warn(
        "lists with over a tenth fewer members than the one before, taken as they are: cut short?", len(fewer), cases
    )
    places = np.searchsorted(days, dates)
    apart = np.diff(places)[places[1:] < len(days)]
    late = np.flatnonzero(apart > LATE * np.median(apart[apart > 0])) if apart.any() else np.empty(0, dtype=int)
    cases = (f"{day_text(dates[each])} .. {day_text(dates[each + 1])}" for each in late)
    members.warn("lists that hold much longer than most until the next: is one missing?", len(late), cases)
