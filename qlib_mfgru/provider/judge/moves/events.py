"""Previous closes against the factor: the exchange's, ex-rights, say on which days it changes, and by how much."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qlib_mfgru.provider.judge.kinds import Finding, Kind
from qlib_mfgru.provider.judge.moves.moves import EVENT
from qlib_mfgru.provider.judge.moves.spikes import far
from qlib_mfgru.provider.judge.series import StockSeries

CENT = 0.0101
"""Yuan by which a previous close may differ: both it and the close are rounded to cents."""
WRONG_STEP = 0.05
"""From which difference on, as a logarithm, the factor is useless."""

_CAUSE = (
    "the factor ends early, misses events or has them on other days, or previous closes are not ex-rights: write "
    "daily: {factor: from_prev_close} where they are"
)
EVENT_MISSED = Kind(
    "ex-dates on which the factor is more than 5 % off the vendor's previous close", role="fatal", cause=_CAUSE
)
EVENT_ROUGH = Kind(
    "ex-dates on which the factor is off the vendor's previous close by more than rounding", cause=_CAUSE
)
NO_PREVIOUS = Kind(
    "previous closes that cannot be: none on a day with trade, or far from both closes",
    outcome="not used",
)
UNSEEN_EVENT = Kind(
    "previous closes 4 % and more off the last close, and the day opens at the last close: ex-dates, or wrong",
    role="note",
)


def event_rules(series: StockSeries) -> Iterator[Finding]:
    """close(t-1) / prev_close(t) is the factor's step, to `CENT`, on days on which either says that there is one.

    They must be there, and near the day's close or the last one. Only of boards with limits, where previous closes are
    ex-rights (elsewhere they may be plain ones), and of days in a row: another day may lack a row. Evidence: the step
    by the one that previous closes make.
    """
    known = series.prev_close > 0
    if not known.any() or series.board is None:
        return
    n_days, close, moves = len(series.days), series.prices["close"], series.moves
    before, after = moves.places[:-1], moves.places[1:]
    previous, last = np.where(known, series.prev_close, np.nan)[after], close[before]
    bound = far(series.days[moves.places], series.board)[1:]
    possible = np.minimum(np.abs(np.log(close[after] / previous)), np.abs(np.log(last / previous))) <= bound
    given = series.apart[after]
    yield Finding(NO_PREVIOUS, moves.on_days(given & ~possible, n_days), moves.on_days(given, n_days), series.days)
    step = np.log(last / previous)
    judged = possible & (after - before == 1) & (moves.changes | (np.abs(last - previous) > CENT))
    off = np.abs(last * np.exp(-moves.change) - previous) > CENT + EVENT * previous
    wrong = np.abs(moves.change - step) > WRONG_STEP
    evidence = np.full(n_days, np.nan)
    evidence[after] = np.exp(moves.change - step)
    for kind, cases in ((EVENT_MISSED, off & wrong), (EVENT_ROUGH, off & ~wrong)):
        faulty = moves.on_days(judged & cases, n_days)
        yield Finding(kind, faulty, moves.on_days(judged, n_days), series.days, evidence)
    unseen = (np.abs(step) > 0.04) & (np.abs(np.log(series.prices["open"][after] / last)) < 0.01)
    yield Finding(UNSEEN_EVENT, moves.on_days(judged & unseen, n_days), moves.on_days(judged, n_days), series.days)
