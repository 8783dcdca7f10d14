"""``BarPanel``: a memory map, and the places of windows in it.

The array's axes are (day, bar, field, stock), but a stock's day lies together in memory, (day, stock, bar, field): a
sample reads whole lines of the cache, wherever the other samples of its batch are, and new days come at the end.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from qlib_mfgru.data.panel.build import log_stand_ins
from qlib_mfgru.data.panel.cache import panel_folder
from qlib_mfgru.data.panel.digests import SIZE
from qlib_mfgru.data.panel.fields import REPORT_FIELDS, Field
from qlib_mfgru.data.panel.layout import laid_out, read
from qlib_mfgru.provider import reader

DEFAULT_CACHE = Path("~/.cache/qlib_mfgru/panels")


@dataclass(frozen=True, eq=False)
class BarPanel:
    """Dense bars of one frequency, memory mapped and shared by every process that opens them.

    Attributes
    ----------
    freq : str
        qlib frequency, e.g. ``15min``.
    days : DatetimeIndex of length n_days
        Days of the frequency's calendar.
    instruments : list of str, length n_stocks
        The provider's ``all`` market, ascending.
    bars : ndarray of shape (n_days, bars_per_day, n_fields, n_stocks), float32
        `fields`, adjusted as the provider stores them. Where a stock did not trade, prices carry the last close
        forward and quantities are 0; levels carry their own last value. Before its first close a stock's prices are
        NaN, and a level is NaN before its own first value. Nothing in it comes from a later bar. Read-only, and in
        memory as `laid_out` has it.
    traded : ndarray of shape (n_days, n_stocks), bool
        Whether the stock traded on the day (a close and a positive volume in any bar), whatever `fields` are.
    priced : ndarray of shape (n_days, n_stocks), bool
        Whether the stock has had a close by the day's first bar: a new share's first day may begin later.
    fields : tuple of Field, length n_fields
        In the order of the array.
    digests : ndarray of shape (n_days, 32), uint8
        By day, of all that windows read of it: the bars of the stocks that are `priced`, and which of them have traded
        on it or before. Neither a later day nor a later listing changes one. Empty for a panel that was not opened.
    """

    freq: str
    days: pd.DatetimeIndex
    instruments: list[str]
    bars: np.ndarray
    traded: np.ndarray
    priced: np.ndarray
    fields: tuple[Field, ...] = REPORT_FIELDS
    digests: np.ndarray = field(default_factory=lambda: np.empty((0, SIZE), dtype=np.uint8))

    def __post_init__(self) -> None:
        if len(self.fields) != self.bars.shape[2]:
            raise ValueError(f"bars of shape {self.bars.shape} do not hold {len(self.fields)} fields")
        object.__setattr__(self, "bars", laid_out(self.bars))

    def __setstate__(self, state: dict[str, Any]) -> None:
        """A pickle has the bars in the order of their axes."""
        self.__dict__.update(state, bars=laid_out(state["bars"]))

    @property
    def bars_per_day(self) -> int:
        """Bars of one day; 1 for daily data."""
        return int(self.bars.shape[1])

    @classmethod
    def open(
        cls, freq: str, cache_dir: Path | str | None = None, fields: tuple[Field, ...] = REPORT_FIELDS
    ) -> BarPanel:
        """Open the panel of the initialised provider; build it first where there is none, or a damaged or outdated one.

        Parameters
        ----------
        freq : str
            A frequency that the provider has.
        cache_dir : path, optional
            Where panels are kept; by default ``$MFGRU_CACHE``, else ``~/.cache/qlib_mfgru/panels``.
        fields : tuple of Field, optional
            What the panel is to hold, in this order; the report's six by default.

        Raises
        ------
        InputError
            If the provider lacks the frequency, a field, or close or volume, or holds no value of it, or days differ in
            their number of bars.
        """
        codes = list(reader.member_spans("all", freq))
        root = Path(cache_dir or os.environ.get("MFGRU_CACHE") or DEFAULT_CACHE).expanduser()
        folder = panel_folder(root, freq, codes, fields)
        log_stand_ins(folder, freq)
        days = pd.DatetimeIndex(np.load(folder / "days.npy"))
        bars = read(folder)
        traded, priced, digests = (np.load(folder / f"{name}.npy") for name in ("traded", "priced", "digests"))
        return cls(freq, days, codes, bars, traded, priced, fields, digests)

    def places(self, days: np.ndarray, stocks: np.ndarray, n_days: int) -> np.ndarray:
        """Where in the flat array each sample's window of `n_days` days, the last one its own, begins: (n,) int64.

        Parameters
        ----------
        days, stocks : ndarray of int64, shape (n,)
            Positions on the panel's axes.
        n_days : int

        Raises
        ------
        IndexError
            If a position is not on its axis, negative ones included, or a window would begin before the panel.
        TypeError
            If positions are no whole numbers.
        """
        days, stocks = (np.asarray(axis).astype(np.int64, casting="same_kind", copy=False) for axis in (days, stocks))
        check_places(days, stocks, n_days, self.bars.shape)
        _, bars_per_day, n_fields, n_stocks = self.bars.shape
        return ((days + 1 - n_days) * n_stocks + stocks) * (bars_per_day * n_fields)

    def gather(self, days: np.ndarray, stocks: np.ndarray, n_days: int) -> np.ndarray:
        """Copy the bars of the `n_days` days up to each sample's own: (n_steps, n_fields, n), samples innermost.

        Parameters are those of `places`.
        """
        check_places(days, stocks, n_days, self.bars.shape)
        window = np.asarray(days)[:, None] + np.arange(1 - n_days, 1)
        samples = self.bars.transpose(0, 3, 1, 2)[window, np.asarray(stocks)[:, None]]  # (n, day, bar, field)
        shape = len(samples), n_days * self.bars_per_day, samples.shape[-1]
        return np.ascontiguousarray(samples.reshape(shape).transpose(1, 2, 0))


def check_on_axis(what: str, positions: np.ndarray, length: int) -> None:
    """Raise IndexError unless all positions (n,) are among 0 .. length - 1: negative ones would count from the end."""
    if len(positions) and not 0 <= positions.min() <= positions.max() < length:
        raise IndexError(
            f"{what} {positions.min()} .. {positions.max()} are not all among the panel's 0 .. {length - 1}"
        )


def check_places(days: np.ndarray, stocks: np.ndarray, n_days: int, shape: Sequence[int]) -> None:
    """Refuse positions (n,) whose windows would reach outside bars of `shape`, or into another field or day.

    Raises
    ------
    IndexError
        See `BarPanel.places`.
    """
    if n_days < 1 or (len(days) and not n_days - 1 <= days.min() <= days.max() < shape[0]):
        span = f"{days.min()} .. {days.max()}" if len(days) else "none"
        raise IndexError(f"days {span} leave no room for windows of {n_days} days")
    check_on_axis("stocks", stocks, shape[-1])
