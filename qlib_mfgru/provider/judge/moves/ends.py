"""The first and the last day of a stock, which have a neighbour on one side only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from qlib_mfgru.provider.boards import ordinary_ratio
from qlib_mfgru.provider.judge.kinds import Finding, Kind
from qlib_mfgru.provider.judge.moves.moves import Moves
from qlib_mfgru.provider.judge.moves.spikes import WILD, bounds
from qlib_mfgru.provider.judge.series import StockSeries

WILD_END = Kind("first or last days 3 times as dear as the day beside them, or a third", role="note")
EX_DATE = 0.3
"""How near, as a logarithm, the previous close of an ex-date that the factor misses is to the day's own close."""


def is_spiked_end(days: np.ndarray, prices: Mapping[str, np.ndarray], moves: Moves, board: str | None) -> np.ndarray:
    """First and last days that no limit allows beside the next, or the last but one; shape (n_days,).

    The two are neighbours on the calendar with the same factor, and one lies as a whole above the other. The day's own
    previous close and limits, where they are given, do not go with its close: it is no ex-date. The first day may be
    that of a new share: it counts from `WILD` on.

    Parameters
    ----------
    days : ndarray of shape (n_days,)
        ``datetime64[D]``.
    prices : mapping of str to ndarray of shape (n_days,)
        Raw, with ``prev_close``, ``limit_up`` and ``limit_down``, NaN where they are not given.
    moves : Moves
        Of these closes, with a factor that is known.
    board : str, optional
        A key of `boards.RULES`; without limits nothing is beyond them.
    """
    spiked, places = np.zeros(len(days), dtype=bool), moves.places
    if len(places) < 3:
        return spiked
    last = bounds(days, moves, prices["close"][places], board)[0][-1]
    for day, other, least in ((places[0], places[1], np.log(WILD)), (places[-1], places[-2], last)):
        log_low, log_high = (np.log(prices[name][[day, other]]) for name in ("low", "high"))
        gap = max(log_low[0] - log_high[1], log_low[1] - log_high[0])
        is_in_a_row = abs(int(day) - int(other)) == 1 and not np.isnan(ordinary_ratio(days[[day]], board)[0])
        spiked[day] = gap > least and is_in_a_row and not moves.changes[0 if day < other else -1]
        spiked[day] &= not _is_explained(prices, day)
    return spiked


def _is_explained(prices: Mapping[str, np.ndarray], day: np.intp) -> bool:
    """Whether the day's previous close, or its limits, go with its close."""
    close, previous = prices["close"][day], prices["prev_close"][day]
    is_within = prices["limit_down"][day] <= close <= prices["limit_up"][day]
    return bool(is_within or abs(np.log(previous / close)) < EX_DATE)


def wild_ends(series: StockSeries) -> Iterator[Finding]:
    """Closes of the first and the last day against the day beside them: `WILD` times, or less by as much."""
    moves, faulty = series.moves, np.zeros(len(series.days), dtype=bool)
    if len(moves.places) > 1:
        ends = moves.places[[0, -1]]
        faulty[ends] = (np.abs(moves.raw) > np.log(WILD))[[0, -1]] & ~moves.changes[[0, -1]]
    yield Finding(WILD_END, faulty, series.traded, series.days)
