"""Days that are the row of the day before once more: a file that was copied, or a feed that stands still."""

from __future__ import annotations

import numpy as np

from qlib_mfgru.provider.judge.kinds import Finding, Kind
from qlib_mfgru.provider.judge.series import PRICES, StockSeries

REPEATED = Kind(
    "days whose four prices and volume are those of the day with trade before",
    role="systematic",
    cause="rows were copied or are a day late, or the feed stood still",
    spares_stock=True,
)


def repeated_days(series: StockSeries) -> Finding:
    """Open, high, low, close and volume, to the share, equal those of the day with trade before.

    A stock whose rows are all the same has never moved: it is a placeholder, and not a copy of anything.
    """
    places = np.flatnonzero(series.traded)
    rows = np.stack([*(series.prices[name][places] for name in PRICES), series.volume[places]])
    same, judged = np.zeros((2, len(series.days)), dtype=bool)
    judged[places[1:]] = True
    same[places[1:]] = (np.abs(rows[:, 1:] - rows[:, :-1]) <= 1e-6 * rows[:, :-1]).all(axis=0)
    if same.sum() == judged.sum():
        same[:] = False
    return Finding(REPEATED, same, judged, series.days)
