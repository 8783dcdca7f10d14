"""The frequency of bars, and which end of them is stamped."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from qlib_mfgru.ingest.read.stamps import MINUTES_A_DAY
from qlib_mfgru.ingest.read.stamps.grid import Grid
from qlib_mfgru.provider.session import FREQS, SESSIONS, Freq, Session
from qlib_mfgru.provider.symbols import Codes

_FITS = 0.95
"""Share of the stamps that have to be on a grid, and of the grid's times that have to be seen."""
_CONVENTIONS: tuple[Literal["end", "start"], ...] = ("end", "start")


class Fit(NamedTuple):
    """A grid on which the stamps lie.

    Attributes
    ----------
    on_grid, covered : float
        Share of the stamps that are on it, and of its times of the day that are seen.
    """

    market: str
    grid: Grid
    on_grid: float
    covered: float


def are_timed(stamps: np.ndarray) -> bool:
    """Whether stamps have a time of the day; ``datetime64[s]`` of shape (n,)."""
    return len(stamps) > 0 and bool((stamps != stamps.astype("datetime64[D]")).mean() > 0.5)


def fit_stamps(stamps: np.ndarray, naming: Codes = "ashare") -> Fit | None:
    """The market's hours, frequency and convention that fit best, None where nothing does.

    Parameters
    ----------
    stamps : ndarray of shape (n,)
        ``datetime64[s]``, none missing.
    naming : {"ashare", "plain"}
        How the market names its stocks.
    """
    fits = [
        _fit(name, session, freq, convention, stamps)
        for name, session in SESSIONS.items()
        if session.codes == naming
        for freq in FREQS
        for convention in _CONVENTIONS
    ]
    good = [each for each in fits if each.on_grid >= _FITS and each.covered >= 0.75 and _agrees(each, stamps)]
    return max(good, key=lambda each: (round(each.covered, 2), each.on_grid), default=None)


def _fit(name: str, session: Session, freq: Freq, convention: Literal["end", "start"], stamps: np.ndarray) -> Fit:
    grid = Grid(session, freq, convention)
    ends = grid.ends(stamps)
    seen = ends[ends >= 0] % MINUTES_A_DAY
    covered = np.isin(session.bar_ends(freq) % MINUTES_A_DAY, seen).mean()
    return Fit(name, grid, float((ends >= 0).mean()), float(covered))


def _agrees(fit: Fit, stamps: np.ndarray) -> bool:
    edges = np.array([stamps.min(), stamps.max()])
    return fit.grid.fault(stamps) is None and fit.grid.fault_at_edges(edges) is None
