"""Each way in which vendor files are bad, and what the user is told."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.errors import InputError

from .vendor import BARS, DAILY, make_bars, make_daily, replaced, run, stored, write

WHEN = "2025-03-04 10:00"
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
        (lambda bars: replaced(bars, "000001", WHEN, volume=-100), "negative volume"),
        (lambda bars: replaced(bars, "000001", WHEN, amount=-1.0), "negative amount"),
        (lambda bars: replaced(bars, "000001", WHEN, close=0.0), "price missing or not positive"),
        (lambda bars: replaced(bars, "000001", WHEN, open=np.nan), "price missing or not positive"),
        (lambda bars: replaced(bars, "000001", WHEN, close=np.inf), "text where a number belongs"),
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
    account = run(source, target)
    part = account.inputs["bars"]
    assert {name: tally.count for name, tally in part.dropped.items()} == {reason: 1}
    assert part.read == part.kept + 1 == 192
    example = part.dropped[reason].examples[0]
    assert example.startswith(f"all.{suffix} row ")
    assert ("HK00700" if reason == "unknown symbol" else "000001") in example
    assert ("tomorrow" if reason == "unparsable stamp" else "2025-03-0") in example
    assert np.isnan(stored(target, "SZ000001", "close", "15min")[WHEN])


def test_a_repeated_bar_is_counted_and_the_first_one_stays(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    source = write(tmp_path / "in", bars, make_daily(bars))
    again = bars[(bars["symbol"] == "000001") & (bars["datetime"] == WHEN)]
    again.assign(close=again["close"] + 0.01).to_parquet(source / "bars" / "later.parquet")
    account = run(source, target)
    tally = account.inputs["bars"].dropped["duplicate bar"]
    assert (tally.count, tally.examples) == (1, ["later.parquet: SZ000001 2025-03-04T10:00"])
    expected = again["close"].iloc[0] * 2
    assert stored(target, "SZ000001", "close", "15min")[WHEN] == pytest.approx(expected, rel=1e-6)


def test_a_repeated_daily_row_is_counted(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    daily = make_daily(bars)
    account = run(write(tmp_path / "in", bars, pd.concat([daily, daily.iloc[[0]]])), target, LOOSE)
    assert account.inputs["daily"].dropped["duplicate bar"].examples == ["daily.csv: SZ000001 2025-03-03"]


def test_more_bad_rows_than_allowed_stop_it(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    bars.loc[:19, "high"] = 1.0
    with pytest.raises(
        InputError, match=r"bars: 10\.4% of 192 rows are bad.*\n.*high < low \(e\.g\. all\.parquet row 1: 600000"
    ):
        run(write(tmp_path / "in", bars, make_daily(make_bars())), target)
    assert not target.exists()
    assert not list(tmp_path.glob("provider.*"))


@pytest.mark.parametrize("field", ["close", "volume"])
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_missing_column_is_named_with_file_and_columns(
    bars: pd.DataFrame, tmp_path: Path, target: Path, field: str, suffix: str
) -> None:
    source = write(tmp_path / "in", None, make_daily(bars))
    frame = bars.drop(columns=field)
    if suffix == "csv":
        frame.to_csv(source / "bars" / "a.csv", index=False)
    else:
        frame.to_parquet(source / "bars" / "a.parquet")
    with pytest.raises(InputError, match=rf"a\.{suffix}: no column for '{field}'; it has symbol, datetime, open"):
        run(source, target)


def test_a_column_that_the_mapping_names_must_be_there(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    source = write(tmp_path / "in", bars, make_daily(bars))
    with pytest.raises(InputError, match=r"all\.parquet: no column 'last' for 'close'; it has symbol"):
        run(source, target, {"bars": BARS | {"columns": {"close": "last"}}, "daily": DAILY})


def test_a_stock_without_column_or_name_is_an_error(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    source = write(tmp_path / "in", bars.drop(columns="symbol"), make_daily(bars))
    with pytest.raises(InputError, match=r"all\.parquet: no column for 'symbol' and no stock code in the file's name"):
        run(source, target)


def test_no_stamp_column_is_an_error(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    source = write(tmp_path / "in", bars.drop(columns="datetime"), make_daily(bars))
    with pytest.raises(InputError, match=r"all\.parquet: no column for 'datetime'"):
        run(source, target)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "the file is empty"),
        ("a.parquet", b"", "the file is empty"),
        ("a.csv", b"symbol,datetime,open,high,low,close,volume,amount\n", "has no rows"),
        ("a.csv", b"symbol,datetime,open,high,low,close,volume,amount\n\xff\xfe\xff", "cannot be read"),
    ],
)
def test_an_empty_or_unreadable_file_is_an_error(
    bars: pd.DataFrame, tmp_path: Path, target: Path, name: str, content: bytes, message: str
) -> None:
    source = write(tmp_path / "in", bars, make_daily(bars))
    (source / "bars" / name).write_bytes(content)
    with pytest.raises(InputError, match=rf"{name}: .*{message}"):
        run(source, target)


@pytest.mark.parametrize("keep", [0.3, 0.9, 0.999])
def test_a_truncated_parquet_file_is_an_error(bars: pd.DataFrame, tmp_path: Path, target: Path, keep: float) -> None:
    source = write(tmp_path / "in", bars, make_daily(bars))
    whole = (source / "bars" / "all.parquet").read_bytes()
    (source / "bars" / "all.parquet").write_bytes(whole[: int(len(whole) * keep)])
    with pytest.raises(InputError, match=r"all\.parquet: cannot be read \(truncated"):
        run(source, target)
    assert not target.exists()


def test_a_damaged_parquet_page_is_an_error(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    source = write(tmp_path / "in", bars, make_daily(bars))
    whole = bytearray((source / "bars" / "all.parquet").read_bytes())
    whole[4:600] = bytes(596)
    (source / "bars" / "all.parquet").write_bytes(bytes(whole))
    with pytest.raises(InputError, match=r"all\.parquet: cannot be read"):
        run(source, target)


def test_a_stock_written_in_two_ways_is_an_error(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    source = write(tmp_path / "in", bars, make_daily(bars))
    bars.assign(symbol="sh.600000").head(16).to_csv(source / "bars" / "more.csv", index=False)
    with pytest.raises(InputError, match=r"SH600000 is written '600000' in all\.parquet and 'sh\.600000' in more\.csv"):
        run(source, target)


def test_shifted_stamps_are_an_error_that_names_the_fit(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    source = write(tmp_path / "in", bars, make_daily(bars))
    with pytest.raises(InputError, match=r"all\.parquet: .*they fit freq: 15min, stamps: end"):
        run(source, target, {"bars": BARS | {"stamps": "start"}, "daily": DAILY})


@pytest.mark.parametrize("unit", [{"volume": "lots"}, {"amount": "thousand"}])
def test_a_wrong_unit_is_an_error(bars: pd.DataFrame, tmp_path: Path, target: Path, unit: dict[str, str]) -> None:
    source = write(tmp_path / "in", bars, make_daily(bars))
    with pytest.raises(InputError, match=r"all\.parquet: amount / volume is .* a unit seems wrong"):
        run(source, target, {"bars": BARS | unit, "daily": DAILY})


def test_raw_prices_without_a_factor_are_an_error(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    source = write(tmp_path / "in", bars, make_daily(bars).drop(columns="factor"))
    with pytest.raises(InputError, match="raw prices need a factor"):
        run(source, target)
    content = {"bars": BARS | {"prices": "unadjusted"}, "daily": {"files": "daily.csv", "prices": "unadjusted"}}
    account = run(source, target, content)
    assert stored(target, "SZ000001", "factor").tolist() == [1, 1, 1, 1]
    assert "no factor: prices are stored as they came (unadjusted)" in account.notes


def test_an_amount_that_does_not_fit_the_price_is_only_counted(
    bars: pd.DataFrame, tmp_path: Path, target: Path
) -> None:
    row = bars[(bars["symbol"] == "000001") & (bars["datetime"] == WHEN)].iloc[0]
    bars = replaced(bars, "000001", WHEN, amount=row["volume"] * row["high"] * 1.1)
    account = run(write(tmp_path / "in", bars, make_daily(bars)), target)
    tally = account.warnings["bars whose amount / volume lies outside [low, high] by more than 0.1 %, kept"]
    assert (tally.count, tally.examples) == (1, ["SZ000001 2025-03-04"])
    vwap = stored(target, "SZ000001", "vwap", "15min")[WHEN]
    assert vwap == pytest.approx(row["high"] * 1.1 * 2, rel=1e-6)


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
    account = run(write(tmp_path / "in", bars, daily), target, content, chunk_rows=31, slice_rows=50)
    part = account.inputs["bars"]
    assert {name: tally.count for name, tally in part.dropped.items()} == {
        "high < low": 1,
        "negative volume": 1,
        "off the session grid": 1,
        "no trade and no price": 1,
        "suspended day": 16,
        "no factor on that day": 16,
        "duplicate bar": 3,
    }
    assert part.read == 195 == part.kept + sum(tally.count for tally in part.dropped.values())
    closes = [stored(target, code, "close", "15min").count() for code in ("SH600000", "SZ000001", "SZ300750")]
    assert sum(closes) == part.kept


def test_no_such_file_or_folder_is_an_error(tmp_path: Path, target: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        run(tmp_path / "nowhere", target)
    with pytest.raises(InputError, match=r"bars: no file 'bars/\*' under"):
        run(tmp_path, target)


def test_a_foreign_folder_is_not_replaced(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    target.mkdir()
    (target / "thesis.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="was not made by qlib_mfgru"):
        run(write(tmp_path / "in", bars, make_daily(bars)), target)
    assert (target / "thesis.txt").read_text() == "mine"
