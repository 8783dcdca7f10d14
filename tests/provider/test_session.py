"""The session grid in literal stamps."""

import pandas as pd
import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.provider.session import ASHARE, FREQS, SESSIONS, Session, days_of, freq_minutes


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


@pytest.mark.parametrize(
    ("name", "freq", "clocks"),
    [
        ("us", "60min", ["10:30", "11:30", "12:30", "13:30", "14:30", "15:30", "16:00"]),
        ("hk", "60min", ["10:30", "11:30", "12:00", "14:00", "15:00", "16:00"]),
        ("hk", "30min", ["10:00", "10:30", "11:00", "11:30", "12:00", "13:30", "14:00", "14:30", "15:00", "15:30",
                         "16:00"]),
    ],
)  # fmt: skip
def test_the_last_bar_of_a_part_of_the_day_may_be_shorter(name: str, freq: str, clocks: list[str]) -> None:
    assert SESSIONS[name].calendar(pd.DatetimeIndex(["2024-03-11"]), freq).strftime("%H:%M").tolist() == clocks


@pytest.mark.parametrize("name", SESSIONS)
@pytest.mark.parametrize("freq", FREQS)
def test_a_bar_starts_where_the_one_before_ends_or_a_part_of_the_day_does(name: str, freq: str) -> None:
    session = SESSIONS[name]
    starts, ends = session.bar_starts(freq), session.bar_ends(freq)
    opened = {start for start, _ in session.spans}
    assert all(start in opened or start == before for start, before in zip(starts, [None, *ends[:-1]], strict=True))
    assert (ends - starts).sum() == sum(end - start for start, end in session.spans)


def test_a_day_of_crypto_ends_with_the_bar_of_midnight() -> None:
    days = pd.DatetimeIndex(["2024-03-11", "2024-03-12"])
    stamps = SESSIONS["crypto"].calendar(days, "60min")
    assert [str(stamps[0]), str(stamps[23])] == ["2024-03-11 01:00:00", "2024-03-12 00:00:00"]
    assert days_of(stamps).astype(str).tolist() == ["2024-03-11"] * 24 + ["2024-03-12"] * 24


@pytest.mark.parametrize("zone", ["localtime", "posixrules", "Factory", "Nowhere", "../UTC", "Asia"])
def test_a_zone_is_the_same_on_every_machine(zone: str) -> None:
    with pytest.raises(InputError, match=f"zone is '{zone}': must be a time zone such as Asia/Shanghai"):
        Session(hours=("09:30-16:00",), zone=zone)


def test_an_auction_within_the_hours_is_refused() -> None:
    with pytest.raises(InputError, match="auctions must lie outside the hours 09:30-16:00, not 15:50-16:10"):
        Session(hours=("09:30-16:00",), zone="UTC", auctions=("16:10-16:20", "15:50-16:10"))
