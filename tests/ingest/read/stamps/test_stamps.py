"""Stamps as vendors write them: one moment, whatever the form, and the day it is of."""

from time import tzset

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.ingest.read.stamps import DateOrder, days_of_bars, join_date_time, parse_stamps

CHINA, NYSE = "Asia/Shanghai", "America/New_York"
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
        "2025-01-02T01:45Z",
        "2025-01-02 09:45:00+08",
        "2025-01-02 09:45+08",
        "2025-01-02 09:45:00+0800",
        "2025-01-02 09:45:00.000+08:00",
        "20250102 09:45:00+08",
        "2025/01/02 01:45:00+00",
        "2025-01-02 01:45:00 UTC",
        "2025-01-02 01:45:00 GMT",
        "2025-01-02 09:45:00 CST",
        "Thu Jan 02 09:45:00 CST 2025",
        "2 Jan 2025 01:45 UTC",
        "202501020945",
        "20250102094500",
        "20250102094500000",
        20250102094500000,
        202501020945,
        1735782300,
        1735782300.0,
        "1735782300",
        1735782300000,
        "1735782300000",
        1735782300123456,
        1735782300123456789,
        pd.Timestamp("2025-01-02 09:45"),
        pd.Timestamp("2025-01-02 01:45", tz="UTC"),
    ],
)
def test_vendor_stamps_are_one_moment(value: object) -> None:
    assert parse_stamps(pd.Series([value]), CHINA)[0] == MOMENT


def test_each_stamp_of_a_column_has_a_zone_of_its_own_or_none() -> None:
    written = ["2025-01-02 09:45:00+08", "2025-01-02 01:45:00 UTC", "2025-01-02 09:45:00", "2025-01-02 02:45:00+01"]
    assert (parse_stamps(pd.Series(written), CHINA) == MOMENT).all()
    days = parse_stamps(pd.Series(["2025-03-03 00:00:00+08", "2025-03-02 16:00:00 UTC", "2025-03-03"]), CHINA)
    assert days.astype(str).tolist() == ["2025-03-03T00:00:00"] * 3


