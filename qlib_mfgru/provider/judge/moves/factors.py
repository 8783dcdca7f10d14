"""Rules on the factor: it moves only when the raw price does, rarely, and never to where it has been."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qlib_mfgru.provider.judge.kinds import Finding, Kind
from qlib_mfgru.provider.judge.moves.moves import FREE_BOUND, LONG_IDLE, SAME, Moves
from qlib_mfgru.provider.judge.series import StockSeries

FACTOR = Kind("days on which the factor jumps and the raw price does not: it is lost, or found again", role="fatal")
FACTOR_DAY = Kind(
    "days whose adjusted return is beyond the limit while the raw one is not: the factor is wrong",
    cause="the factor changes a day early or late, or by too much: compare it with the ex-dates",
)
FACTOR_ALONE = Kind(
    "days on which the factor changes and the raw price does not follow",
    role="dated",
    cause="the factor is lost, or from another table, on that date: mend it in the vendor's files",
)
RESTLESS_FACTOR = Kind(
    "days on which the factor changes, where it does so on more than 5 % of days",
    role="fatal",
    cause="previous closes of another row or already adjusted, or a factor that is none: look at prev_close and factor",
)
FACTOR_HELD = Kind(
    "days without a factor, empty or not positive, where the vendor gives one for most days",
    role="systematic",
    outcome="the last one is held",
    cause="an ex-date among them is missed: the factor's column has holes, or its table ends too early",
    spares_stock=True,
)

RESTLESS = 0.05
"""Share of a stock's days on which a factor may change: dividends come once a quarter at most, or once a month."""
FEW = 3
"""Changes that are none too many, whatever their share."""


def factor_rules(series: StockSeries) -> Iterator[Finding]:
    """Every rule on how the factor moves."""
    moves, n_days = series.moves, len(series.days)
    judged, step = moves.on_days(np.ones(len(moves.raw), dtype=bool), n_days), np.ones(n_days)
    step[moves.places[1:]] = np.exp(moves.change)
    lost = _is_lost(moves)
    restless = moves.changes & (moves.changes.sum() > max(FEW, RESTLESS * len(moves.changes)))
    for kind, cases in (
        (FACTOR, lost),
        (FACTOR_DAY, moves.is_jump & ~lost),
        (RESTLESS_FACTOR, restless),
        (FACTOR_ALONE, moves.is_alone),
    ):
        yield Finding(kind, moves.on_days(cases, n_days), judged, series.days, step)
    if series.factor_held is not None:
        yield Finding(FACTOR_HELD, series.traded & series.factor_held, series.traded, series.days)


def _is_lost(moves: Moves) -> np.ndarray:
    """Whether the factor is lost, or found again; shape (n_moves,).

    A real ex-date moves the raw price; a factor that is lost moves only the adjusted one. |adjusted return| <= bound
    wherever the factor changes and |raw return| <= bound, with the bounds of `Moves`. It counts as lost where the
    adjusted return is beyond `FREE_BOUND` (after a long idleness that may be a reform), or where the next jump takes
    this one back; not where the raw price jumps on the trading day before or after, so that the factor is early or
    late. Whatever its size, a change without the price is a loss where the factor comes back to a former value.
    """
    if not moves.is_jump.any():
        return _comes_back(moves)
    far = (np.abs(moves.raw + moves.change) > np.log1p(FREE_BOUND)) & (moves.idle <= LONG_IDLE)
    lost = moves.is_jump & ~_off_by_a_day(moves) & (far | _taken_back(moves))
    return lost | _comes_back(moves)


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


def _comes_back(moves: Moves) -> np.ndarray:
    """Whether a change without the price leaves a value that the factor comes back to, or comes back to it."""
    steps, back = np.flatnonzero(moves.changes), np.zeros(len(moves.change), dtype=bool)
    if not moves.is_alone.any():
        return back
    levels = np.append(0.0, np.cumsum(moves.change)[steps])
    for place in np.flatnonzero(moves.is_alone[steps]):
        before, after = levels[: place + 1], levels[place + 1 :]
        left = np.abs(after[1:] - before[-1]) < SAME
        found = np.abs(before[:-1] - after[0]) < SAME
        back[steps[place]] = left.any() or found.any()
    return back
