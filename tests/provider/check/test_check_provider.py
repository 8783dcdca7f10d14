"""What a check finds in providers of other programs, and in ours."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from foreign import CODES, DAYS, Foreign

from qlib_mfgru.cli import main
from qlib_mfgru.errors import InputError
from qlib_mfgru.provider.check.check import check_provider
from qlib_mfgru.provider.check.table import Row
from qlib_mfgru.provider.session import ASHARE


@pytest.fixture
def foreign(tmp_path: Path) -> Foreign:
    return Foreign(tmp_path / "cn_data", minutes=True)


def found(foreign: Foreign, **options: object) -> dict[str, Row]:
    """Findings besides the three that such a provider always has."""
    rows = {row.kind: row for row in check_provider(foreign.path, quiet=True, **options)}
    assert rows.pop("stocks without $vwap").severity == "warning"
    assert rows.pop("stocks without $amount").severity == "note"
    if hint := rows.pop("days with trade have no amount", None):
        assert (hint.severity, hint.count) == ("note", hint.judged)
        assert hint.cause == "whether volume is in shares or in lots cannot be judged"
    return rows


def test_a_consistent_provider_lacks_only_vwap_and_amount(foreign: Foreign) -> None:
    assert found(foreign) == {}
    vwap = next(row for row in check_provider(foreign.path, quiet=True) if row.kind == "stocks without $vwap")
    assert (vwap.count, vwap.judged, vwap.stocks, vwap.cases) == (3, 3, 3, list(CODES))
    assert "missing_vwap: typical" in vwap.cause


@pytest.mark.parametrize("freq", ["day", "60min"])
def test_a_damaged_file_is_an_error_that_names_it(foreign: Foreign, freq: str) -> None:
    file = foreign.file("SZ000001", "close", freq)
    file.write_bytes(file.read_bytes()[:-2])
    row = found(foreign)["files that are damaged"]
    assert (row.severity, row.count, row.stocks) == ("error", 1, 1)
    assert str(file) in row.cases[0]


def test_a_file_beyond_the_calendar_is_an_error(foreign: Foreign) -> None:
    foreign.write("SZ000001", "low", np.full(11, 20.0))
    assert found(foreign)["files that are damaged"].severity == "error"


def test_a_lost_factor_is_an_error_with_its_dates(foreign: Foreign) -> None:
    # what is stored is adjusted by the lost factor: closes of 10 between closes of 20
    for place in (3, 4, 5):
        for field in ("open", "high", "low", "close"):
            foreign.change("SH600000", field, place, 10.0 + place / 1e4)
    foreign.change("SH600000", "factor", slice(3, 6), 1.0)
    foreign.change("SH600000", "volume", slice(3, 6), 400.0)
    for field, value in (("open", 10.0), ("high", 10.0), ("low", 10.0), ("close", 10.0), ("volume", 100.0)):
        foreign.change("SH600000", field, slice(12, 24), value, "60min")
    rows = found(foreign)
    assert list(rows) == [
        "days on which the factor jumps and the raw price does not: it is lost, or found again",
        "closes outside the limits, given or derived",
    ]
    row = next(iter(rows.values()))
    assert (row.severity, row.count, row.cases) == ("error", 2, ["SH600000 2025-03-06 .. 2025-03-11"])


def test_bars_and_days_in_different_units_are_an_error(foreign: Foreign) -> None:
    for code in CODES:
        foreign.change(code, "volume", slice(None), 0.5, "60min")
    row = found(foreign)["days whose bars' volume differs from the daily one by more than 5 %"]
    assert (row.severity, row.count, row.judged) == ("error", 30, 30)
    assert row.cause.startswith("bars and days are in different units")


@pytest.mark.parametrize(
    ("changes", "kind", "severity", "count"),
    [
        ([("high", slice(None), 21.0, "day")],
         "days whose high or low is more than 0.5 % and a cent beyond all bars of the day",
         "error", 10),
        ([("high", slice(None), 20.36, "60min")],
         "days whose bars leave the daily [low, high] by more than 0.1 % and a cent",
         "error", 10),
        ([(name, 14, 26.0, "60min") for name in ("open", "high", "low", "close")],
         "bars with a price far from those of both bars beside it", "warning", 1),
        ([("high", slice(None), 24.0, "60min")],
         "bars whose high (low) is 3 % above (below) open and close", "error", 40),
        ([("volume", 5, 2e5, "day")], "days whose volume is more than 200 times those of both days beside it, or less "
         "by as much", "warning", 1),
    ],
)  # fmt: skip
def test_what_only_neighbours_or_bars_show(
    foreign: Foreign, changes: list[tuple[str, slice | int, float, str]], kind: str, severity: str, count: int
) -> None:
    for field, places, value, freq in changes:
        foreign.change("SH600000", field, places, value, freq)
    row = found(foreign)[kind]
    assert (row.severity, row.count, row.stocks) == (severity, count, 1)


@pytest.mark.parametrize(("times", "n_off"), [(1.0, 0), (1.2, 9)])
def test_limits_that_are_none_of_the_board(foreign: Foreign, times: float, n_off: int) -> None:
    for field, limit in (("limit_up", 22.0), ("limit_down", 18.0)):
        foreign.write("SH600000", field, np.full(len(DAYS), limit * times))
    rows = found(foreign)
    kind = "days whose limits are not the previous close and a ratio of the board"
    assert (rows[kind].count if n_off else kind in rows) == n_off
    if n_off:
        assert rows[kind].severity == "error"


@pytest.mark.parametrize("value", [np.inf, -5.0, 0.0, np.nan])
def test_no_price_on_a_day_with_trade_is_an_error(foreign: Foreign, value: float) -> None:
    foreign.change("SH600000", "close", 4, value)
    rows = found(foreign)
    assert any(row.severity == "error" and row.cases == ["SH600000 2025-03-07"] for row in rows.values())


def test_a_stored_vwap_outside_its_range_is_counted(foreign: Foreign) -> None:
    foreign.write("SH600000", "vwap", np.where(np.arange(10) == 4, 0.2, 20.0))
    rows = {row.kind: row for row in check_provider(foreign.path, quiet=True)}
    row = rows["days whose vwap lies outside [low, high]"]
    assert (row.severity, row.count, row.judged, row.cases) == ("warning", 1, 10, ["SH600000 2025-03-07"])


def test_what_is_missing_is_said(foreign: Foreign) -> None:
    foreign.file("SZ300750", "factor").unlink()
    foreign.file("SZ300750", "factor", "60min").unlink()
    foreign.file("SZ000001", "high").unlink()
    foreign.write("SH600000", "low", np.full(8, 19.8), start=2)
    with (foreign.path / "instruments" / "all.txt").open("a") as file:
        file.write("SH600001\t2025-03-03\t2025-03-14\n")
    rows = found(foreign)
    assert rows["stocks without any data"].cases == ["SH600001"]
    assert rows["stocks without $factor"].cases == ["SZ300750"]
    assert (rows["day fields that are missing"].severity, rows["day fields that are missing"].cases) == (
        "error",
        ["SZ000001 $high"],
    )
    assert rows["stocks whose day prices differ in start or length"].cases == ["SH600000"]


def test_an_index_is_judged_as_levels(foreign: Foreign) -> None:
    levels = np.full(8, 4000.0)
    levels[[2, 5]] = np.nan, 0.0
    foreign.write("SH000300", "close", levels)
    rows = found(foreign)
    assert rows["days without a level inside an index"].cases == ["SH000300 2025-03-05"]
    assert rows["index levels that are infinite or not positive"].cases == ["SH000300 2025-03-10"]
    row = rows["indices that end before the calendar"]
    assert (row.severity, row.cases) == ("error", ["SH000300 2025-03-12"])


def test_steps_and_rows_of_an_index_that_cannot_be(foreign: Foreign) -> None:
    levels = np.array([4000.0] * 5 + [4600.0] * 5) + np.arange(10)
    for name in ("open", "high", "low", "close"):
        foreign.write("SH000300", name, levels)
    rows = found(foreign)
    row = rows.pop("index levels that move more than 13 % in a day")
    assert (row.severity, row.count, row.judged, row.cases) == ("warning", 1, 10, ["SH000300 2025-03-10"])
    assert rows == {}
    foreign.change("SH000300", "high", 2, 40000.0)
    foreign.change("SH000300", "open", 7, 4000.0)
    row = found(foreign)["index rows whose open, high or low cannot be"]
    assert (row.severity, row.count, row.cases) == ("error", 2, ["SH000300 2025-03-05 .. 2025-03-12"])


def test_an_index_is_judged_where_no_stock_can_be_used(foreign: Foreign) -> None:
    foreign.write("SH000300", "close", 4000 + np.arange(10.0))
    assert check_provider(foreign.path, stocks=["SH000300"], quiet=True) == []
    for code in CODES:
        foreign.change(code, "high", slice(None), 10.0)
    row = found(foreign)["days whose open or close lies outside [low, high], or high < low"]
    assert (row.severity, row.count, row.stocks) == ("error", 30, 3)


def test_bars_on_days_that_the_daily_calendar_lacks_are_an_error(tmp_path: Path) -> None:
    """On a Saturday, and on the day after the last one."""
    saturday, monday = pd.to_datetime(["2025-03-08", "2025-03-17"])
    foreign = Foreign(tmp_path / "p", minutes=True, bar_days=[*DAYS[:5], saturday, *DAYS[5:], monday])
    row = found(foreign)["days of 60min bars that the daily calendar lacks"]
    assert (row.severity, row.count, row.judged) == ("error", 2, 12)
    assert row.cases == ["60min 2025-03-08 .. 2025-03-17"]


def test_a_hole_in_the_calendar_is_said(foreign: Foreign) -> None:
    days = [f"{day:%Y-%m-%d}" for day in [*DAYS[:9], pd.Timestamp("2025-04-01")]]
    (foreign.path / "calendars" / "day.txt").write_text("\n".join(days) + "\n")
    assert found(foreign)["holes in the calendar"].cases == ["2025-03-13 .. 2025-04-01"]


def test_only_some_stocks_and_days(foreign: Foreign) -> None:
    foreign.change("SH600000", "high", 4, 10.0)
    kind = "days whose open or close lies outside [low, high], or high < low"
    assert kind in found(foreign)
    assert kind in found(foreign, stocks=["600000"], since=pd.Timestamp("2025-03-07"))
    assert kind not in found(foreign, stocks=["sz.000001"])
    assert kind not in found(foreign, since=pd.Timestamp("2025-03-08"))
    with pytest.raises(InputError, match=r"no stock SH600009 \(--stocks\)"):
        found(foreign, stocks=["600009"])
    with pytest.raises(InputError, match="no day since 2026-01-01, the calendar ends on 2025-03-14"):
        found(foreign, since=pd.Timestamp("2026-01-01"))


def test_minutes_alone_are_judged(foreign: Foreign) -> None:
    (foreign.path / "calendars" / "day.txt").unlink()
    foreign.change("SH600000", "high", 4, 10.0, "60min")
    row = found(foreign)["bars whose open or close lies outside [low, high], or high < low"]
    assert (row.count, row.judged, row.cases) == (1, 120, ["SH600000 2025-03-04"])


def test_a_market_without_boards_has_no_limits(foreign: Foreign) -> None:
    """A factor of 1.25 that the price does not follow is beyond a board's limit, and within what others may do."""
    for name in ("SZ000001", "AAPL"):
        for field in ("open", "high", "low", "close", "volume", "factor"):
            foreign.write(name, field, 0.5 + np.arange(10) / 100 if field == "volume" else np.full(10, 20.0))
        foreign.change(name, "factor", slice(0, 5), 16.0)
        for field in ("open", "high", "low", "close"):
            foreign.change(name, field, slice(0, 5), 16.0)
    with (foreign.path / "instruments" / "all.txt").open("a") as file:
        file.write("AAPL\t2025-03-03\t2025-03-14\n")
    rows = {row.kind: row for row in check_provider(foreign.path, quiet=True)}
    wrong = rows["days whose adjusted return is beyond the limit while the raw one is not: the factor is wrong"]
    assert wrong.cases == ["SZ000001 2025-03-10"]
    assert found(foreign, stocks=["aapl"]) == {}


