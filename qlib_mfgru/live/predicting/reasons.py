"""Why a stock has no score on a day."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from qlib_mfgru.data import MultiFreqHandler
from qlib_mfgru.data.panel_set import PlacedWindows
from qlib_mfgru.provider import reader

SCORED = "scored"


def reasons(handler: MultiFreqHandler, freqs: Sequence[str], day: pd.Timestamp, scored: pd.Index) -> pd.Series:
    """For each stock that is listed on a day ``scored``, or the first reason that holds.

    Parameters
    ----------
    handler : MultiFreqHandler
    freqs : sequence of str
        In all of these a stock needs a complete window.
    day : Timestamp
        Of the handler's range.
    scored : Index of str
        Codes that have a score.

    Returns
    -------
    Series of str over instrument, in the order of the codes
    """
    panels = handler.panels
    row, codes = int(panels.days.searchsorted(day)), pd.Index(panels.instruments, name="instrument")
    windows = {freq: _Window(panels.windows[freq], row) for freq in freqs}
    nowhere, never = (
        ~np.logical_or.reduce([getattr(window, name) for window in windows.values()]) for name in ("traded", "ever")
    )
    cases = [
        (codes.isin(scored), SCORED),
        (~panels.members[row], "no member of the model's market"),
        *((np.full(len(codes), window.absent), f"no {freq} bars on the day") for freq, window in windows.items()),
        (never, "newly listed: no trade yet"),
        (nowhere, "suspended"),
        *((~window.traded, f"no {freq} bars on the day") for freq, window in windows.items()),
        *((~window.listed, f"newly listed, within {window.days} days at {freq}") for freq, window in windows.items()),
        *((~window.complete, f"too few of {window.days} days traded at {freq}") for freq, window in windows.items()),
    ]
    found = np.select([where for where, _ in cases], [reason for _, reason in cases], "left out by the model")
    return pd.Series(found, index=codes, name="reason")[_listed(day, codes)]


class _Window:
    """Of each stock on a day, at one frequency: arrays of shape (n_stocks,), bool; whether there are no bars at all."""

    def __init__(self, placed: PlacedWindows, row: int) -> None:
        panel, self.days = placed.source.panel, placed.source.spec.days
        self.complete, self.absent = placed.complete[row], bool(placed.rows[row] < 0)
        here = (placed.columns >= 0) & (placed.rows[row] >= 0)
        day = max(int(placed.rows[row]), 0)
        first = max(day + 1 - self.days, 0)
        self.traded = here & panel.traded[day, placed.columns]
        self.ever = here & panel.traded[: day + 1, placed.columns].any(axis=0)
        self.listed = here & panel.traded[: first + 1, placed.columns].any(axis=0) & panel.priced[first, placed.columns]


def _listed(day: pd.Timestamp, codes: pd.Index) -> np.ndarray:
    spans = reader.member_spans("all", "day")
    return np.array([any(a.normalize() <= day <= b for a, b in spans[code]) for code in codes], dtype=bool)
