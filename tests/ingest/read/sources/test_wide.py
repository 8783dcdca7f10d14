"""Wide tables: the same provider as from rows, cells that are empty everywhere are no row."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.errors import InputError

from ...vendor import make_bars, make_daily, run, stored, with_inputs, write

FIELDS = ("open", "high", "low", "close", "volume", "factor")


def wide(folder: Path, rows: pd.DataFrame, stamp: str, fields: tuple[str, ...], suffix: str = "csv") -> dict[str, Any]:
    """Write a table for each field; the mapping's `wide`."""
    folder.mkdir(exist_ok=True)
    for name in fields:
        table = rows.pivot_table(index=stamp, columns="symbol", values=name).rename_axis(columns=None)
        path = folder / f"{name}.{suffix}"
        table.to_csv(path) if suffix == "csv" else table.to_parquet(path)
    return {"wide": {name: f"{name}.{suffix}" for name in fields}}


def assert_equal(one: Path, other: Path) -> None:
    files = sorted(file.relative_to(one) for file in (one / "features").rglob("*.bin"))
    assert files == sorted(file.relative_to(other) for file in (other / "features").rglob("*.bin"))
    for file in files:
        np.testing.assert_array_equal(np.fromfile(one / file, "<f4"), np.fromfile(other / file, "<f4"), str(file))


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize("chunk_rows", [3, 100_000])
def test_wide_tables_give_the_provider_of_the_same_rows(
    tmp_path: Path, target: Path, suffix: str, chunk_rows: int
) -> None:
    bars = make_bars()
    daily = make_daily(bars)
    daily = daily[~((daily["symbol"] == "300750") & (daily["date"] == "2025-03-03"))]
    bars = bars[~((bars["symbol"] == "300750") & (bars["datetime"] < "2025-03-04"))]
    folder = tmp_path / "wide"
    days = wide(folder, daily, "date", FIELDS, suffix)
    mapping = {"daily": days}
    report = run(folder, target, mapping, chunk_rows=chunk_rows)
    run(write(tmp_path / "in", None, daily), tmp_path / "by_rows", {"daily": {"files": "daily.csv"}})
    assert_equal(target, tmp_path / "by_rows")
    assert report.inputs["daily"].read == report.inputs["daily"].kept == 11


def test_intraday_bars_may_be_wide(tmp_path: Path, target: Path) -> None:
    bars = make_bars()
    source = write(tmp_path / "in", bars, make_daily(bars))
    run(source, tmp_path / "by_rows")
    tables = wide(source, bars, "datetime", (*FIELDS[:5], "amount"))
    run(source, target, with_inputs(bars=tables | {"freq": "15min", "stamps": "end"}), chunk_rows=10)
    assert_equal(target, tmp_path / "by_rows")


def test_fields_may_have_other_days_and_stocks_and_be_several_files(tmp_path: Path, target: Path) -> None:
    daily = make_daily(make_bars())
    source = write(tmp_path / "in", None, daily)
    (source / "shares_1.csv").write_text("date,600000,HK00700,300750\n2025-02-28,1000000,5,\n2025-03-04,2000000,6,--\n")
    (source / "shares_2.csv").write_text('date,300750\n2025-03-05,"3,000,000"\n')
    shares = {"wide": {"float_shares": ["shares_1.csv", "shares_2.csv"]}, "max_dropped": 0.5}
    report = run(source, target, {"daily": {"files": "daily.csv"}, "float_shares": shares}, chunk_rows=2)
    rows = report.inputs["float_shares"]
    assert {reason: tally.count for reason, tally in rows.dropped.items()} == {"unknown symbol": 2}
    assert (rows.read, rows.kept) == (5, 3)
    closes = daily.set_index(["symbol", "date"])["close"]
    expected = closes["600000"].to_numpy() * [1e6, 2e6, 2e6, 2e6]
    np.testing.assert_allclose(stored(target, "SH600000", "market_cap"), expected, rtol=1e-6)
    cell = stored(target, "SZ300750", "market_cap")
    np.testing.assert_allclose(cell[-2:], closes["300750"].to_numpy()[-2:] * 3e6, rtol=1e-6)
    assert cell[:-2].isna().all()


def test_names_of_industries_may_be_wide(tmp_path: Path, target: Path) -> None:
    source = write(tmp_path / "in", None, make_daily(make_bars()))
    (source / "industry.csv").write_text(
        "date,600000,000001,300750\n2025-03-03,Banks,Banks,Cells\n2025-03-05,Banks,,Wind\n"
    )
    industry = {"wide": {"industry": "industry.csv"}}
    run(source, target, {"daily": {"files": "daily.csv"}, "industry": industry})
    names = pd.read_csv(target / "industries.csv").set_index("code")["name"]
    assert stored(target, "SZ300750", "industry").map(names).tolist() == ["Cells", "Cells", "Wind", "Wind"]
    assert stored(target, "SZ000001", "industry").map(names).tolist() == ["Banks"] * 4


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("code,2025-03-03,2025-03-04\n600000,1,2\n", r"open\.csv: a wide table has stamps down and codes across"),
        ("code,date,open\n600000,2025-03-03,2\n", r"this one has code, open across; transpose it, or give it as files"),
        ("date,600000\n2025-03-04,1\n2025-03-03,2\n", r"open\.csv: the stamps of a wide table must ascend, each once"),
        ("date,600000\n2025-03-04,1\n2025-03-04,2\n", r"open\.csv: the stamps of a wide table must ascend, each once"),
        ("date,600000\nsome day,1\n", r"open\.csv: the stamps of a wide table must ascend, each once"),
        ("date,600000\n", r"[a-z]+\.csv: the file has no rows"),
        ("date,600000\n2025-03-03,\n", r"wide tables of daily: they have no values"),
    ],
)
def test_another_shape_is_one_line(tmp_path: Path, target: Path, content: str, message: str) -> None:
    for name in FIELDS:
        (tmp_path / f"{name}.csv").write_text(content)
    with pytest.raises(InputError, match=message):
        run(tmp_path, target, {"daily": {"wide": {name: f"{name}.csv" for name in FIELDS}}})


def test_a_field_that_is_needed_and_a_file_that_is_not_there_are_named(tmp_path: Path, target: Path) -> None:
    with pytest.raises(InputError, match=r"daily: no file 'open\.csv' under"):
        run(tmp_path, target, {"daily": {"wide": {"open": "open.csv"}}})
    (tmp_path / "open.csv").write_text("date,600000\n2025-03-03,1\n")
    with pytest.raises(InputError, match="wide tables of daily: no column for 'high'; it has symbol, datetime, open"):
        run(tmp_path, target, {"daily": {"wide": {"open": "open.csv"}}})
