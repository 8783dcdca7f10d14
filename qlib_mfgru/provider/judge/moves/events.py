"""Previous closes against the factor: the exchange's, ex-rights, say on which days it changes, and by how much."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from qlib_mfgru.provider.boards import RULES
from qlib_mfgru.provider.judge.kinds import Finding, Kind
from qlib_mfgru.provider.judge.moves.moves import EVENT, Moves
from qlib_mfgru.provider.judge.moves.spikes import far
from qlib_mfgru.provider.judge.series import StockSeries

CENT = 0.0101
"""Yuan by which a previous close may differ: both it and the close are rounded to cents."""
WRONG_STEP = 0.05
"""From which difference on, as a logarithm, the factor is useless."""
NEAR = 1 / 3
"""Share of that difference within which the day's open says which of the two is right."""
SEVERAL, OFTEN = 2, 0.2
"""Cases, and share of the judged ones, above which those that the open does not decide are no single values."""

_CAUSE = (
    "the factor ends early, misses events or has them on other days, rows of the day before are missing, or previous "
    "closes are not ex-rights: write daily: {factor: from_prev_close} where they are"
)
EVENT_MISSED = Kind(
    "ex-dates on which the factor is more than 5 % off the vendor's previous close", role="fatal", cause=_CAUSE
)
EVENT_UNCLEAR = Kind(
    "days on which the factor is more than 5 % off the vendor's previous close, and the open is near neither",
    cause=_CAUSE,
)
PREVIOUS_WRONG = Kind(
    "previous closes more than 5 % off, where the day opens as the last close and the factor say", outcome="not used"
)
EVENT_ROUGH = Kind(
    "ex-dates on which the factor is off the vendor's previous close by more than rounding", cause=_CAUSE
)
NO_PREVIOUS = Kind(
    "previous closes that cannot be: none on a day with trade, or far from both closes",
    outcome="not used",
)
NOT_MADE = Kind(
    "previous closes, which the factor is made of, that are missing or cannot be",
    role="systematic",
    outcome="not used: the factor stays",
    cause="an ex-date on such a day is missed; where they are many, prev_close is another column or not filled in",
)
UNSEEN_EVENT = Kind(
    "previous closes 4 % and more off the last close, and the day opens at the last close: ex-dates, or wrong",
    role="note",
)
FALL = Kind(
    "ex-dates made of previous closes that are above the last close",
    outcome="after days without a row no ex-date, else kept",
    cause="no payout raises a price: rows of the days before are missing, and the previous close is that of such a day",
)
OVER_GAP = Kind(
    "ex-dates made of previous closes after days without a row: real where the stock was suspended, false where rows "
    "are missing",
    role="note",
)


class Comparison(NamedTuple):
    """Previous closes against the factor, from each day with trade to the next; arrays of shape (n_moves,).

    Attributes
    ----------
    possible : ndarray of bool
        The previous close is there, and near the day's close or the last one.
    step : ndarray
        What it says of the factor: log(close(t-1) / prev_close(t)).
    apart : ndarray of bool
        It is possible, and not the last close.
    judged : ndarray of bool
        It is possible, the days are in a row, and it or the factor says that there is an event.
    off, wrong : ndarray of bool
        The two differ by more than rounding; by more than `WRONG_STEP`.
    as_factor, as_previous : ndarray of bool
        The day opens near what the factor makes of the last close; near the previous close.
    """

    possible: np.ndarray
    step: np.ndarray
    apart: np.ndarray
    judged: np.ndarray
    off: np.ndarray
    wrong: np.ndarray
    as_factor: np.ndarray
    as_previous: np.ndarray

    @classmethod
    def of(
        cls, days: np.ndarray, prices: Mapping[str, np.ndarray], prev_close: np.ndarray, moves: Moves, board: str
    ) -> Comparison:
        """Of raw prices and previous closes of shape (n_days,); `days` are ``datetime64[D]``."""
        before, after = moves.places[:-1], moves.places[1:]
        previous, last = np.where(prev_close > 0, prev_close, np.nan)[after], prices["close"][before]
        bound = far(days[moves.places], board)[1:]
        to_close, step = np.log(prices["close"][after] / previous), np.log(last / previous)
        possible = np.minimum(np.abs(to_close), np.abs(step)) <= bound
        apart = possible & (np.abs(last - previous) > CENT)
        judged = (after - before == 1) & (apart | (possible & moves.changes))
        off = judged & (np.abs(last * np.exp(-moves.change) - previous) > CENT + EVENT * previous)
        gap, opened = np.abs(moves.change - step), np.log(prices["open"][after] / last)
        as_factor, as_previous = (np.abs(opened + by) < NEAR * gap for by in (moves.change, step))
        return cls(possible, step, apart, judged, off, off & (gap > WRONG_STEP), as_factor, as_previous)


