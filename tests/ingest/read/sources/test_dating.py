"""Dates from files' names, and never today's."""

from pathlib import Path

import pandas as pd
import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import IngestMapping
from qlib_mfgru.ingest.pipeline import ingest
from qlib_mfgru.ingest.read.sources.dating import date_in_name

from ...vendor import make_bars, make_daily, run, stored, write


@pytest.mark.parametrize(
    ("stem", "date"),
    [
        ("20260323", "2026-03-23"),
        ("2026-03-23_600000", "2026-03-23"),
        ("SH600000_2026.03.23", "2026-03-23"),
        ("600000", None),
        ("bars_2026", None),
        ("20261323", None),
        ("120260323", None),
    ],
)
def test_the_date_in_a_name(stem: str, date: str | None) -> None:
    assert date_in_name(stem) == date


def by_day(folder: Path, bars: pd.DataFrame, column: str, clock: str, named: str) -> Path:
    """A vendor folder whose bars are a file a day, or a stock and day, with a time of day only."""
    source = write(folder / "in", None, make_daily(bars))
    keys = [bars["datetime"].dt.strftime("%Y-%m-%d"), bars["symbol"]]
    for (day, symbol), rows in bars.groupby(keys):
        frame = rows.drop(columns="datetime").assign(**{column: rows["datetime"].dt.strftime(clock)})
        frame.to_csv(source / "bars" / f"{named.format(day=day, compact=day.replace('-', ''), symbol=symbol)}.csv")
    return source


@pytest.mark.parametrize("column", ["time", "datetime"])
@pytest.mark.parametrize("clock", ["%H:%M", "%H:%M:%S", "%H%M%S"])
@pytest.mark.parametrize("named", ["{day}_{symbol}", "{symbol}_{compact}"])
def test_a_time_of_day_takes_the_date_from_the_files_name(
    tmp_path: Path, target: Path, column: str, clock: str, named: str
) -> None:
    bars = make_bars()
    report = run(by_day(tmp_path, bars, column, clock, named), target)
    one = bars[bars["symbol"] == "000001"].set_index("datetime")
    closes = stored(target, "SZ000001", "close", "15min")
    assert closes.index.tolist() == one.index.tolist()
    assert closes.tolist() == pytest.approx((one["close"] * 2).tolist(), rel=1e-6)
    assert "bars: no column of dates: they are taken from the files' names" in report.notes


def test_a_time_of_day_without_any_date_is_an_error(tmp_path: Path, target: Path) -> None:
    bars = make_bars()
    source = by_day(tmp_path, bars[bars["datetime"] < "2025-03-04"], "time", "%H:%M", "{symbol}")
    with pytest.raises(InputError, match=r"000001\.csv: times of day without a date: no column of dates, none in"):
        run(source, target)


def test_a_date_beside_a_time_of_day_goes_before_the_name(tmp_path: Path, target: Path) -> None:
    bars = make_bars()
    source = write(tmp_path / "in", None, make_daily(bars))
    stamps = bars["datetime"].dt
    columns = {"日期": stamps.strftime("%Y/%m/%d"), "时间": stamps.strftime("%H%M")}
    bars.drop(columns="datetime").assign(**columns).to_csv(source / "bars" / "19990101.csv", index=False)
    run(source, target)
    assert str(stored(target, "SZ000001", "close", "15min").index[0]) == "2025-03-03 09:45:00"


def test_daily_rows_without_a_stamp_take_the_date_of_their_file(tmp_path: Path, target: Path) -> None:
    daily = make_daily(make_bars())
    source = write(tmp_path / "in")
    for day, rows in daily.groupby("date"):
        rows.drop(columns="date").to_csv(source / f"{day:%Y%m%d}.csv", index=False)
    report = run(source, target, {"daily": {"files": "2025*.csv"}, "industry": industries(source)})
    closes = daily[daily["symbol"] == "600000"]["close"].to_numpy() * 2
    assert stored(target, "SH600000", "close").tolist() == pytest.approx(closes.tolist(), rel=1e-6)
    assert "industry: industry_20250305.csv has no dates, taken as a snapshot that holds on all days" in report.notes
    assert stored(target, "SH600000", "industry").notna().all()


def industries(source: Path) -> str:
    """A snapshot, whose name has a date that it does not begin on."""
    (source / "industry_20250305.csv").write_text("code,industry\n600000,Banks\n000001,Banks\n300750,Cells\n")
    return "industry_20250305.csv"


@pytest.mark.parametrize("written", ["45723", "202503", "250303", "2025-03"])
def test_a_column_of_dates_that_cannot_be_read_is_no_time_of_day(tmp_path: Path, target: Path, written: str) -> None:
    source = write(tmp_path / "in", None, pd.DataFrame())
    for day, rows in make_daily(make_bars()).groupby("date"):
        rows.assign(date=written).to_csv(source / f"{day:%Y%m%d}.csv", index=False)
    (source / "daily.csv").unlink()
    with pytest.raises(InputError, match=r"unparsable stamp \(e\.g\. 20250303\.csv row 1"):
        run(source, target, {"daily": "*.csv"})


def test_a_whole_input_is_read_in_one_order(tmp_path: Path, target: Path) -> None:
    """March has more than 12 days only in some files, and either order fits the others."""
    source = write(tmp_path / "in", None, pd.DataFrame())
    (source / "daily.csv").unlink()
    for day, rows in make_daily(make_bars()).groupby("date"):
        rows.assign(date=day.strftime("%d/%m/%Y")).to_csv(source / f"d{day:%Y%m%d}x.csv", index=False)
    with pytest.raises(InputError, match=r"csv: dates such as 03/03/2025 do not say what comes first"):
        run(source, target, {"daily": "*.csv"})
    ingest(IngestMapping(daily={"files": "*.csv", "day_first": True}), source, target, quiet=True)
    assert stored(target, "SZ000001", "close").index[0] == pd.Timestamp("2025-03-03")