def test_our_own_provider_passes(provider: Path) -> None:
    assert [row for row in check_provider(provider, quiet=True) if row.severity == "error"] == []


def test_stamps_of_our_own_calendar_end_bars_of_the_session(provider: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(provider, tmp_path / "copy")
    calendar = copy / "calendars" / "15min.txt"
    stamps = calendar.read_text().replace("15:00:00", "14:59:00")
    calendar.write_text(stamps)
    (copy / "mfgru.json").write_text(json.dumps({"session": ASHARE.model_dump(mode="json")}))
    rows = {row.kind: row for row in check_provider(copy, quiet=True)}
    row = rows["stamps of the 15min calendar that end no bar"]
    assert (row.severity, row.count, row.judged) == ("error", stamps.count("14:59:00"), len(stamps.split("\n")) - 1)


def test_a_field_without_any_value_is_missing(foreign: Foreign) -> None:
    for code in CODES:
        foreign.write(code, "vwap", np.full(10, 20.0))
    foreign.change("SZ000001", "vwap", slice(None), np.nan)
    rows = {row.kind: row for row in check_provider(foreign.path, quiet=True)}
    row = rows["fields of most stocks without any value"]
    assert (row.severity, row.count, row.cases) == ("warning", 1, ["SZ000001 vwap.day"])


def test_exit_codes(foreign: Foreign, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(foreign.path), "--quiet"]) == 0
    foreign.change("SH600000", "close", 4, np.inf)
    assert main(["check", str(foreign.path), "--quiet"]) == 1
    assert main(["check", str(foreign.path), "--quiet", "--stocks", "000001"]) == 0
    assert main(["check", str(foreign.path / "features"), "--quiet"]) == 2
    assert main(["check", str(foreign.path), "--since", "soon"]) == 2
    assert main(["check", str(foreign.path), "--out", "report.pdf"]) == 2
    missing = foreign.path / "no" / "report.md"
    assert main(["check", str(foreign.path), "--out", str(missing)]) == 2
    output = capsys.readouterr()
    assert f"--out is {str(missing)!r}: there is no folder {missing.parent}" in output.err
    assert "| error | days with a number that is infinite or beyond float32 | 1 |" in output.out
    assert "--out is 'report.pdf': must end in .md or .html" in output.err
