import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.ingest.read.stamps import bar_ends, bar_slots, diagnose, join_date_time, parse_stamps
from qlib_mfgru.provider.session import ASHARE

DAY = pd.DatetimeIndex(["2025-01-02"])
MOMENT = np.datetime64("2025-01-02T09:45:00")


@pytest.mark.parametrize(
    "value",
    [
        "2025-01-02 09:45:00",
        "2025-01-02 09:45",
        "2025/01/02 09:45:00",
        "2025-01-02T09:45:00",
        "2025-01-02T09:45:00+08:00",
        "2025-01-02T01:45:00Z",
        "202501020945",
        "20250102094500",
        "20250102094500000",
        20250102094500000,
        202501020945,
        pd.Timestamp("2025-01-02 09:45"),
        pd.Timestamp("2025-01-02 01:45", tz="UTC"),
    ],
)
def test_vendor_stamps_are_one_moment(value: object) -> None:
    assert parse_stamps(pd.Series([value]))[0] == MOMENT


def test_unparsable_stamps_are_nat_and_their_neighbours_are_not() -> None:
    parsed = parse_stamps(pd.Series(["2025-01-02 09:45", "soon", None, "20251399", "20250102"]))
    assert np.isnat(parsed).tolist() == [False, True, True, True, False]
    assert parsed[4] == np.datetime64("2025-01-02T00:00:00")


@pytest.mark.parametrize("time", ["09:45:00", "09:45", "945", "0945", "94500", "20250102094500000"])
def test_date_and_time_columns_join(time: str) -> None:
    assert parse_stamps(join_date_time(pd.Series(["2025-01-02"]), pd.Series([time])))[0] == MOMENT


def test_start_stamps_become_bar_ends() -> None:
    starts = np.array(["2025-01-02T09:30", "2025-01-02T14:45", "2025-01-02T11:30"], dtype="datetime64[s]")
    ends = bar_ends(starts, "15min", "start")
    clock = ends[:2].astype("datetime64[m]").astype(str).tolist()
    assert clock == ["2025-01-02T09:45", "2025-01-02T15:00"]
    assert ends[2] == -1


def test_off_grid_ends_are_marked() -> None:
    stamps = ["09:45:00", "09:46:00", "12:00:00", "13:00:00", "15:00:00", "14:59:59", "09:30:00"]
    ends = bar_ends(np.array([f"2025-01-02T{stamp}" for stamp in stamps], dtype="datetime64[s]"), "15min", "end")
    assert (ends >= 0).tolist() == [True, False, False, False, True, False, True]


def test_minutes_fall_into_the_bar_that_ends_next() -> None:
    slots = bar_slots("15min")
    minutes = {"09:30": 0, "09:31": 0, "09:45": 0, "09:46": 1, "11:30": 7, "13:01": 8, "15:00": 15}
    assert {clock: int(slots[int(clock[:2]) * 60 + int(clock[3:])]) for clock in minutes} == minutes


@pytest.mark.parametrize("freq", ["1min", "5min", "15min"])
def test_the_wrong_convention_is_named(freq: str) -> None:
    ends = ASHARE.calendar(DAY, freq).to_numpy().astype("datetime64[s]")
    starts = ends - np.timedelta64(int(freq.removesuffix("min")), "m")
    assert diagnose(ends, freq, "end") is None
    assert diagnose(starts, freq, "start") is None
    assert f"they fit freq: {freq}, stamps: start" in str(diagnose(starts, freq, "end"))
    assert f"they fit freq: {freq}, stamps: end" in str(diagnose(ends, freq, "start"))


@pytest.mark.parametrize(
    ("stated", "true"), [("1min", "5min"), ("5min", "15min"), ("15min", "5min"), ("15min", "1min")]
)
def test_the_wrong_frequency_is_named(stated: str, true: str) -> None:
    ends = ASHARE.calendar(pd.bdate_range("2025-01-02", periods=20), true).to_numpy().astype("datetime64[s]")
    assert f"they fit freq: {true}, stamps: end" in str(diagnose(ends, stated, "end"))


def test_another_time_zone_is_suspected() -> None:
    ends = ASHARE.calendar(DAY, "15min").to_numpy().astype("datetime64[s]") - np.timedelta64(8, "h")
    assert "Chinese time" in str(diagnose(ends, "15min", "end"))


def test_an_opening_auction_bar_is_no_misfit() -> None:
    ends = ASHARE.calendar(DAY, "1min").to_numpy().astype("datetime64[s]")
    assert diagnose(np.append(np.datetime64("2025-01-02T09:30:00"), ends), "1min", "end") is None