def wrong_previous(
    days: np.ndarray, prices: Mapping[str, np.ndarray], prev_close: np.ndarray, moves: Moves, board: str | None
) -> np.ndarray:
    """Days with a previous close that is `PREVIOUS_WRONG`; shape (n_days,), bool; parameters as of `Comparison.of`."""
    if board is None or not (prev_close > 0).any():
        return np.zeros(len(days), dtype=bool)
    with np.errstate(all="ignore"):  # comparisons with NaN, and logarithms of prices that are to be judged yet
        against = Comparison.of(days, prices, prev_close, moves, board)
        return moves.on_days(against.wrong & against.as_factor, len(days))


def event_rules(series: StockSeries) -> Iterator[Finding]:
    """close(t-1) / prev_close(t) is the factor's step, to `CENT`, on days on which either says that there is one.

    They must be there, and near the day's close or the last one. Only of boards with limits, where previous closes are
    ex-rights (elsewhere they may be plain ones), and of days in a row: another day may lack a row. Where the two differ
    widely the day's open tells which is wrong. Evidence: the step by the one that previous closes make.
    """
    moves, n_days = series.moves, len(series.days)
    after, given = moves.places[1:], series.apart[moves.places[1:]]
    missing = given & series.previous_makes_factor & ~(series.prev_close[after] > 0)
    if series.previous_makes_factor:
        missed, judged = (moves.on_days(mask, n_days) for mask in (missing, given))
        yield Finding(NOT_MADE, missed, judged, series.days)
    if series.board is None or not (series.prev_close > 0).any():
        return
    against = Comparison.of(series.days, series.prices, series.prev_close, moves, series.board)
    judged = against.judged
    evidence = np.full(n_days, np.nan)
    evidence[after] = np.exp(moves.change - against.step)

    def found(kind: Kind, cases: np.ndarray, of: np.ndarray) -> Finding:
        return Finding(kind, moves.on_days(cases, n_days), moves.on_days(of, n_days), series.days, evidence)

    if series.previous_makes_factor and RULES[series.board]:
        yield found(FALL, against.apart & (against.step < 0), against.apart)
    if series.previous_makes_factor and series.after_gap is not None:
        over_gap = series.after_gap[after] & moves.changes
        yield found(OVER_GAP, over_gap, over_gap)
    yield found(NO_PREVIOUS, given & ~against.possible & ~missing, given)
    yield found(PREVIOUS_WRONG, against.wrong & against.as_factor, given)
    unclear = against.wrong & ~against.as_factor & ~against.as_previous
    are_several = unclear.sum() > SEVERAL and unclear.sum() > OFTEN * judged.sum()
    missed = against.wrong & (against.as_previous | (unclear & are_several))
    yield found(EVENT_MISSED, missed, judged)
    yield found(EVENT_UNCLEAR, unclear & ~are_several, judged)
    yield found(EVENT_ROUGH, against.off & ~against.wrong, judged)
    is_at_last = np.abs(np.log(series.prices["open"][after] / series.prices["close"][moves.places[:-1]])) < 0.01
    yield found(UNSEEN_EVENT, judged & ~against.wrong & (np.abs(against.step) > 0.04) & is_at_last, judged)
