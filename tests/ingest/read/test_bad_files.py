"""Each way in which a vendor's file is bad as a whole: an error that names the file and the fault."""

from pathlib import Path

import pandas as pd
import pytest

from qlib_mfgru.errors import InputError

from ..vendor import BARS, DAILY, make_daily, run, write


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
    ("name", "content"),
    [
        ("a.csv", b""),
        ("a.parquet", b""),
        ("a.csv", b'""\n'),
        ("a.csv", b"symbol,datetime,open,high,low,close,volume,amount\n"),
    ],
)
def test_a_file_without_a_row_is_left_out_beside_others(
    bars: pd.DataFrame, tmp_path: Path, target: Path, name: str, content: bytes
) -> None:
    """What a vendor answers about a stock that it does not have; where all files are so, something else is wrong."""
    source = write(tmp_path / "in", bars, make_daily(bars))
    (source / "bars" / name).write_bytes(content)
    report = run(source, target)
    tally = report.warnings["bars: files without a row, left out"]
    assert (tally.count, tally.examples, report.inputs["bars"].kept) == (1, [name], 192)
    (source / "bars" / "all.parquet").unlink()
    (source / "bars" / "b.csv").write_bytes(b"")
    with pytest.raises(InputError, match=rf"{name}: the file has no rows, nor have the 1 others of bars"):
        run(source, target)


def test_an_unreadable_file_is_an_error(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    source = write(tmp_path / "in", bars, make_daily(bars))
    (source / "bars" / "a.csv").write_bytes(b"symbol,datetime,open,high,low,close,volume,amount\n\xff\xfe\xff")
    with pytest.raises(InputError, match=r"a\.csv: .*cannot be read"):
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


def test_no_such_file_or_folder_is_an_error(tmp_path: Path, target: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        run(tmp_path / "nowhere", target)
    with pytest.raises(InputError, match=r"bars: no file 'bars/\*' under"):
        run(tmp_path, target)


def test_a_column_of_structs_is_an_error(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    source = write(tmp_path / "in", None, make_daily(bars))
    for column, value in (("datetime", {"a": 1}), ("close", [1.0])):
        bars.assign(**{column: [value] * len(bars)}).to_feather(source / "bars" / "a.feather")
        with pytest.raises(InputError, match=rf"a\.feather: .*column '{column}' holds no values but a (struct|list)"):
            run(source, target)


@pytest.mark.parametrize("pattern", [".", "/", "ts/**x/*.csv", "", "~"])
def test_a_pattern_that_fits_no_file_is_one_line(tmp_path: Path, target: Path, pattern: str) -> None:
    with pytest.raises(InputError) as error:
        run(write(tmp_path / "in"), target, {"daily": {"files": pattern}})
    assert "\n" not in str(error.value)


def test_files_may_be_anywhere(
    bars: pd.DataFrame, tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    write(tmp_path / "in", bars, make_daily(bars))
    (tmp_path / "elsewhere").mkdir()
    content = {"bars": BARS | {"files": "~/in/bars/*"}, "daily": str(tmp_path / "in" / "daily.csv")}
    assert run(tmp_path / "elsewhere", target, content).inputs["bars"].kept == 192
