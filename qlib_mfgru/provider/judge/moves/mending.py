"""Factors of single days that are plainly wrong, put right by those of the days beside them."""

from __future__ import annotations

import numpy as np

from qlib_mfgru.provider.judge.moves.moves import SAME, Moves


def mended_factor(moves: Moves, factor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The factor, with its neighbours' value on single days on which it is plainly wrong, and which days these are.

    - It is a day late where the raw price moves as on an ex-date and the factor only on the next day, without the
      price: the day takes the next one's. A day early, the other way round: it takes that of the day before.
    - It is lost for a day where it changes without the price and is back on the next: the day takes the neighbours'.

    In all cases the adjusted returns of both days are ordinary afterwards. Days without trade that follow get the same
    factor. Two such days side by side are not single days, and are left as they are.

    Parameters
    ----------
    moves : Moves
        Of the raw close and this factor.
    factor : ndarray of shape (n_days,)

    Returns
    -------
    factor : ndarray of shape (n_days,)
    is_mended : ndarray of bool, shape (n_days,)
        Days with trade that have another factor than before.
    """
    is_mended = np.zeros(len(factor), dtype=bool)
    if not moves.changes.any():
        return factor, is_mended
    jump, unadjusted = moves.is_jump, moves.is_unadjusted
    total = moves.change[1:] + moves.change[:-1]
    late = unadjusted[:-1] & jump[1:] & ~moves.beyond(moves.raw + np.append(total, 0))[:-1]
    early = jump[:-1] & unadjusted[1:] & ~moves.beyond(moves.raw + np.append(0, total))[1:]
    lost = moves.is_alone[:-1] & moves.is_alone[1:] & (np.abs(total) < SAME)
    wrong, factor = np.pad(late | early | lost, 1), factor.copy()
    for case in np.flatnonzero(wrong[1:-1] & ~wrong[:-2] & ~wrong[2:]):
        before, day, after = moves.places[case : case + 3]
        factor[day:after] = factor[after] if late[case] else factor[before]
        is_mended[day] = True
    return factor, is_mended
