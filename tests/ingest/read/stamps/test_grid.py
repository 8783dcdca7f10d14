"""Which stamps fit a session's bars, what is wrong with those that do not, and which are an auction's."""

from itertools import permutations
from typing import Literal

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.ingest.assemble.bars import DayBars
from qlib_mfgru.ingest.read.spool import BAR, PRICES
from qlib_mfgru.ingest.read.stamps.grid import Grid
from qlib_mfgru.provider.session import ASHARE, FREQS, SESSIONS, Freq, Session

DAY = pd.DatetimeIndex(["2025-01-02"])


def test_start_stamps_become_bar_ends() -> None:
    starts = np.array(["2025-01-02T09:30", "2025-01-02T14:45", "2025-01-02T12:00"], dtype="datetime64[s]")
    ends = Grid(ASHARE, "15min", "start").ends(starts)
    clock = ends[:2].astype("datetime64[m]").astype(str).tolist()
    assert clock == ["2025-01-02T09:45", "2025-01-02T15:00"]
    assert ends[2] == -1


@pytest.mark.parametrize(
    ("freq", "convention", "clocks", "slots"),
    [
        ("15min", "end", ["09:25", "09:30", "14:57", "15:00"], [0, 0, 15, 15]),
        ("15min", "start", ["09:25", "09:29", "09:30", "11:30", "13:00", "14:45", "14:57", "15:00"],
         [0, 0, 0, 7, 8, 15, 15, 15]),
        ("1min", "end", ["09:25", "09:30", "09:31", "14:57", "14:58", "15:00"], [0, 0, 0, 236, 237, 239]),
        ("1min", "start", ["09:25", "09:30", "11:30", "14:57", "14:59", "15:00"], [0, 0, 119, 237, 239, 239]),
        ("5min", "start", ["09:25", "11:25", "11:30", "13:00", "14:55", "15:00"], [0, 23, 23, 24, 47, 47]),
    ],
)  # fmt: skip
def test_prints_of_auctions_join_the_bar_beside_them(
    freq: Freq, convention: Literal["end", "start"], clocks: list[str], slots: list[int]
) -> None:
    """Each keeps a moment of its own, so that none is taken for a repeat, and their order is that of the day."""
    stamps = np.array([f"2025-01-02T{clock}" for clock in clocks], dtype="datetime64[s]")
    ends = Grid(ASHARE, freq, convention).ends(stamps)
    assert (np.diff(ends) > 0).all() or clocks == ["09:25", "09:30", "14:57", "15:00"]
    assert len(set(ends)) == len(ends)
    rows = np.zeros(len(ends), BAR)
    rows["when"] = ends
    for name in PRICES:
        rows[name] = 10
    rows["volume"] = 1
    day = int(stamps[0].astype("datetime64[D]").astype(int))
    volume = DayBars.aggregate(np.sort(rows, order="when"), np.array([day]), ASHARE, freq).volume[0]
    expected = np.bincount(slots, minlength=len(volume))
    np.testing.assert_array_equal(np.nan_to_num(volume), expected)


@pytest.mark.parametrize("clock", ["09:24", "09:14", "11:31", "12:59", "15:05"])
@pytest.mark.parametrize("convention", ["end", "start"])
def test_what_is_in_no_bar_and_no_auction_is_off_the_grid(clock: str, convention: Literal["end", "start"]) -> None:
    stamp = np.array([f"2025-01-02T{clock}"], dtype="datetime64[s]")
    assert Grid(ASHARE, "15min", convention).ends(stamp)[0] == -1


def clock_of_minutes(*others: str, without: tuple[str, ...] = (), convention: str = "end") -> np.ndarray:
    """Stamps of three days of 1min bars, with some more and without some."""
    shift = np.timedelta64(0 if convention == "end" else 1, "m")
    days = pd.bdate_range("2025-01-02", periods=3)
    stamps = ASHARE.calendar(days, "1min").to_numpy().astype("datetime64[s]") - shift
    clock = np.array([str(stamp)[11:16] for stamp in stamps])
    extra = [np.datetime64(f"{day:%Y-%m-%d}T{other}", "s") for day in days for other in others]
    return np.sort(np.append(stamps[~np.isin(clock, without)], np.array(extra, "datetime64[s]")))


@pytest.mark.parametrize(
    ("stamps", "true"),
    [
        (clock_of_minutes("09:30"), "end"),
        (clock_of_minutes("09:25"), "end"),
        (clock_of_minutes("15:00", convention="start"), "start"),
        (clock_of_minutes("09:25", "15:00", convention="start"), "start"),
        (clock_of_minutes("09:25", "11:30", "15:00", convention="start"), "start"),
    ],
)
def test_prints_do_not_hide_the_convention(stamps: np.ndarray, true: Literal["end", "start"]) -> None:
    other: Literal["end", "start"] = "start" if true == "end" else "end"
    assert Grid(ASHARE, "1min", true).fault(stamps) is None
    assert (Grid(ASHARE, "1min", true).ends(stamps) >= 0).all()
    fault = Grid(ASHARE, "1min", other).fault(stamps)
    if len(stamps) == 3 * 243:  # both ends of both pauses: nothing tells the two conventions apart
        assert fault is None
    else:
        assert f"they fit freq: 1min, stamps: {true}" in str(fault)


