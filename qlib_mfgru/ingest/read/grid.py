"""The bars of a session's day as the vendor stamps them: which stamps fit, and what is wrong with those that do not."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from qlib_mfgru.ingest.read.stamps import MINUTES_A_DAY
from qlib_mfgru.provider.session import FREQS, Freq, Session, freq_minutes

_MISFIT = 0.001
"""Share of stamps off the grid up to which a frequency and convention fit."""


@dataclass(frozen=True)
class Grid:
    """Where bars of one frequency lie.

    Attributes
    ----------
    session : Session
    freq : str
        The vendor's, one of `session.FREQS`.
    convention : {"end", "start"}
        Which end of a bar its stamp is.
    """

    session: Session
    freq: Freq
    convention: Literal["end", "start"]

    def ends(self, stamps: np.ndarray) -> np.ndarray:
        """End of each bar in minutes since 1970, -1 where it is off the grid; shape (n,).

        A bar stamped at the opening under ``end`` is the opening auction, which some vendors give as a bar of its own;
        it is kept, and belongs to the first bar of the day.

        Parameters
        ----------
        stamps : ndarray of shape (n,)
            ``datetime64[s]`` in the session's zone.
        """
        seconds = stamps.astype("int64")
        minutes = seconds // 60
        parsed = ~np.isnat(stamps)
        to_end = self._to_end[np.where(parsed, minutes % MINUTES_A_DAY, 0)]
        on_grid = parsed & (seconds % 60 == 0) & (to_end >= 0) & ~self.in_auction(stamps)
        return np.where(on_grid, minutes + to_end, -1)

    def in_auction(self, stamps: np.ndarray) -> np.ndarray:
        """Whether a bar begins or ends within an auction that the session leaves out; shape (n,)."""
        inside = np.zeros(len(stamps), dtype=bool)
        clock = stamps.astype("int64") % (60 * MINUTES_A_DAY)
        length = 60 * freq_minutes(self.freq)
        start = clock - (length if self.convention == "end" else 0)
        for first, last in self.session.auction_spans:
            inside |= (60 * first <= start) & (start < 60 * last)
            inside |= (60 * first < start + length) & (start + length <= 60 * last)
        return inside & ~np.isnat(stamps)

    def fault(self, stamps: np.ndarray) -> str | None:
        """What is wrong with the frequency and convention, None if they fit.

        Parameters
        ----------
        stamps : ndarray of shape (n,)
            ``datetime64[s]`` of one file; fewer than a day of bars are not judged.
        """
        stamps = stamps[~np.isnat(stamps)]
        if len(stamps) < len(self.session.bar_ends(self.freq)):
            return None
        misfit = self._misfit(stamps)
        if better := self._better(stamps, misfit):
            return f"the stamps do not fit {self}; they fit {better}"
        if misfit > 0.5:
            return (
                f"{misfit:.0%} of the stamps are off the session grid of {self} (first {stamps[0]}); "
                f"are they in the time of {self.session.zone}?"
            )
        return None

    def __str__(self) -> str:
        return f"freq: {self.freq}, stamps: {self.convention}"

    @cached_property
    def _to_end(self) -> np.ndarray:
        """Minutes from a bar's stamp to its end by the minute of the day, -1 where no bar is stamped; shape (1440,)."""
        starts, ends = self.session.bar_starts(self.freq), self.session.bar_ends(self.freq)
        to_end = np.full(MINUTES_A_DAY, -1)
        if self.convention == "start":
            to_end[starts] = ends - starts
        else:
            to_end[[self.session.opening, *(ends % MINUTES_A_DAY)]] = 0
        return to_end

    def _better(self, stamps: np.ndarray, misfit: float) -> Grid | None:
        """A frequency and convention that fit where the stated ones do not, the coarsest first."""
        conventions: tuple[Literal["end", "start"], ...] = ("end", "start")
        for other in (Grid(self.session, freq, convention) for freq in FREQS for convention in conventions):
            others_misfit = other._misfit(stamps)
            step = freq_minutes(other.freq) - freq_minutes(self.freq)
            # every stamp fits a finer grid too: only a bad misfit is a sign of that
            better = misfit > 4 * others_misfit if step == 0 else step > 0 or misfit > 0.2
            if others_misfit < _MISFIT and better:
                return other
        return None

    def _misfit(self, stamps: np.ndarray) -> float:
        """Share of the stamps that are off the grid."""
        return float(((self.ends(stamps) < 0) & ~self.in_auction(stamps)).mean())
