"""Whether the factor is that of the prices at all: on its ex-dates the market's returns are ordinary once adjusted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
        self._against: dict[str, np.ndarray] = {}  # by code, of each reading
        self._n_events, self._n_days = 0, 0

    def add(self, series: StockSeries, since: np.datetime64 | None = None) -> None:
        """Count a stock's ex-dates; those whose factor is mended as they were given.

        Of a stock whose days before `since` are counted already, only what the others tell is: an ex-date is told of
        by the day after it.
        """
        if not series.is_adjusted:
            return
        moves = series.unmended or series.moves
        days = series.days[moves.places[1:]]
        is_new = np.ones(len(days), dtype=bool) if since is None else days >= since
        self._n_events += int((moves.changes & is_new).sum())
        self._n_days += int(is_new.sum()) if series.board and RULES[series.board] else 0
        events = np.flatnonzero(moves.changes[1:-1] & is_new[2:]) + 1
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
        against = [np.clip(gains[reading] / TYPICAL, -MOST, MOST).sum() for reading in _OTHERWISE]
        self._count(series.code, np.array(against))

    def _count(self, code: str, against: np.ndarray) -> None:
        self._against[code] = self._against.get(code, np.zeros(len(_OTHERWISE))) + against

    def add_all(self, other: Payouts) -> None:
        """Count other stocks, or other days of the same."""
        for code, against in other._against.items():
            self._count(code, against)
        self._n_events, self._n_days = self._n_events + other._n_events, self._n_days + other._n_days

    def as_dict(self) -> dict[str, Any]:
        """All that was counted; JSON-ready."""
        against = {code: self._against[code].tolist() for code in sorted(self._against)}
        return {"against": against, "events": self._n_events, "days": self._n_days}

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Payouts:
        """From `as_dict`."""
        payouts = cls()
        payouts._against = {code: np.array(against) for code, against in content["against"].items()}
        payouts._n_events, payouts._n_days = content["events"], content["days"]
        return payouts

    @property
    def fault(self) -> str:
        """Why the factor is not that of these prices; empty where it may be."""
        of_stocks = np.array(list(self._against.values())).reshape(-1, len(_OTHERWISE))
        against = dict(zip(_OTHERWISE, np.clip(of_stocks, -MOST, MOST).sum(axis=0).tolist(), strict=True))
        reading = max(against, key=lambda each: against[each])
        if against[reading] <= DECISIVE:
            return ""
        return f"the factor, which changes {self._n_events} times, does not go with the prices: {_OTHERWISE[reading]}"

    @property
    def years_without(self) -> int:
        """Stock-years, if no stock has any event in them and they are more than chance; else 0."""
        n_years = self._n_days // STOCK_YEAR
        return n_years if n_years >= FEW_YEARS and not self._n_events else 0
