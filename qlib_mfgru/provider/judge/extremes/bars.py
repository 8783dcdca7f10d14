"""Bars against the bars beside them, with or without daily rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from qlib_mfgru.provider.judge.kinds import Finding, Kind
from qlib_mfgru.provider.judge.moves.spikes import far
from qlib_mfgru.provider.judge.series import PRICES, BarSeries, StockSeries

GAP = 1.25
"""How many times those beside it a whole bar is at most, and is so for itself alone, even where there is no limit."""
LONG_WICK = 0.03
"""By how much a high may exceed open and close on most bars; 2 % do so on 1.5 % of a real stock's 15-minute bars."""

BAR_SPIKE = Kind(
    "bars with a price far from those of both bars beside it", "bars", outcome="left out where there is no daily row"
)
WICKS = Kind(
    "bars whose high (low) is 3 % above (below) open and close",
    "bars",
    role="chance",
    cause="high or low is another column, or scaled: look at columns",
)


def neighbour_rules(series: StockSeries, bars: BarSeries) -> Iterator[Finding]:
    """A bar and those beside it, within a day and over its ends; wicks of most bars."""
    days, judged = series.days[bars.positions], bars.priced & (bars.volume > 0)
    spiked = np.zeros(judged.shape, dtype=bool)
    bound = np.full(len(days), np.nan)
    bound[bars.traded] = far(days[bars.traded], series.board)
    prices = {name: bars.prices[name][judged] for name in PRICES}
    spiked[judged] = is_bar_spike(prices, np.repeat(bound, judged.sum(axis=1)))
    yield Finding(BAR_SPIKE, spiked, judged, days)
    high, low = _body(bars.prices)
    long = (bars.prices["high"] > high * (1 + LONG_WICK)) | (bars.prices["low"] < low / (1 + LONG_WICK))
    yield Finding(WICKS, judged & long, judged, days)


def is_bar_spike(prices: Mapping[str, np.ndarray], bound: np.ndarray) -> np.ndarray:
    """Bars with a price that is gone in the next one; shape (n_bars,).

    Such a bar lies as a whole above, or below, both bars beside it by half of `bound`, or `GAP` where that is less; or
    its high (low) is further by `bound` from its own open and close and from the bars beside it. A first and a last
    bar have no two bars beside them.

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
    gap = np.minimum(np.sqrt(times), GAP)
    inner_high, inner_low = high[1:-1], low[1:-1]
    spike[1:-1] = (inner_low > above * gap) | (inner_high * gap < below)
    spike[1:-1] |= inner_high > np.maximum(body_high, above) * times
    spike[1:-1] |= inner_low * times < np.minimum(body_low, below)
    return spike


def _body(prices: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The higher and the lower one of open and close."""
    return np.maximum(prices["open"], prices["close"]), np.minimum(prices["open"], prices["close"])
