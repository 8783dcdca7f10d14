"""Each way in which a vendor's row is bad: it is counted with its first cases, and too many stop the ingest."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.errors import InputError

from ..vendor import BARS, DAILY, make_bars, make_daily, replaced, run, stored, with_inputs, write

WHEN = "2025-03-04 10:00"
OUTSIDE = "open or close outside [low, high]"
LOOSE = {"bars": BARS, "daily": DAILY, "max_dropped": 0.1}


def bad_stamp(bars: pd.DataFrame) -> pd.DataFrame:
    bars = bars.assign(datetime=bars["datetime"].astype(str))
    bars.loc[(bars["symbol"] == "000001") & (bars["datetime"] == f"{WHEN}:00"), "datetime"] = "tomorrow"
    return bars


def bad_number(bars: pd.DataFrame) -> pd.DataFrame:
    return replaced(bars.astype({"close": object}), "000001", WHEN, close="n.a.")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda bars: replaced(bars, "000001", WHEN, high=1.0), "high < low"),
        (lambda bars: replaced(bars, "000001", WHEN, open=0.0247), OUTSIDE),
        (lambda bars: replaced(bars, "000001", WHEN, close=11.0), OUTSIDE),
        (lambda bars: replaced(bars, "000001", WHEN, volume=-100), "negative volume"),
        (lambda bars: replaced(bars, "000001", WHEN, amount=-1.0), "negative amount"),
        (lambda bars: replaced(bars, "000001", WHEN, close=0.0), "price missing or not positive"),
        (lambda bars: replaced(bars, "000001", WHEN, open=np.nan), "price missing or not positive"),
        (lambda bars: replaced(bars, "000001", WHEN, close=np.inf), "beyond float32"),
        (lambda bars: replaced(bars, "000001", WHEN, high=1e39), "beyond float32"),
        (lambda bars: replaced(bars, "000001", WHEN, low=1e-300), "beyond float32"),
        (lambda bars: replaced(bars, "000001", WHEN, amount=1e300), "beyond float32"),
        (
            lambda bars: replaced(bars, "000001", WHEN, datetime=pd.Timestamp("2025-03-04 10:01")),
            "off the session grid",
        ),
        (lambda bars: replaced(bars, "000001", WHEN, datetime=pd.Timestamp("2025-03-08 10:00")), "on a weekend"),
        (lambda bars: replaced(bars, "000001", WHEN, symbol="HK00700"), "unknown symbol"),
        (bad_stamp, "unparsable stamp"),
        (bad_number, "text where a number belongs"),
    ],
)
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_bad_row_is_counted_with_file_stock_and_time(
    bars: pd.DataFrame,
    tmp_path: Path,
    target: Path,
    spoil: Callable[[pd.DataFrame], pd.DataFrame],
    reason: str,
    suffix: str,
) -> None:
    source = write(tmp_path / "in", None, make_daily(bars))
    spoiled = spoil(bars)
    if suffix == "csv":
        spoiled.to_csv(source / "bars" / "all.csv", index=False)
    else:
        if spoiled["close"].dtype == object:
            spoiled["close"] = spoiled["close"].astype(str)
        spoiled.to_parquet(source / "bars" / "all.parquet")
    report = run(source, target)
    rows = report.inputs["bars"]
    assert {name: tally.count for name, tally in rows.dropped.items()} == {reason: 1}
    assert rows.read == rows.kept + 1 == 192
    example = rows.dropped[reason].examples[0]
    assert example.startswith(f"all.{suffix} row ")
    assert ("HK00700" if reason == "unknown symbol" else "000001") in example
    assert ("tomorrow" if reason == "unparsable stamp" else "2025-03-0") in example
    assert np.isnan(stored(target, "SZ000001", "close", "15min")[WHEN])


@pytest.mark.parametrize(("keep", "file", "shift"), [("first", "later", 0.0), ("last", "all", 0.01)])
def test_a_bar_repeated_with_other_values_is_counted_and_one_of_them_stays(
    bars: pd.DataFrame, tmp_path: Path, target: Path, keep: str, file: str, shift: float
) -> None:
    source = write(tmp_path / "in", bars, make_daily(bars))
    again = bars[(bars["symbol"] == "000001") & (bars["datetime"] == WHEN)]
    again.assign(close=again["close"] + 0.01).to_parquet(source / "bars" / "later.parquet")
    report = run(source, target, with_inputs(bars=BARS | {"keep": keep}))
    tally = report.inputs["bars"].dropped[f"repeated with other values, the {keep} kept"]
    assert (tally.count, tally.examples) == (1, [f"{file}.parquet: SZ000001 2025-03-04T10:00"])
    expected = (again["close"].iloc[0] + shift) * 2
    assert stored(target, "SZ000001", "close", "15min")[WHEN] == pytest.approx(expected, rel=1e-6)


def test_a_repeated_daily_row_is_counted(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    daily = make_daily(bars)
    report = run(write(tmp_path / "in", bars, pd.concat([daily, daily.iloc[[0]]])), target, LOOSE)
    assert report.inputs["daily"].dropped["again with the same numbers"].examples == ["daily.csv: SZ000001 2025-03-03"]


def test_downloads_that_overlap_are_no_fault(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    source = write(tmp_path / "in", bars, make_daily(bars))
    bars[bars["datetime"] >= "2025-03-04"].to_parquet(source / "bars" / "later.parquet")
    report = run(source, target)
    rows = report.inputs["bars"]
    assert (rows.read, rows.kept, rows.dropped["again with the same numbers"].count) == (336, 192, 144)
    assert "144 dropped (no fault: 144 again with the same numbers)" in str(report)


def test_more_bad_rows_than_allowed_stop_it(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    bars.loc[:19, "high"] = 1.0
    with pytest.raises(
        InputError, match=r"bars: 10\.4% of 192 rows are bad.*\n.*high < low \(e\.g\. all\.parquet row 1: 600000"
    ):
        run(write(tmp_path / "in", bars, make_daily(make_bars())), target)
    assert not target.exists()
    assert not list(tmp_path.glob("provider.*"))


def test_rows_read_are_rows_kept_and_dropped(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    """Everything at once: nothing gets lost between the counts."""
    daily = make_daily(bars)
    bars = replaced(bars, "000001", "2025-03-03 10:00", high=0.5)
    bars = replaced(bars, "000001", "2025-03-03 10:15", volume=-1)
    bars = replaced(bars, "000001", "2025-03-03 10:30", datetime=pd.Timestamp("2025-03-03 12:00"))
    bars = replaced(bars, "000001", "2025-03-03 10:45", open=0, high=0, low=0, close=0, volume=0, amount=0)
    dead = (bars["symbol"] == "600000") & (bars["datetime"] < "2025-03-04")
    bars.loc[dead, ["open", "high", "low", "close", "volume", "amount"]] = 0
    daily = replaced(daily, "600000", "2025-03-03", volume=0)
    daily = daily[~((daily["symbol"] == "300750") & (daily["date"] > "2025-03-05"))]
    bars = pd.concat([bars, bars.tail(3)])
    content = {"bars": BARS, "daily": DAILY, "max_dropped": 0.3}
    report = run(write(tmp_path / "in", bars, daily), target, content, chunk_rows=31, slice_rows=50)
    rows = report.inputs["bars"]
    assert {name: tally.count for name, tally in rows.dropped.items()} == {
        "high < low": 1,
        "negative volume": 1,
        "off the session grid": 1,
        "no trade and no price": 1,
        "suspended day": 16,
        "no factor on that day": 16,
        "again with the same numbers": 3,
    }
    assert rows.read == 195 == rows.kept + sum(tally.count for tally in rows.dropped.values())
    closes = [stored(target, code, "close", "15min").count() for code in ("SH600000", "SZ000001", "SZ300750")]
    assert sum(closes) == rows.kept
