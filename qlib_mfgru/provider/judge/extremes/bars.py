"""Bars against the bars beside them, with or without daily rows."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

import numpy as np

from qlib_mfgru.provider.judge.kinds import Finding, Kind
from qlib_mfgru.provider.judge.moves.spikes import WILD, far
from qlib_mfgru.provider.judge.series import PRICES, BarSeries, StockSeries

GAP = 1.25
"""How many times those beside it a whole bar is at most, and is so for itself alone, even where there is no limit."""
RUN = 4
"""Bars in a row that are gone together."""
END_GAP = 0.1
"""How far apart, as a logarithm, a stock's first (last) bar may lie from the bar beside it."""
BURST, REST = 20.0, 2.0
"""How many times the volume of both bars beside it, and that of all others of its day, a bar's is at most."""
CENT = 0.0101
"""Yuan that a wick may always be long: a tick."""
LONG_WICK = 0.03
"""By how much a high may exceed open and close on most bars; 2 % do so on 1.5 % of a real stock's 15-minute bars."""

BAR_SPIKE = Kind(
    "bars with a price far from those of both bars beside it", "bars", outcome="left out where there is no daily row"
)
END_BAR = Kind(
    "first or last bars of a stock that lie apart from the bar beside them by more than 10 %", "bars", role="note"
)
VOLUME_BURST = Kind(
    "bars whose volume is 20 times those of the bars beside them, and twice that of the rest of a day without a row",
    "bars",
    role="note",
)
WICKS = Kind(
    "bars whose high (low) is 3 % above (below) open and close",
    "bars",
    role="chance",
    cause="high or low is another column, or scaled: look at columns",
)


def neighbour_rules(series: StockSeries, bars: BarSeries) -> Iterator[Finding]:
    """A bar and those beside it, within a day and over its ends; wicks of most bars."""
    days, judged = series.bar_days, bars.priced & bars.with_trade
    spiked, bound = np.zeros(judged.shape, dtype=bool), np.full(len(days), np.nan)
    bound[bars.traded] = far(days[bars.traded], series.board)
    prices = {name: bars.prices[name][judged] for name in PRICES}
    spiked[judged] = is_bar_spike(prices, np.repeat(bound, judged.sum(axis=1)))
    yield Finding(BAR_SPIKE, spiked, judged, days)
    yield Finding(END_BAR, _ends_apart(prices, judged) & ~spiked, judged, days)
    yield Finding(VOLUME_BURST, _bursts(series, bars, judged), judged, days)
    yield _wicks(series, bars, judged)


def _wicks(series: StockSeries, bars: BarSeries, judged: np.ndarray) -> Finding:
    """Bars whose high or low is `LONG_WICK` and a tick beyond open and close."""
    high, low = _body(bars.prices)
    tick = CENT if series.board else 0.0
    long = bars.prices["high"] > high * (1 + LONG_WICK) + tick
    long |= bars.prices["low"] < low / (1 + LONG_WICK) - tick
    return Finding(WICKS, judged & long, judged, series.bar_days)


def _ends_apart(prices: Mapping[str, np.ndarray], judged: np.ndarray) -> np.ndarray:
    """Whether a bar is the first or last of the judged ones, and `END_GAP` from the one beside it; of their shape."""
    apart, places = np.zeros(judged.shape, dtype=bool), np.flatnonzero(judged)
    if len(places) > 1:
        gap = _gaps({name: values[[0, 1, -2, -1]] for name, values in prices.items()})[[0, 2]]
        apart.flat[places[[0, -1]]] = np.abs(gap) > END_GAP
    return apart


def _bursts(series: StockSeries, bars: BarSeries, judged: np.ndarray) -> np.ndarray:
    """Whether a bar's volume is `BURST` and `REST` times the others'; of the bars' shape."""
    volume, burst = bars.volume[judged], np.zeros(judged.shape, dtype=bool)
    beside = np.maximum(np.append(0.0, volume[:-1]), np.append(volume[1:], 0.0))
    burst[judged] = volume > BURST * beside
    if burst.any():
        rest = np.nansum(bars.volume, axis=1, keepdims=True) - bars.volume
        burst &= (bars.volume > REST * rest) & (rest > 0) & ~series.apart[bars.positions][:, None]
    return burst


def is_bar_spike(prices: Mapping[str, np.ndarray], bound: np.ndarray) -> np.ndarray:
    """Bars with a price that is gone soon after; shape (n_bars,).

    Such a bar lies as a whole above, or below, both bars beside it by half of `bound`, or `GAP` where that is less; so
    do up to `RUN` bars in a row, by half of `bound`; or its high (low) is further by `bound` from its own open and
    close and from the bars beside it. A first and a last bar have no two bars beside them: they lie as a whole apart
    by `bound`, which is that of a limit.

    Parameters
    ----------
    prices : mapping of str to ndarray of shape (n_bars,)
        Raw, of bars with trade, in the order of time.
    bound : ndarray of shape (n_bars,)
        As `far` gives it for the bars' days.
    """
    spike = np.zeros(len(bound), dtype=bool)
    if len(bound) < 3:
        return spike
    high, low = prices["high"], prices["low"]
    body_high, body_low = (values[1:-1] for values in _body(prices))
    above, below = np.maximum(high[:-2], high[2:]), np.minimum(low[:-2], low[2:])
    times = np.exp(bound[1:-1])
    spike[1:-1] = high[1:-1] > np.maximum(body_high, above) * times
    spike[1:-1] |= low[1:-1] * times < np.minimum(body_low, below)
    gap = _gaps(prices)
    for end, step in ((0, 0), (-1, -1)):
        spike[end] = bound[end] < np.log(WILD) and abs(gap[step]) > bound[end]
    for first, last in _short_runs(gap, bound):
        spike[first:last] = True
    return spike


def _gaps(prices: Mapping[str, np.ndarray]) -> np.ndarray:
    """Logarithm of the room between a bar and the next one, negative downwards, 0 where they meet; (n_bars - 1,)."""
    high, low = prices["high"], prices["low"]
    up, down = low[1:] / high[:-1], low[:-1] / high[1:]
    return np.where(up > 1, np.log(up), np.where(down > 1, -np.log(down), 0.0))


def _short_runs(gap: np.ndarray, bound: np.ndarray) -> Iterator[tuple[int, int]]:
    """First bars, and those after the last, of runs that begin with a gap and end with one the other way."""
    jumps = np.flatnonzero(np.abs(gap) > np.minimum(bound[:-1] / 2, np.log(GAP)))
    for jump, back in itertools.pairwise(jumps.tolist()):
        is_enough = back - jump == 1 or min(abs(gap[jump]), abs(gap[back])) > bound[back] / 2
        if back - jump <= RUN and gap[jump] * gap[back] < 0 and is_enough:
            yield jump + 1, back + 1


def _body(prices: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The higher and the lower one of open and close."""
    return np.maximum(prices["open"], prices["close"]), np.minimum(prices["open"], prices["close"])
