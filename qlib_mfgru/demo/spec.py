"""What a demo market is made from: its size, its seed and the strength of its signals."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qlib_mfgru.errors import InputError

if TYPE_CHECKING:  # help on `mfgru demo` reads this file: it comes at once
    import numpy as np

BARS_PER_DAY = 16
"""Bars of 15 minutes in one session."""

MAX_STRENGTH = 3.0
"""Beyond this neither signal could be hidden from past returns any more (see `signal`)."""


@dataclass(frozen=True)
class MarketSpec:
    """Size, seed and signal strengths of a demo market.

    Parameters
    ----------
    n_stocks : int
        Stocks that are listed at some time, at least 20.
    n_days : int
        Trading days of daily bars, at least 60.
    intraday_days : int
        The last so many days have 15-minute bars too.
    seed : int
        The market is a pure function of this record.
    daily_strength, intraday_strength : float
        Multipliers of the planted signals: 1 is the default market, 0 is pure noise.
    start : str
        No trading day is earlier.

    Raises
    ------
    InputError
        If a value is out of its range.
    """

    n_stocks: int = 200
    n_days: int = 978
    intraday_days: int = 484
    seed: int = 0
    daily_strength: float = 1.0
    intraday_strength: float = 1.0
    start: str = "2020-01-01"

    def __post_init__(self) -> None:
        if not 20 <= self.n_stocks <= 6000:
            raise InputError(f"n_stocks is {self.n_stocks}: a demo market has 20 to 6000 stocks")
        if self.n_days < 60:
            raise InputError(f"n_days is {self.n_days}: a demo market has at least 60 days")
        if not 0 < self.intraday_days <= self.n_days:
            raise InputError(f"intraday_days is {self.intraday_days}: give 1 to n_days ({self.n_days})")
        for name in ("daily_strength", "intraday_strength"):
            if not 0 <= getattr(self, name) <= MAX_STRENGTH:
                raise InputError(f"{name} is {getattr(self, name)}: give a number from 0 to {MAX_STRENGTH:g}")
        if self.seed < 0:
            raise InputError(f"seed is {self.seed}: it must be non-negative")
        import pandas as pd

        try:
            pd.Timestamp(self.start)
        except ValueError as error:
            raise InputError(f"start is {self.start!r}: give a date such as 2020-01-01") from error

    def stream(self, *names: str | int) -> np.random.Generator:
        """Random numbers of one purpose.

        Each purpose has its own stream, so that a change in one part of the market leaves the others as they were.
        """
        import numpy as np

        return np.random.default_rng([self.seed, *(zlib.crc32(str(name).encode()) for name in names)])
