"""Point-in-time members of indices."""

from __future__ import annotations

import numpy as np

from qlib_mfgru.ingest.mapping import RowInput
from qlib_mfgru.ingest.read.inputs import VendorInput
from qlib_mfgru.ingest.read.stamps import day_text
from qlib_mfgru.ingest.read.tables import read_spans
from qlib_mfgru.ingest.write.stocks import StoredStocks


def write_members(stocks: StoredStocks, members: VendorInput[RowInput], *, carry: bool) -> np.ndarray:
    """Write the members of one market, each within its own life; spans that touch or overlap are merged.

    Parameters
    ----------
    carry : bool
        Spans that end with the list go on to the end of the calendar.

    Returns
    -------
    ndarray of shape (n_days, n_stocks), bool
        Whether a stock of the provider is a member on a day; in the order of `stocks.codes`.

    Raises
    ------
    InputError
        If the list has no usable span.
    """
    days, codes = stocks.days, stocks.codes
    column = {code: number for number, code in enumerate(codes)}
    member = np.zeros((len(days), len(codes)), dtype=bool)
    absent = set()
    for number, first, last in _spans(members, int(days[-1]), carry):
        code = members.registry.codes[number]
        if last < days[0] or first > days[-1]:
            continue
        if code not in column:
            absent.add(code)
            continue
        member[np.searchsorted(days, first) : np.searchsorted(days, last, side="right"), column[code]] = True
    members.warn("members left out: no price data", len(absent), sorted(absent))
    member &= stocks.alive()
    stocks.writer.write_members(members.market, codes, member)
    return member


def _spans(members: VendorInput[RowInput], last_day: int, carry: bool) -> list[tuple[int, int, int]]:
    """Stock number, first and last day of each membership, in days since 1970; `last_day` is the calendar's."""
    spans = read_spans(members)
    end = int(spans["last"].max())
    if end < last_day:
        if carry:
            spans.loc[spans["last"] == end, "last"] = last_day
        how = "carried forward unchanged to" if carry else "not carried forward (carry_members) to"
        members.note(f"the list ends on {day_text(end)}; {how} {day_text(last_day)}")
    return list(spans.itertuples(index=False, name=None))
