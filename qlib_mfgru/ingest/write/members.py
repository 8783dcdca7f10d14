"""Point-in-time members of indices."""

from __future__ import annotations

import numpy as np
import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import RowInput
from qlib_mfgru.ingest.read.inputs import VendorInput
from qlib_mfgru.ingest.read.membership import read_spans
from qlib_mfgru.ingest.read.stamps import day_text
from qlib_mfgru.ingest.write.stocks import StoredStocks

SIZES = {"csi300": 300, "csi500": 500, "csi1000": 1000, "cni2000": 2000}
"""Stocks in an index, by the market's name."""
MOST = 1.1
"""Times its size that a list of an index may have on most days: on the day of a change, old and new may overlap."""


def write_members(stocks: StoredStocks, members: VendorInput[RowInput], *, carry: bool) -> tuple[np.ndarray, pd.Series]:
    """Write the members of one market, each within its own life; spans that touch or overlap are merged.

    Parameters
    ----------
    carry : bool
        Spans that end with the list go on to the end of the calendar.

    Returns
    -------
    member : ndarray of shape (n_days, n_stocks), bool
        Whether a stock of the provider is a member on a day; in the order of `stocks.codes`.
    held : Series of length n_days
        Members here / members listed by date, NaN on days without any.

    Raises
    ------
    InputError
        If the list has no usable span, none of a day of the calendar, none of a stock here while it trades, or more
        members than the index has on most days.
    """
    days, codes = stocks.days, stocks.codes
    listed = _listed(_spans(members, days, carry), days, members.registry.codes)
    _count_members(members, listed.to_numpy().sum(axis=1), days)
    absent = sorted(set(listed.columns) - set(codes))
    members.warn("members left out: no price data", len(absent), absent)
    member = listed.reindex(columns=codes, fill_value=False).to_numpy() & stocks.alive()
    if not member.any():
        raise InputError(
            f"{members.name}: none of its {listed.shape[1]} stocks has price data while it is a member (e.g. "
            f"{', '.join(listed.columns[:3])}): leave the input out"
        )
    stocks.writer.write_members(members.market, codes, member)
    n_listed = listed.sum(axis=1)
    held = pd.Series(member.sum(axis=1), index=listed.index) / n_listed.where(n_listed > 0)
    return member, held.set_axis(stocks.writer.days)


def _spans(members: VendorInput[RowInput], days: np.ndarray, carry: bool) -> pd.DataFrame:
    """Spans as `read_spans` gives them, carried where they are to be to the end of the calendar `days`."""
    spans, last_day = read_spans(members, days), int(days[-1])
    end = int(spans["last"].max())
    if end < last_day:
        if carry:
            spans.loc[spans["last"] == end, "last"] = last_day
        how = "carried forward unchanged to" if carry else "not carried forward (carry_members) to"
        members.note(f"the list ends on {day_text(end)}; {how} {day_text(last_day)}")
    return spans


def _listed(spans: pd.DataFrame, days: np.ndarray, names: list[str]) -> pd.DataFrame:
    """Whether a stock is listed as a member: by day and code, those of any day of the calendar."""
    codes = sorted({names[stock] for stock in spans["stock"]})
    column = {code: number for number, code in enumerate(codes)}
    listed = np.zeros((len(days), len(codes)), dtype=bool)
    firsts, ends = np.searchsorted(days, spans["first"]), np.searchsorted(days, spans["last"], side="right")
    for stock, first, end in zip(spans["stock"], firsts, ends, strict=True):
        listed[first:end, column[names[stock]]] = True
    inside = np.flatnonzero(listed.any(axis=0))
    return pd.DataFrame(listed[:, inside], index=days, columns=[codes[number] for number in inside])


def _count_members(members: VendorInput[RowInput], counts: np.ndarray, days: np.ndarray) -> None:
    """Say how many members a day has, those without price data too, and count the days on which an index has others.

    Days before the list's first member and after its last are not judged. Where most days are others, the list is one
    of part of the index, which is said in a line, or of more than it, which is an error.
    """
    size, listed = SIZES.get(members.market), np.flatnonzero(counts)
    if not len(listed):
        raise InputError(
            f"{members.name}: no span in {', '.join(path.name for path in members.paths)} is of the calendar, "
            f"{day_text(days[0])} .. {day_text(days[-1])}"
        )
    days, counts = (values[listed[0] : listed[-1] + 1] for values in (days, counts))
    span = f"{counts.min()} .. {counts.max()} members a day by the list from {day_text(days[0])} on"
    if size is None:
        members.note(span)
        return
    if np.median(counts) > MOST * size:
        raise InputError(f"{members.name}: {span}, and {size} in the index: are two indices merged in it?")
    off = counts != size
    mostly = f", another number on {off.mean():.0%} of the days" if off.mean() > 0.5 else ""
    members.note(f"{span}, {size} in the index{mostly}")
    if not mostly:
        cases = (f"{day_text(day)}: {count}" for day, count in zip(days[off], counts[off], strict=True))
        members.warn(f"days on which the list does not have {size} members", int(off.sum()), cases)
