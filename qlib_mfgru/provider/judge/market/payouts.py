"""Whether the factor is that of the prices at all: on its ex-dates the market's returns are ordinary once adjusted."""

from __future__ import annotations

import numpy as np

from qlib_mfgru.provider.boards import RULES
from qlib_mfgru.provider.judge.series import StockSeries

TYPICAL = 0.02
"""A day's usual return without its sign: what gains and losses of evidence are measured in."""
MOST = 3.0
"""The largest evidence of one event, and of one stock: four stocks at least decide."""
DECISIVE = 10.0
"""Evidence, a logarithm of odds, that is an error.

Of 240 draws of 5 to 400 real A-shares over 9 months to 4 years the largest one against right factors is 2.4; half of
the draws of 48 stocks over 9 months have 18 or more against factors that are inverse, a day off, or of other dates.
"""
STOCK_YEAR = 244
"""Days with trade."""
FEW_YEARS = 5
"""Stock-years without any event that may be chance: real A-shares have four events in five."""

NO_EVENT = (
    "stock-years without any change of the factor, where four in five years have one: it is 1 throughout, previous "
    "closes are not ex-rights, or prices are adjusted already; what is paid out looks like a loss"
)
# of two that say the same, the first is told
_OTHERWISE = {
    "inverse": "it falls where prices do: give its inverse",
    "late": "prices fall the day before: all ex-dates are a day late",
    "early": "prices fall on the next day: all ex-dates are a day early",
    "none": "prices do not fall on its ex-dates: they are adjusted already, or it is that of other dates or stocks",
}


class Payouts:
    """Sums up what each stock's ex-dates say for the factor, and against it.

    On an ex-date the adjusted return r + c, of the raw one and the factor's change as logarithms, is an ordinary one.
    Against the factor speaks, by |r + c| less that of another reading, over `TYPICAL`, that returns are more ordinary
    without it (r), by its inverse (r - c), or with the change on the trading day before, or after.
    """

    def __init__(self) -> None:
        self._against = dict.fromkeys(_OTHERWISE, 0.0)
        self._n_events, self._n_days = 0, 0

    def add(self, series: StockSeries) -> None:
        """Count a stock's ex-dates; those whose factor is mended as they were given."""
        if not series.is_adjusted:
            return
        moves = series.unmended or series.moves
        self._n_events += int(moves.changes.sum())
        self._n_days += len(moves.raw) if series.board and RULES[series.board] else 0
        events = np.flatnonzero(moves.changes[1:-1]) + 1
        if not len(events):
            return
        before, raw, after = (moves.raw[events + step] for step in (-1, 0, 1))
        change = moves.change[events]
        gains = {
            "none": np.abs(raw + change) - np.abs(raw),
            "inverse": np.abs(raw + change) - np.abs(raw - change),
            "late": np.abs(raw + change) + np.abs(before) - np.abs(raw) - np.abs(before + change),
            "early": np.abs(raw + change) + np.abs(after) - np.abs(raw) - np.abs(after + change),
        }
        for reading, gain in gains.items():
            of_stock = np.clip(gain / TYPICAL, -MOST, MOST).sum()
            self._against[reading] += float(np.clip(of_stock, -MOST, MOST))

    def add_all(self, other: Payouts) -> None:
        """Count other stocks."""
        for reading, against in other._against.items():
            self._against[reading] += against
        self._n_events, self._n_days = self._n_events + other._n_events, self._n_days + other._n_days

    @property
    def fault(self) -> str:
        """Why the factor is not that of these prices; empty where it may be."""
        reading = max(self._against, key=lambda each: self._against[each])
        if self._against[reading] <= DECISIVE:
            return ""
        return f"the factor, which changes {self._n_events} times, does not go with the prices: {_OTHERWISE[reading]}"

    @property
    def years_without(self) -> int:
        """Stock-years, if no stock has any event in them and they are more than chance; else 0."""
        n_years = self._n_days // STOCK_YEAR
        return n_years if n_years >= FEW_YEARS and not self._n_events else 0
