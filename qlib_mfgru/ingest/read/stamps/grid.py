"""The bars of a session's day as the vendor stamps them: which stamps fit, and what is wrong with those that do not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal

import numpy as np

from qlib_mfgru.ingest.read.stamps.stamps import MINUTES_A_DAY
from qlib_mfgru.provider.session import FREQS, Freq, Session, freq_minutes

_MISFIT = 0.001
"""Share of stamps off the grid up to which a frequency and convention fit."""
_COVERED = 0.75
"""Share of a grid's times of the day from which on stamps are taken to be of it: those of hour bars are on the grid of
half hours too, but on no more than two thirds of it."""
_RARE = 0.1
"""Share up to which stamps at a time of the day are exceptions."""
_OFF = -(10**6)
"""Minutes to the end of a bar where no bar is stamped."""


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

        Some vendors give an auction as a row of its own, or the last trade of a part of the day. Such a print belongs
        to the bar beside it, and its end lies where `DayBars` finds that bar: of an opening call, or of a bar stamped
        at the opening under ``end``, it is the stamp itself; of the others it comes after the bar's end.

        Parameters
        ----------
        stamps : ndarray of shape (n,)
            ``datetime64[s]`` in the session's zone.
        """
        seconds = stamps.astype("int64")
        minutes = seconds // 60
        parsed = ~np.isnat(stamps)
        to_end = self._to_end[np.where(parsed, minutes % MINUTES_A_DAY, 0)]
        on_grid = parsed & (seconds % 60 == 0) & (to_end != _OFF) & ~self.in_auction(stamps)
        return np.where(on_grid, minutes + to_end, -1)

    def in_auction(self, stamps: np.ndarray) -> np.ndarray:
        """Whether a bar begins or ends within an auction that the session leaves out; shape (n,)."""
        inside = np.zeros(len(stamps), dtype=bool)
        if not self.session.auction_spans:
            return inside
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
        better = None if misfit == 0 and self._coverage(stamps) >= _COVERED else self._better(stamps, misfit)
        if better is None and misfit <= 0.5 and (self._is_swapped(stamps) or self._is_shifted(stamps)):
            better = self.swapped
        if better:
            return f"the stamps do not fit {self}; they fit {better}"
        if misfit > 0.5:
            first = stamps[self._off(stamps)][0]
            return (
                f"{misfit:.0%} of the stamps are off the session grid of {self} (first {first}); "
                f"are they in the time of {self.session.zone}?"
            )
        return None

    def fault_at_edges(self, edges: np.ndarray) -> str | None:
        """What is wrong with the convention by a file's first and last stamp, None if nothing is.

        Round the clock nothing else shows it: every start of a bar is the end of another.

        Parameters
        ----------
        edges : ndarray of shape (2,)
            ``datetime64[s]``, NaT where the file has no stamp.
        """
        if not self._round_the_clock or np.isnat(edges).any() or not self._is_swapped(edges):
            return None
        return f"the stamps {edges[0]} .. {edges[1]} do not fit {self}; they fit {self.swapped}"

    @property
    def pause(self) -> tuple[int, int] | None:
        """Start and end of the day's first pause, in minutes after midnight; None where there is none."""
        spans = self.session.spans
        return (spans[0][1], spans[1][0]) if len(spans) > 1 else None

    @property
    def swapped(self) -> Grid:
        """The grid of the other convention."""
        return Grid(self.session, self.freq, "start" if self.convention == "end" else "end")

    def __str__(self) -> str:
        return f"freq: {self.freq}, stamps: {self.convention}"

    @cached_property
    def _to_end(self) -> np.ndarray:
        """Minutes from the stamp of a bar or a print to its end, by the minute of the day; shape (1440,)."""
        to_end = self._bars_to_end.copy()
        for minute, end in self._prints():
            if to_end[minute] == _OFF:
                to_end[minute] = end - minute
        return to_end

    @cached_property
    def _bars_to_end(self) -> np.ndarray:
        """The same of bars alone."""
        starts, ends = self.session.bar_starts(self.freq), self.session.bar_ends(self.freq)
        to_end = np.full(MINUTES_A_DAY, _OFF)
        if self.convention == "start":
            to_end[starts] = ends - starts
        else:
            to_end[[self.session.opening, *(ends % MINUTES_A_DAY)]] = 0
        return to_end

    def _prints(self) -> Iterator[tuple[int, int]]:
        """Stamp and end, in minutes of the day, of what joins a bar: auctions, and the last trade before a pause."""
        for first, last in self.session.call_spans:
            if last <= self.session.opening:
                yield from ((minute, minute) for minute in range(last, self.session.opening))
            else:
                yield from ((minute, last + 1 + minute - first) for minute in range(first, last + 1))
        if self.session.calls and self.convention == "start" and self.pause:
            yield self.pause[0], self.pause[0] + 1

    @cached_property
    def _round_the_clock(self) -> bool:
        """Whether bars start when others end, midnight included."""
        starts, ends = self.session.bar_starts(self.freq), self.session.bar_ends(self.freq)
        return set(starts.tolist()) == set((ends % MINUTES_A_DAY).tolist())

    def _better(self, stamps: np.ndarray, misfit: float) -> Grid | None:
        """A frequency and convention that fit where the stated ones do not, the coarsest first."""
        for other in _grids(self.session):
            step = freq_minutes(other.freq) - freq_minutes(self.freq)
            # prints fit either convention
            others_misfit = other._misfit(stamps, prints=step != 0)
            if others_misfit < _MISFIT and not other._is_swapped(stamps):
                if step == 0 and (misfit > 4 * others_misfit or self._is_swapped(stamps)):
                    return other
                # stamps fit the finer grids too, and those of a short day the coarser ones
                if step > 0 and self._coverage(stamps) < _COVERED:
                    return other
                if step < 0 and misfit > 0.2 and other._coverage(stamps) >= _COVERED:
                    return other
        return None

    def _is_swapped(self, stamps: np.ndarray) -> bool:
        """Whether the first and the last stamp on the grid are those of the other convention.

        The first and last of all moments where bars go round the clock, else of all times of the day.
        """
        minutes = stamps[self.ends(stamps) >= 0].astype("int64") // 60
        if not len(minutes):
            return False
        if not self._round_the_clock:
            minutes %= MINUTES_A_DAY
            minutes = minutes[minutes >= self.session.opening]
            if not len(minutes):
                return False
        bounds = (self.session.bar_ends if self.convention == "start" else self.session.bar_starts)(self.freq)[[0, -1]]
        return bool((np.array([minutes.min(), minutes.max()]) % MINUTES_A_DAY == bounds % MINUTES_A_DAY).all())

    def _is_shifted(self, stamps: np.ndarray) -> bool:
        """Whether the pause shows the other convention: a bar's end begins the pause, the start of another ends it."""
        if self.pause is None:
            return False
        at_start, at_end, at_opening = self._days_at(stamps, *self.pause, self.session.opening)
        if self.convention == "start":
            return at_start > 0 and at_end <= _RARE * at_start
        return at_end > 0 and at_start <= _RARE * at_end and at_opening > _RARE * at_end

    def _days_at(self, stamps: np.ndarray, *clock: int) -> list[int]:
        """Number of days with a stamp at each of some times, in minutes of the day."""
        minutes = np.unique(stamps.astype("datetime64[m]").astype("int64")) % MINUTES_A_DAY
        return [int((minutes == minute).sum()) for minute in clock]

    def _coverage(self, stamps: np.ndarray) -> float:
        """Share of the bars of a day, by the time of the day, that any of the stamps is of."""
        ends = self.ends(stamps)
        seen = ends[ends >= 0] % MINUTES_A_DAY
        return float(np.isin(self.session.bar_ends(self.freq) % MINUTES_A_DAY, seen).mean())

    def _misfit(self, stamps: np.ndarray, *, prints: bool = True) -> float:
        """Share of the stamps that are off the grid; prints that are no bars of their own may count as off."""
        off = self._off(stamps)
        if not prints:
            minutes = stamps.astype("datetime64[m]").astype("int64") % MINUTES_A_DAY
            off |= self._bars_to_end[minutes] == _OFF
        return float((off & ~self.in_auction(stamps)).mean())

    def _off(self, stamps: np.ndarray) -> np.ndarray:
        """Which stamps are off the grid and in no auction; shape (n,)."""
        return (self.ends(stamps) < 0) & ~self.in_auction(stamps)


@lru_cache(maxsize=16)
def _grids(session: Session) -> tuple[Grid, ...]:
    """The grids of all frequencies and conventions, the coarsest first."""
    conventions: tuple[Literal["end", "start"], ...] = ("end", "start")
    return tuple(Grid(session, freq, convention) for freq in FREQS for convention in conventions)
