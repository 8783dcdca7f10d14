"""Rules on the factor: an adjusted return that no market allows, while the raw one is ordinary."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qlib_mfgru.provider.boards import RULES
from qlib_mfgru.provider.judge.kinds import Finding, Kind
from qlib_mfgru.provider.judge.series import StockSeries

FREE_BOUND = 0.3
"""The largest return that is taken for ordinary where no limit holds."""
LIMIT_MARGIN = 0.01
"""What rounding to ticks may add to a board's limit."""
LONG_IDLE = 30
"""Calendar days without trade from which on the board's limit is not relied on: reforms and relistings have none."""

FACTOR = Kind("days on which the factor jumps and the raw price does not: it is lost, or found again", role="fatal")
FACTOR_DAY = Kind("days whose adjusted return is beyond the limit while the raw one is not: the factor is wrong")


def factor_rules(series: StockSeries) -> Iterator[Finding]:
    """|adjusted return| <= bound wherever the factor changes and |raw return| <= bound.

    The bound is the board's limit and `LIMIT_MARGIN`, or `FREE_BOUND` where there is none or after a long idleness. A
    real ex-date moves the raw price; a factor that is lost, or found again, moves only the adjusted one. It counts as
    lost where the adjusted return is beyond `FREE_BOUND` (after a long idleness that may be a reform), or where the
    next jump takes this one back; not where the raw price jumps on the trading day before or after, so that the factor
    is early or late.
    """
    places = np.flatnonzero(series.traded & (series.prices["close"] > 0) & (series.factor > 0))
    close, factor, days = series.prices["close"][places], series.factor[places], series.days[places]
    raw, change = np.diff(np.log(close)), np.diff(np.log(factor))
    up, down = _bounds(series, days)
    is_jump = _beyond(raw + change, up, down) & ~_beyond(raw, up, down)
    # half of what the raw price does not follow: else the factor only overstates a payout
    is_jump &= (np.abs(change) > 0.01) & (np.abs(raw) < np.abs(change) / 2)
    lost = is_jump & ~_off_by_a_day(raw, change, is_jump, up, down)
    far = (np.abs(raw + change) > np.log1p(FREE_BOUND)) & (np.diff(days).astype(int) <= LONG_IDLE)
    lost &= far | _taken_back(change, is_jump)
    for kind, cases in ((FACTOR, lost), (FACTOR_DAY, is_jump & ~lost)):
        faulty = np.zeros(len(series.days), dtype=bool)
        faulty[places[1:]] = cases
        yield Finding(kind, faulty, max(len(places) - 1, 0), series.days)


def _off_by_a_day(
    raw: np.ndarray, change: np.ndarray, is_jump: np.ndarray, up: np.ndarray, down: np.ndarray
) -> np.ndarray:
    """Whether the raw price makes up for a jump of the factor on the trading day before or after it."""
    alone = _beyond(raw, up, down) & ~is_jump
    adjusted, off = raw + change, np.zeros(len(raw), dtype=bool)
    made_up = ~_beyond(adjusted[1:] + adjusted[:-1], up[1:] * 2, down[1:] * 2)
    off[1:] |= alone[:-1] & made_up
    off[:-1] |= alone[1:] & made_up
    return off


def _taken_back(change: np.ndarray, is_jump: np.ndarray) -> np.ndarray:
    """Whether a jump is undone by the next one, or undoes the last one."""
    jumps, back = np.flatnonzero(is_jump), np.zeros(len(change), dtype=bool)
    pairs = np.abs(change[jumps][1:] + change[jumps][:-1]) < 0.02
    back[jumps[1:]] |= pairs
    back[jumps[:-1]] |= pairs
    return back


def _beyond(log_return: np.ndarray, up: np.ndarray, down: np.ndarray) -> np.ndarray:
    return np.logical_or(log_return > up, log_return < down)


def _bounds(series: StockSeries, days: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Largest and smallest ordinary log return of each day after the first of `days`."""
    bound = np.full(max(len(days) - 1, 0), FREE_BOUND)
    if series.board:
        for rule in RULES[series.board]:
            bound = np.where(days[1:] >= rule.since, rule.ratio + LIMIT_MARGIN, bound)
        bound = np.where(np.diff(days).astype(int) > LONG_IDLE, FREE_BOUND, bound)
    return np.log1p(bound), np.log1p(-bound)
