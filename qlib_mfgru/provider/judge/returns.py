"""Rules on the factor: an adjusted return that no market allows, while the raw one is ordinary."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qlib_mfgru.provider.judge.kinds import Finding, Kind
from qlib_mfgru.provider.judge.moves import FREE_BOUND, LONG_IDLE, Moves
from qlib_mfgru.provider.judge.series import StockSeries

FACTOR = Kind("days on which the factor jumps and the raw price does not: it is lost, or found again", role="fatal")
FACTOR_DAY = Kind("days whose adjusted return is beyond the limit while the raw one is not: the factor is wrong")

_SAME = 1e-6
"""By how much, of its value, a factor that comes back may differ."""


def factor_rules(series: StockSeries) -> Iterator[Finding]:
    """|adjusted return| <= bound wherever the factor changes and |raw return| <= bound, with the bounds of `Moves`.

    A real ex-date moves the raw price; a factor that is lost, or found again, moves only the adjusted one. It counts as
    lost where the adjusted return is beyond `FREE_BOUND` (after a long idleness that may be a reform), or where the
    next jump takes this one back; not where the raw price jumps on the trading day before or after, so that the factor
    is early or late.
    """
    close = np.where(series.traded, series.prices["close"], np.nan)
    moves = Moves.of(series.days, close, series.factor, series.board)
    lost = moves.is_jump & ~_off_by_a_day(moves)
    far = (np.abs(moves.raw + moves.change) > np.log1p(FREE_BOUND)) & (moves.idle <= LONG_IDLE)
    lost &= far | _taken_back(moves)
    for kind, cases in ((FACTOR, lost), (FACTOR_DAY, moves.is_jump & ~lost)):
        faulty = np.zeros(len(series.days), dtype=bool)
        faulty[moves.places[1:]] = cases
        yield Finding(kind, faulty, len(moves.raw), series.days)


def mended_factor(
    days: np.ndarray, close: np.ndarray, factor: np.ndarray, board: str | None
) -> tuple[np.ndarray, np.ndarray]:
    """The factor, with its neighbours' value on single days on which it is plainly wrong, and which days these are.

    - It is a day late where the raw price moves as on an ex-date and the factor only on the next day, without the
      price: the day takes the next one's. A day early, the other way round: it takes that of the day before.
    - It is lost for a day where it jumps without the price and is back on the next day: the day takes the neighbours'.

    In all cases the adjusted returns of both days are ordinary afterwards. Days without trade that follow get the same
    factor. Two such days side by side are not single days, and are left as they are.

    Parameters
    ----------
    days : ndarray of shape (n_days,)
        ``datetime64[D]``.
    close : ndarray of shape (n_days,)
        Raw, NaN on days without trade.
    factor : ndarray of shape (n_days,)
    board : str, optional
        As of `Moves.of`.

    Returns
    -------
    factor : ndarray of shape (n_days,)
    is_mended : ndarray of bool, shape (n_days,)
        Days with trade that have another factor than before.
    """
    moves, is_mended = Moves.of(days, close, factor, board), np.zeros(len(days), dtype=bool)
    jump, unadjusted = moves.is_jump, moves.is_unadjusted
    if not jump.any():
        return factor, is_mended
    total = moves.change[1:] + moves.change[:-1]
    late = unadjusted[:-1] & jump[1:] & ~moves.beyond(moves.raw + np.append(total, 0))[:-1]
    early = jump[:-1] & unadjusted[1:] & ~moves.beyond(moves.raw + np.append(0, total))[1:]
    lost = jump[:-1] & jump[1:] & (np.abs(total) < _SAME)
    wrong, factor = np.pad(late | early | lost, 1), factor.copy()
    for case in np.flatnonzero(wrong[1:-1] & ~wrong[:-2] & ~wrong[2:]):
        before, day, after = moves.places[case : case + 3]
        factor[day:after] = factor[after] if late[case] else factor[before]
        is_mended[day] = True
    return factor, is_mended


def _off_by_a_day(moves: Moves) -> np.ndarray:
    """Whether the raw price makes up for a jump of the factor on the trading day before or after it."""
    adjusted, off = moves.raw + moves.change, np.zeros(len(moves.raw), dtype=bool)
    made_up = ~moves.beyond(adjusted + np.append(0, adjusted[:-1]), times=2)[1:]
    off[1:] |= moves.is_unadjusted[:-1] & made_up
    off[:-1] |= moves.is_unadjusted[1:] & made_up
    return off


def _taken_back(moves: Moves) -> np.ndarray:
    """Whether a jump is undone by the next one, or undoes the last one."""
    jumps, back = np.flatnonzero(moves.is_jump), np.zeros(len(moves.change), dtype=bool)
    pairs = np.abs(moves.change[jumps][1:] + moves.change[jumps][:-1]) < 0.02
    back[jumps[1:]] |= pairs
    back[jumps[:-1]] |= pairs
    return back
