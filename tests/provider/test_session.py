"""The session grid in literal stamps."""

import pandas as pd
import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.provider.session import ASHARE, freq_minutes


@pytest.mark.parametrize(
    ("freq", "count", "first", "before_noon", "after_noon"),
    [
        ("1min", 240, "09:31", "11:30", "13:01"),
        ("5min", 48, "09:35", "11:30", "13:05"),
        ("15min", 16, "09:45", "11:30", "13:15"),
        ("60min", 4, "10:30", "11:30", "14:00"),
    ],
)
def test_bars_of_a_day_end_on_the_grid(freq: str, count: int, first: str, before_noon: str, after_noon: str) -> None:
    stamps = ASHARE.calendar(pd.DatetimeIndex(["2025-01-02"]), freq).strftime("%H:%M")
    assert len(stamps) == count == len(ASHARE.bar_ends(freq))
    assert [stamps[0], stamps[count // 2 - 1], stamps[count // 2], stamps[-1]] == [
        first,
        before_noon,
        after_noon,
        "15:00",
    ]


@pytest.mark.parametrize("freq", ["day", "7min", "0min", "min", "15minute"])
def test_an_unknown_frequency_is_an_error(freq: str) -> None:
    with pytest.raises(InputError, match=r"freq is '.+': must be one of '1min', '5min'"):
        freq_minutes(freq)