def test_off_grid_ends_are_marked() -> None:
    stamps = ["09:45:00", "09:46:00", "12:00:00", "13:00:00", "15:00:00", "14:59:59", "09:30:00"]
    moments = np.array([f"2025-01-02T{stamp}" for stamp in stamps], dtype="datetime64[s]")
    ends = Grid(ASHARE, "15min", "end").ends(moments)
    assert (ends >= 0).tolist() == [True, False, False, False, True, False, True]
    assert Grid(US, "15min", "end").ends(np.array(["2025-01-02T09:25"], dtype="datetime64[s]"))[0] == -1


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


def stamps_of(session: Session, freq: Freq, convention: str, n_days: int = 3) -> np.ndarray:
    """The stamps of a few whole days from Monday, 11 March 2024, on."""
    minutes = session.bar_ends(freq) if convention == "end" else session.bar_starts(freq)
    days = pd.bdate_range("2024-03-11", periods=n_days).to_numpy().astype("datetime64[s]")
    return (days[:, None] + minutes.astype("timedelta64[m]")).ravel()


@pytest.mark.parametrize("session", [US, HK, CRYPTO], ids=["us", "hk", "crypto"])
@pytest.mark.parametrize("freq", FREQS)
@pytest.mark.parametrize(("stated", "true"), [("end", "start"), ("start", "end")])
def test_the_wrong_convention_is_named_in_any_session(
    session: Session, freq: Freq, stated: Literal["end", "start"], true: str
) -> None:
    assert f"they fit freq: {freq}, stamps: {true}" in str(
        Grid(session, freq, stated).fault(stamps_of(session, freq, true))
    )


@pytest.mark.parametrize("session", [US, CRYPTO], ids=["us", "crypto"])
def test_frequency_and_convention_are_named_together(session: Session) -> None:
    for true in ("start", "end"):
        fault = str(Grid(session, "15min", "end").fault(stamps_of(session, "1min", true)))
        assert f"they fit freq: 1min, stamps: {true}" in fault
        fault = str(Grid(session, "15min", "end").fault(stamps_of(session, "60min", true, 10)))
        assert f"they fit freq: 60min, stamps: {true}" in fault


def test_an_opening_auction_bar_and_a_half_day_are_no_start_stamps() -> None:
    day = stamps_of(US, "1min", "end", 1)
    with_auction = np.append(day[0] - np.timedelta64(1, "m"), day)
    assert Grid(US, "1min", "end").fault(with_auction) is None
    assert Grid(US, "1min", "end").fault(np.append(with_auction, with_auction[:211])) is None


@pytest.mark.parametrize(
    ("convention", "first", "last", "fits"),
    [
        ("end", "2024-03-11T00:00", "2024-04-30T23:45", "start"),
        ("start", "2024-03-11T00:15", "2024-05-01T00:00", "end"),
        ("end", "2024-03-11T00:15", "2024-05-01T00:00", None),
        ("start", "2024-03-11T00:00", "2024-04-30T23:45", None),
        ("end", "2024-03-11T00:00", "2024-05-01T00:00", None),
        ("end", "2024-03-11T04:00", "2024-04-30T23:45", None),
        ("end", "NaT", "NaT", None),
    ],
)
def test_round_the_clock_a_files_first_and_last_stamp_show_the_convention(
    convention: Literal["end", "start"], first: str, last: str, fits: str | None
) -> None:
    fault = Grid(CRYPTO, "15min", convention).fault_at_edges(np.array([first, last], dtype="datetime64[s]"))
    expected = f"they fit freq: 15min, stamps: {fits}"
    assert fault is None if fits is None else str(fault).endswith(expected)


def test_hours_of_the_clock_are_not_half_hours() -> None:
    """10:00 .. 16:00 are half of the half hours: as such they would leave the others empty."""
    hours = np.concatenate([moments(*(f"{hour}:00" for hour in range(10, 17))) + np.timedelta64(day, "D")
                            for day in range(5)])  # fmt: skip
    assert Grid(US, "60min", "end").fault(hours) == (
        "86% of the stamps are off the session grid of freq: 60min, stamps: end (first 2024-03-11T10:00:00); "
        "are they in the time of America/New_York?"
    )
    closes_first = np.append(hours[6], hours)
    assert "(first 2024-03-11T10:00:00)" in str(Grid(US, "60min", "end").fault(closes_first)), "16:00 is on the grid"


@pytest.mark.parametrize("hours", ["09:30-09:31", "09:30-09:50"])
def test_a_day_so_short_that_coarser_bars_are_the_same(hours: str) -> None:
    session = Session(hours=(hours,), zone="UTC")
    for convention in ("end", "start"):
        grid = Grid(session, "1min", "end" if convention == "end" else "start")
        assert grid.fault(stamps_of(session, "1min", convention)) is None
    half_hour = stamps_of(session, "30min", "end")
    assert Grid(session, "30min", "end").fault(half_hour) is None


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
