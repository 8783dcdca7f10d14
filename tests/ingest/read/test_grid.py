"""Which stamps fit a session's bars, what is wrong with those that do not, and which are an auction's."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.ingest.read.grid import Grid
from qlib_mfgru.provider.session import ASHARE, FREQS, SESSIONS, Freq, Session

DAY = pd.DatetimeIndex(["2025-01-02"])


def test_start_stamps_become_bar_ends() -> None:
    starts = np.array(["2025-01-02T09:30", "2025-01-02T14:45", "2025-01-02T11:30"], dtype="datetime64[s]")
    ends = Grid(ASHARE, "15min", "start").ends(starts)
    clock = ends[:2].astype("datetime64[m]").astype(str).tolist()
    assert clock == ["2025-01-02T09:45", "2025-01-02T15:00"]
    assert ends[2] == -1


def test_off_grid_ends_are_marked() -> None:
    stamps = ["09:45:00", "09:46:00", "12:00:00", "13:00:00", "15:00:00", "14:59:59", "09:30:00"]
    moments = np.array([f"2025-01-02T{stamp}" for stamp in stamps], dtype="datetime64[s]")
    ends = Grid(ASHARE, "15min", "end").ends(moments)
    assert (ends >= 0).tolist() == [True, False, False, False, True, False, True]


@pytest.mark.parametrize("freq", FREQS)
def test_the_wrong_convention_is_named(freq: Freq) -> None:
    ends = ASHARE.calendar(DAY, freq).to_numpy().astype("datetime64[s]")
    starts = ends - np.timedelta64(int(freq.removesuffix("min")), "m")
    assert Grid(ASHARE, freq, "end").fault(ends) is None
    assert Grid(ASHARE, freq, "start").fault(starts) is None
    assert f"they fit freq: {freq}, stamps: start" in str(Grid(ASHARE, freq, "end").fault(starts))
    assert f"they fit freq: {freq}, stamps: end" in str(Grid(ASHARE, freq, "start").fault(ends))


@pytest.mark.parametrize(
    ("stated", "true"), [("1min", "5min"), ("5min", "15min"), ("15min", "5min"), ("15min", "1min")]
)
def test_the_wrong_frequency_is_named(stated: Freq, true: Freq) -> None:
    ends = ASHARE.calendar(pd.bdate_range("2025-01-02", periods=20), true).to_numpy().astype("datetime64[s]")
    assert f"they fit freq: {true}, stamps: end" in str(Grid(ASHARE, stated, "end").fault(ends))


def test_another_time_zone_is_suspected() -> None:
    ends = ASHARE.calendar(DAY, "15min").to_numpy().astype("datetime64[s]") - np.timedelta64(8, "h")
    assert "Asia/Shanghai" in str(Grid(ASHARE, "15min", "end").fault(ends))


def test_an_opening_auction_bar_is_no_misfit() -> None:
    ends = ASHARE.calendar(DAY, "1min").to_numpy().astype("datetime64[s]")
    assert Grid(ASHARE, "1min", "end").fault(np.append(np.datetime64("2025-01-02T09:30:00"), ends)) is None


HK, US, CRYPTO = SESSIONS["hk"], SESSIONS["us"], SESSIONS["crypto"]


def moments(*clocks: str) -> np.ndarray:
    return np.array([f"2024-03-11T{clock}" for clock in clocks], dtype="datetime64[s]")


@pytest.mark.parametrize("session", [US, HK, CRYPTO], ids=["us", "hk", "crypto"])
@pytest.mark.parametrize("freq", FREQS)
def test_both_ends_of_a_bar_are_read_in_any_session(session: Session, freq: Freq) -> None:
    ends = session.calendar(pd.bdate_range("2024-03-11", periods=3), freq).to_numpy().astype("datetime64[s]")
    opened = np.tile(session.bar_ends(freq) - session.bar_starts(freq), 3).astype("timedelta64[m]")
    expected = ends.astype("datetime64[m]").astype("int64")
    for convention, stamps in (("end", ends), ("start", ends - opened)):
        grid = Grid(session, freq, convention)
        assert grid.fault(stamps) is None
        np.testing.assert_array_equal(grid.ends(stamps), expected)


@pytest.mark.parametrize("session", [US, HK, CRYPTO], ids=["us", "hk", "crypto"])
@pytest.mark.parametrize(("stated", "true"), list(permutations(FREQS, 2)))
def test_a_wrong_frequency_is_named_in_any_session(session: Session, stated: Freq, true: Freq) -> None:
    ends = session.calendar(pd.bdate_range("2024-03-11", periods=60), true).to_numpy().astype("datetime64[s]")
    assert f"they fit freq: {true}, stamps: end" in str(Grid(session, stated, "end").fault(ends))


def test_the_short_last_bar_of_a_morning_starts_where_the_one_before_ends() -> None:
    ends = Grid(HK, "60min", "start").ends(moments("10:30", "11:30", "13:00"))
    assert ends.astype("datetime64[m]").astype(str).tolist() == [
        "2024-03-11T11:30", "2024-03-11T12:00", "2024-03-11T14:00",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("freq", "convention", "auctions", "others"),
    [
        ("1min", "end", ["16:01:00", "16:10:00", "16:08:23"], ["16:00:00", "16:11:00", "15:59:00"]),
        ("1min", "start", ["16:00:00", "16:09:00"], ["15:59:00", "16:10:00"]),
        ("15min", "end", ["16:10:00", "16:15:00"], ["16:00:00", "16:30:00"]),
        ("15min", "start", ["16:00:00"], ["15:45:00", "16:15:00"]),
        ("60min", "end", ["16:10:00", "17:00:00"], ["16:00:00"]),
    ],
)
def test_a_bar_that_begins_or_ends_in_an_auction_is_the_auctions(
    freq: Freq, convention: str, auctions: list[str], others: list[str]
) -> None:
    grid = Grid(HK, freq, "end" if convention == "end" else "start")
    assert grid.in_auction(moments(*auctions)).all()
    assert not grid.in_auction(moments(*others)).any()
    assert (grid.ends(moments(*auctions)) == -1).all()


def test_auctions_are_no_misfit_but_hours_that_the_session_lacks_are() -> None:
    day = HK.calendar(DAY, "1min").to_numpy().astype("datetime64[s]")
    auction = np.arange("2025-01-02T16:01", "2025-01-02T16:11", dtype="datetime64[m]").astype("datetime64[s]")
    assert Grid(HK, "1min", "end").fault(np.append(day, auction)) is None
    night = US.calendar(DAY, "15min").to_numpy().astype("datetime64[s]") + np.timedelta64(13, "h")
    message = "100% of the stamps are off the session grid of freq: 15min, stamps: end (first 2025-01-02T22:45:00); "
    assert Grid(US, "15min", "end").fault(night) == message + "are they in the time of America/New_York?"


def test_an_auction_before_the_opening_that_is_left_out_does_not_join_the_first_bar() -> None:
    early = HK.changed(auctions=("09:00-09:30",))
    at_opening = moments("09:30:00")
    assert Grid(HK, "1min", "end").ends(at_opening)[0] > 0
    assert Grid(early, "1min", "end").ends(at_opening)[0] == -1
    assert Grid(early, "1min", "end").in_auction(at_opening)[0]
