"""Volumes that jump from a day to the next, another unit or one wrong value, and volumes that are lost."""

from __future__ import annotations

import numpy as np

from qlib_mfgru.provider.judge.kinds import Finding, Kind
from qlib_mfgru.provider.judge.series import StockSeries

VOLUME_JUMP = Kind("days whose volume is 50 to 200 times that of the day before, or less by as much", role="dated")
VOLUME_SPIKE = Kind(
    "days whose volume is more than 200 times those of both days beside it, or less by as much",
    role="systematic",
    cause="the day's volume, or that of one bar, is in another unit",
)
NO_VOLUME = Kind(
    "days without volume on which the price moves",
    role="dated",
    cause="the volumes of that date are lost, and its rows would count as suspended: mend the vendor's file",
)


def volume_jumps(series: StockSeries) -> Finding:
    """|log(volume(t) / volume(t-1))| between that of 50 and of 200, from a day with trade to the next.

    A stock that stands at its limit all day trades that little, and on the day after that much again.
    """
    places, moves = _traded_days(series)
    jump = np.abs(np.diff(np.log(series.volume[places])))
    faulty = np.zeros(len(series.days), dtype=bool)
    faulty[places[1:]] = (jump > np.log(50)) & (jump < np.log(200)) & moves[1:] & moves[:-1]
    return Finding(VOLUME_JUMP, faulty, series.traded, series.days)


def volume_spikes(series: StockSeries) -> Finding:
    """The volume goes up 200 times from a day with trade to the next one, and back; or down, while the price moves.

    A stock that stands at its limit all day trades that little.
    """
    places, moves = _traded_days(series)
    step = np.diff(np.log(series.volume[places]))
    there, back = step[:-1], -step[1:]
    faulty = np.zeros(len(series.days), dtype=bool)
    faulty[places[1:-1]] = np.minimum(there, back) > np.log(200)
    faulty[places[1:-1]] |= moves[1:-1] & (np.maximum(there, back) < -np.log(200))
    return Finding(VOLUME_SPIKE, faulty, series.traded, series.days)


def lost_volumes(series: StockSeries) -> Finding:
    """A day whose high is above its low has a volume; a single one may be a suspended day with prices of its own."""
    lost = np.zeros(len(series.days), dtype=bool) if series.without_volume is None else series.without_volume
    return Finding(NO_VOLUME, lost, lost | series.traded, series.days)


def _traded_days(series: StockSeries) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the days with trade, and whether the price moves on them."""
    places = np.flatnonzero(series.traded)
    return places, series.prices["high"][places] > series.prices["low"][places]