@pytest.mark.parametrize(
    ("machine", "clock"), [("America/Chicago", "09:46"), ("Asia/Shanghai", "09:47"), ("America/New_York", "09:48")]
)
def test_the_short_name_of_a_zone_is_the_sessions_on_every_machine(
    machine: str, clock: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    winter, summer = f"2025-01-02 {clock}", f"2025-07-02 {clock}"
    with monkeypatch.context() as patched:
        patched.setenv("TZ", machine)
        tzset()
        named = [f"{winter}{half} {name}" for half in ("", " AM") for name in ("CST", "EST")]
        china = parse_stamps(pd.Series(named), CHINA)
        new_york = parse_stamps(pd.Series([f"{winter} EST", f"{summer} EDT", f"{summer} CST"]), NYSE)
    tzset()
    assert china.astype("datetime64[m]").astype(str).tolist() == [winter.replace(" ", "T"), "NaT"] * 2
    local = new_york.astype("datetime64[m]").astype(str).tolist()
    assert local == [winter.replace(" ", "T"), summer.replace(" ", "T"), "NaT"]


@pytest.mark.parametrize("value", ["2025-01-02Z", "2025-01-02 UTC", "2025-01-02+08:00"])
def test_a_date_with_a_zone_and_no_time_is_no_stamp(value: str) -> None:
    assert np.isnat(parse_stamps(pd.Series([value]), CHINA)[0])


def test_unparsable_stamps_are_nat_and_their_neighbours_are_not() -> None:
    parsed = parse_stamps(pd.Series(["2025-01-02 09:45", "soon", None, "20251399", "20250102", "09:45:00"]), CHINA)
    assert np.isnat(parsed).tolist() == [False, True, True, True, False, True]
    assert parsed[4] == np.datetime64("2025-01-02T00:00:00")


@pytest.mark.parametrize(
    "values",
    [
        ["9999-12-31", "0001-01-01 09:45", "2025-01-02 09:45"],
        ["99991231", "16001231094500", "20250102094500"],
        ["9999999999", "9999999999000", "1735782300"],
        ["9999-12-31 23:00Z", "9999-12-31 24:00", "2025-01-02 01:45Z"],
        np.array(["9999-12-31", "1600-01-01", "2025-01-02T09:45"], dtype="datetime64[s]"),
    ],
    ids=["text", "digits", "epochs", "zones", "datetimes"],
)
def test_years_that_no_market_has_are_no_stamps(values: list[str] | np.ndarray) -> None:
    """Nanoseconds do not reach them, microseconds do: what pandas reads depends on its version."""
    parsed = parse_stamps(pd.Series(values), CHINA)
    assert np.isnat(parsed).tolist() == [True, True, False]
    assert parsed[2] == MOMENT
    assert np.isnat(parse_stamps(pd.Series(values), NYSE)[:2]).all()


@pytest.mark.filterwarnings("error")
def test_datetimes_as_objects_are_read_without_a_warning() -> None:
    moments = pd.Series([pd.Timestamp("2025-01-02 09:45"), pd.Timestamp("2025-01-03")] * 2, dtype="object")
    expected = np.array(["2025-01-02T09:45", "2025-01-03T00:00"] * 2, dtype="datetime64[s]")
    np.testing.assert_array_equal(parse_stamps(moments, CHINA), expected)


@pytest.mark.parametrize(
    "time",
    ["09:45:00", "09:45", "945", "0945", "94500", "20250102094500000", "09:45:00.000", "1735782300000",
     "2025-01-02 09:45"],
)  # fmt: skip
def test_date_and_time_columns_join(time: str) -> None:
    assert parse_stamps(join_date_time(pd.Series(["2025-01-02"]), pd.Series([time])), CHINA)[0] == MOMENT


def test_one_time_that_is_none_leaves_the_others_as_they_are() -> None:
    times = pd.Series(["20250102094500000", "", "2.0e-284", "09:45", "202501020945"])
    parsed = parse_stamps(join_date_time(pd.Series(["2025-01-02"] * 5), times), CHINA)
    assert (parsed == MOMENT).tolist() == [True, False, False, True, True]
    assert np.isnat(parsed[2])


@pytest.mark.parametrize(
    "value",
    [
        "2024-02-29 24:00",
        "2024-02-29T24:00:00",
        "2024/02/29 24:00:00.000",
        "20240229 24:00",
        "202402292400",
        "20240229240000",
        "20240229240000000",
        202402292400,
        "2024-02-29 24:00+08:00",
        "2024-02-29 24:00:00+08",
        "2024-02-29 16:00 UTC",
        "2024-02-29 24:00 CST",
        "2024-02-29T16:00Z",
    ],
)
def test_24_hours_are_midnight_of_the_next_day(value: object) -> None:
    parsed = parse_stamps(pd.Series([value, "2024-02-29 09:45"]), CHINA)
    assert parsed.astype(str).tolist() == ["2024-03-01T00:00:00", "2024-02-29T09:45:00"]


def test_epochs_are_moments_in_utc_whatever_the_zone() -> None:
    parsed = parse_stamps(pd.Series([1735828200, 1735828200000]), "America/New_York")
    assert parsed.astype(str).tolist() == ["2025-01-02T09:30:00"] * 2


@pytest.mark.parametrize(
    "value",
    [942163200, "942163200", 942163200000, 942163200000.0, "942163200000", 942163200000000, 942163200000000000],
)
def test_epochs_before_september_2001_have_a_digit_less(value: object) -> None:
    assert str(parse_stamps(pd.Series([value]), CHINA)[0]) == "1999-11-10T00:00:00"


@pytest.mark.parametrize(
    ("value", "stamp"),
    [
        ("199001020945", "1990-01-02T09:45:00"), ("209912310945", "2099-12-31T09:45:00"),
        ("19991110094500", "1999-11-10T09:45:00"), (200109090946, "2001-09-09T09:46:00"),
        ("202513010945", "NaT"), ("202501029", "NaT"), ("103000000", "NaT"), ("0000000000", "NaT"),
    ],
)  # fmt: skip
def test_dates_of_digits_are_no_epochs(value: str, stamp: str) -> None:
    assert str(parse_stamps(pd.Series([value, "942163200000"]), CHINA)[0]) == stamp


def test_24_hours_of_a_zone_are_counted_there() -> None:
    """The clocks of New York go forward on 10 March, between the two midnights of UTC."""
    parsed = parse_stamps(pd.Series(["2024-03-09T24:00:00Z", "2024-03-10T24:00:00Z"]), "America/New_York")
    assert parsed.astype(str).tolist() == ["2024-03-09T19:00:00", "2024-03-10T20:00:00"]


@pytest.mark.parametrize(
    "value", ["2024-02-29 24:01", "2024-02-29 24:00:01", "202402292430", "24:00", "2024-02-30 24:00"]
)
def test_nothing_is_later_than_24_hours(value: str) -> None:
    assert np.isnat(parse_stamps(pd.Series([value]), CHINA)[0])


@pytest.mark.parametrize("time", ["24:00", "24:00:00", "2400", 2400, 240000])
def test_24_hours_in_a_time_column(time: object) -> None:
    parsed = parse_stamps(join_date_time(pd.Series(["2024-12-31"]), pd.Series([time])), CHINA)
    assert str(parsed[0]) == "2025-01-01T00:00:00"


@pytest.mark.parametrize(
    ("utc", "local"),
    [
        ("2024-03-08 14:45:00+00:00", "2024-03-08T09:45:00"),
        ("2024-03-11 13:45:00+00:00", "2024-03-11T09:45:00"),
        ("2024-11-01T13:45:00Z", "2024-11-01T09:45:00"),
        ("2024-11-04T14:45:00Z", "2024-11-04T09:45:00"),
    ],
)
def test_zoned_stamps_are_local_on_both_sides_of_a_clock_change(utc: str, local: str) -> None:
    assert str(parse_stamps(pd.Series([utc]), "America/New_York")[0]) == local
    assert str(parse_stamps(pd.Series([pd.Timestamp(utc)]), "America/New_York")[0]) == local


def test_a_bar_that_ends_at_midnight_ends_the_day() -> None:
    ends = np.array(["2024-03-11T00:15", "2024-03-11T23:45", "2024-03-12T00:00"], dtype="datetime64[m]").astype(int)
    assert days_of_bars(ends).astype("datetime64[D]").astype(str).tolist() == ["2024-03-11"] * 3


@pytest.mark.parametrize("value", ["20260316.0", 20260316.0, "2026-03-16", "2026/3/16", "16 Mar 2026", "Mar 16, 2026"])
def test_a_date_in_other_forms(value: object) -> None:
    assert str(parse_stamps(pd.Series([value]), CHINA)[0]) == "2026-03-16T00:00:00"


@pytest.mark.parametrize(
    "value",
    ["202603", "2026-03", "Mar 2026", "45723", 45723.0, "45723.5", "260316", "２０２６-03-16", "2026031６", "today"],
)
def test_what_is_no_date(value: object) -> None:
    assert np.isnat(parse_stamps(pd.Series([value]), CHINA)[0])


def test_dates_with_the_year_last_are_read_in_the_order_that_the_mapping_says() -> None:
    written = pd.Series(["01/07/2025", "16/07/2025 09:45", "1.7.2025 24:00", "2025-07-02"])
    with pytest.raises(DateOrder, match=r"such as 01/07/2025 and 16/07/2025 09:45 do not say .* `day_first: true` or"):
        parse_stamps(written, CHINA)
    assert parse_stamps(written, CHINA, day_first=True).astype(str).tolist() == [
        "2025-07-01T00:00:00", "2025-07-16T09:45:00", "2025-07-02T00:00:00", "2025-07-02T00:00:00",
    ]  # fmt: skip
    assert parse_stamps(written, CHINA, day_first=False).astype(str).tolist() == [
        "2025-01-07T00:00:00", "NaT", "2025-01-08T00:00:00", "2025-07-02T00:00:00",
    ]  # fmt: skip
