"""Days of another convention than the rest of a file, and mornings whose last bar is stamped after the pause."""

from typing import Literal

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.ingest.read.stamps.days import late_bars, swapped_days
from qlib_mfgru.ingest.read.stamps.grid import Grid
from qlib_mfgru.provider.session import ASHARE, SESSIONS, Freq

DAYS = pd.bdate_range("2025-03-03", periods=20)
NOON, AFTERNOON = 11 * 60 + 30, 13 * 60


def ends_of(freq: Freq) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Stamps of 20 days, the number of each row's day, and its minute."""
    ends = ASHARE.calendar(DAYS, freq).to_numpy().astype("datetime64[s]")
    day = np.searchsorted(DAYS.to_numpy(), ends.astype("datetime64[D]").astype("M8[ns]"))
    return ends, day, ends.astype("datetime64[m]").astype(int) % 1440


@pytest.mark.parametrize("freq", ["1min", "15min"])
@pytest.mark.parametrize("n_days", [0, 1, 8, 20])
@pytest.mark.parametrize("prints", [False, True])
def test_the_end_of_the_morning_stamped_when_the_afternoon_begins(freq: Freq, n_days: int, prints: bool) -> None:
    ends, day, minute = ends_of(freq)
    is_late = (minute == NOON) & (day < n_days)
    stamps = np.where(is_late, ends + np.timedelta64(90, "m"), ends)
    if prints:  # of the opening, which bars stamped at their start have too
        stamps = np.append(stamps, DAYS.to_numpy().astype("M8[s]") + np.timedelta64(570, "m"))
        is_late = np.append(is_late, np.zeros(20, bool))
    found = late_bars(Grid(ASHARE, freq, "end"), stamps, np.zeros(len(stamps), int))
    expected = is_late if not prints or n_days < 10 else np.zeros(len(stamps), bool)
    np.testing.assert_array_equal(found, expected)


def test_a_day_is_judged_by_stock() -> None:
    ends, _, minute = ends_of("15min")
    late = np.where(minute == NOON, ends + np.timedelta64(90, "m"), ends)
    stamps, stock = np.concatenate([ends, late]), np.repeat([0, 1], len(ends))
    found = late_bars(Grid(ASHARE, "15min", "end"), stamps, stock)
    assert stock[found].tolist() == [1] * 20


def test_a_stamp_at_13_00_beside_one_at_11_30_is_none_of_the_morning() -> None:
    ends, _, _ = ends_of("1min")
    stamps = np.append(ends, DAYS.to_numpy().astype("M8[s]") + np.timedelta64(AFTERNOON, "m"))
    assert not late_bars(Grid(ASHARE, "1min", "end"), stamps, np.zeros(len(stamps), int)).any()


@pytest.mark.parametrize("stated", ["end", "start"])
@pytest.mark.parametrize("freq", ["1min", "15min", "60min"])
def test_days_stamped_at_the_other_end_are_named(freq: Freq, stated: Literal["end", "start"]) -> None:
    ends, day, _ = ends_of(freq)
    length = np.timedelta64(int(freq.removesuffix("min")), "m")
    is_other = np.isin(day, [4, 5, 19])
    stamps = np.where(is_other ^ (stated == "start"), ends - length, ends)
    grid, stock = Grid(ASHARE, freq, stated), np.zeros(len(stamps), int)
    assert swapped_days(grid, stamps, stock) == ["2025-03-07", "2025-03-10", "2025-03-28"]
    assert not late_bars(grid, stamps, stock).any()
    assert swapped_days(grid, np.where(stated == "start", ends - length, ends), stock) == []


def test_half_a_day_and_a_session_without_a_pause_tell_nothing() -> None:
    ends, day, minute = ends_of("15min")
    starts = ends - np.timedelta64(15, "m")
    half = (day == 4) & ((minute <= 10 * 60) | (minute == AFTERNOON + 15))
    stamps = np.concatenate([ends[day != 4], starts[half]])
    assert swapped_days(Grid(ASHARE, "15min", "end"), stamps, np.zeros(len(stamps), int)) == []
    assert swapped_days(Grid(SESSIONS["us"], "15min", "end"), starts, np.zeros(len(starts), int)) == []
