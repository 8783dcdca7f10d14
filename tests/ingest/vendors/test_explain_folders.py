"""--explain on folders as users have them: prose and pictures beside the tables, few rows, codes twice."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pandas as pd
import pytest
import yaml

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.explain import explain

from ..vendor import text
from .market import Market

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A table of daily rows, in lots and thousands, beside a page of prose and a picture."""
    rows = Market.make().daily.drop(columns=["name", "is_st", "prev_close"]).head(6)
    rows = rows.assign(volume=rows["volume"] / 100, amount=rows["amount"] / 1000)
    rows.to_csv(tmp_path / "daily.csv", index=False)
    text(tmp_path, "README.md", "# Bars\n\nOf a vendor, with prices, volumes; and amounts.\n")
    (tmp_path / "plot.png").write_bytes(PNG)
    return tmp_path


def test_what_is_no_table_is_listed_and_left_out(folder: Path) -> None:
    found = explain([folder])
    first, left_out = found.paragraphs
    assert first.startswith(f"{folder / 'daily.csv'}: daily rows")
    lines = left_out.splitlines()
    assert [line.partition(": no table, left out (")[0] for line in lines] == [
        str(folder / name) for name in ("README.md", "plot.png")
    ]
    assert list(yaml.safe_load(found.mapping)) == ["daily"]


def test_no_table_at_all_is_an_error(folder: Path) -> None:
    (folder / "daily.csv").unlink()
    with pytest.raises(InputError, match=r"README\.md: "):
        explain([folder])


def test_units_of_few_rows_are_those_that_the_rows_tell(folder: Path) -> None:
    found = explain([folder / "daily.csv"])
    section = yaml.safe_load(found.mapping)["daily"]
    assert (section["volume"], section["amount"]) == ("lots", "thousand")
    assert "so volume: lots, amount: thousand; few rows (5), so look at them yourself" in str(found)


def test_an_archive_of_several_tables(folder: Path) -> None:
    rows = pd.read_csv(folder / "daily.csv", dtype="str")
    with zipfile.ZipFile(folder / "d.zip", "w") as archive:
        for code, of_stock in rows.groupby("symbol"):
            archive.writestr(f"{code}.csv", of_stock.to_csv(index=False))
    found = explain([folder / "d.zip"])
    section = yaml.safe_load(found.mapping)["daily"]
    assert (section["files"], section["volume"], section["amount"]) == ("d.zip", "lots", "thousand")
    assert "rows         6" in str(found)


def test_indices_in_files_named_by_bare_codes(tmp_path: Path) -> None:
    (tmp_path / "levels").mkdir()
    for code in ("000300", "399006"):
        text(tmp_path / "levels", f"{code}.csv", "date,open,high,low,close\n2025-03-03,3900,3950,3880,3920\n")
    found = explain([tmp_path])
    assert yaml.safe_load(found.mapping) == {"index": {"files": "levels/*.csv"}}
    assert "indices      2 (e.g. SH000300, SZ399006)" in str(found)


def test_one_code_in_two_spellings_is_no_index(tmp_path: Path) -> None:
    """tushare's stock_basic has a stock's code twice."""
    content = "ts_code,symbol,industry\n000001.SZ,000001,银行\n600000.SH,600000,银行\n"
    found = explain([tmp_path / text(tmp_path, "b.csv", content)])
    assert "columns      symbol, industry; not used: ts_code" in str(found)
    weights = "code,symbol,trade_date,weight\n000300.SH,600000.SH,20250303,60\n000300.SH,000001.SZ,20250303,40\n"
    assert "index = code" in str(explain([tmp_path / text(tmp_path, "w.csv", weights)]))
