"""Bars of 5, 30 and 60 minutes that agree exactly with the demo market's 15-minute bars."""

from __future__ import annotations

import numpy as np

from qlib_mfgru.demo.bars import Bars
from qlib_mfgru.demo.spec import FREQ
from qlib_mfgru.provider.session import SESSIONS, Freq

PARTS = 3
"""Bars of 5 minutes in one of 15."""
FREQS: dict[str, Freq] = {"5": "5min", "15": "15min", "30": "30min", "60": "60min"}
"""The vendor's word to ours."""
LOT = 100


def bar_ends(frequency: str) -> np.ndarray:
    """Ends of a day's bars in minutes after midnight; `frequency` is the vendor's word."""
    return np.asarray(SESSIONS["ashare"].bar_ends(FREQS[frequency]))


def at_frequency(bars: Bars, frequency: str) -> Bars:
    """Bars of shape (n_days, n_bars) at another frequency; that of the demo market gives them as they are."""
    if FREQS[frequency] == FREQ:
        return bars
    if frequency == "5":
        return split(bars)
    return joined(bars, bars.open.shape[1] // len(bar_ends(frequency)))


def joined(bars: Bars, parts: int) -> Bars:
    """First, max, min, last and sums over every `parts` bars; the halves of the day hold whole numbers of them."""

    def grouped(values: np.ndarray) -> np.ndarray:
        return values.reshape(len(values), -1, parts)

    return Bars(
        open=grouped(bars.open)[:, :, 0],
        high=grouped(bars.high).max(axis=2),
        low=grouped(bars.low).min(axis=2),
        close=grouped(bars.close)[:, :, -1],
        volume=grouped(bars.volume).sum(axis=2),
        amount=grouped(bars.amount).sum(axis=2),
    )


def split(bars: Bars) -> Bars:
    """Thirds of each bar, of the same high, low and vwap, along a straight line; they join to the bar exactly.

    A bar of fewer lots than parts is traded in its last part alone, and the others stand at its open.
    """
    share, rest = np.divmod(bars.volume // LOT, PARTS)
    thin = (share == 0)[..., None]
    lots = np.stack([share] * (PARTS - 1) + [share + rest], axis=2)
    fraction = np.arange(PARTS + 1) / PARTS
    line = np.rint(bars.open[..., None] + (bars.close - bars.open)[..., None] * fraction).astype(np.int64)
    line[..., :-1] = np.where(thin, line[..., :1], line[..., :-1])
    begin, end, still = line[..., :-1], line[..., 1:], lots == 0
    high, low = (np.where(still, end, values[..., None]) for values in (bars.high, bars.low))
    vwap = np.divide(bars.amount, bars.volume, out=np.zeros_like(bars.amount), where=bars.volume > 0)
    amount = np.round(lots * LOT * vwap[..., None], 2)
    parts = begin, high, low, end, lots * LOT, amount
    return Bars(*(values.reshape(len(values), -1) for values in parts))
