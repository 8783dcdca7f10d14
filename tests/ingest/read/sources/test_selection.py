"""Rows that `where` asks for, files that hold several indices, and each input's own share of bad rows."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import RowInput
from qlib_mfgru.ingest.read.inputs import VendorInput
from qlib_mfgru.ingest.read.spool import Registry
from qlib_mfgru.ingest.report import IngestReport

from ...vendor import csv, run, spans, text, with_inputs

SPANS = (
    "index_code,con_code,start,end\n"
    "000300.SH,600000.SH,2025-03-03,\n000905.SH,000001.SZ,2025-03-03,\n000905.SH,300750.SZ,2025-03-04,2025-03-05\n"
)


def given(path: Path, name: str = "members.csi500", chunk_rows: int = 2, **options: Any) -> VendorInput[RowInput]:
    source = RowInput(files=path.name, **options)
    return VendorInput(name, source, [path], Registry(), IngestReport(), chunk_rows, quiet=True)


def test_where_reads_the_rows_of_one_index(source: Path, target: Path) -> None:
    text(source, "members.csv", SPANS)
    members = {"csi500": {"files": "members.csv", "where": {"index_code": "000905.SH"}}}
    report = run(source, target, with_inputs(members=members))
    assert spans(target, "csi500") == [
        ["SZ000001", "2025-03-03", "2025-03-06"], ["SZ300750", "2025-03-04", "2025-03-05"],
    ]  # fmt: skip
    rows = report.inputs["members.csi500"]
    assert (rows.read, report.warnings["members.csi500: rows that are not as where asks"].count) == (2, 1)


def test_rows_keep_their_place_in_the_file(tmp_path: Path) -> None:
    text(tmp_path, "m.csv", SPANS)
    slices = list(given(tmp_path / "m.csv", where={"con_code": ["600000.SH", "300750.SZ"]}).slices(("start",)))
    assert [each.describe(0) for each in slices] == [
        "m.csv row 1: 600000.SH 2025-03-03", "m.csv row 3: 300750.SZ 2025-03-04",
    ]  # fmt: skip
    assert all("column con_code" not in each.frame for each in slices)


@pytest.mark.parametrize("value", [905, "000906", "csi500"])
def test_where_that_nothing_matches_lists_what_is_there(tmp_path: Path, value: object) -> None:
    text(tmp_path, "m.csv", SPANS.replace(".SH,", ","))
    with pytest.raises(InputError, match=r"members\.csi500: no row is as where asks.*index_code has 000300, 000905"):
        list(given(tmp_path / "m.csv", where={"index_code": value}).slices(("start",)))


def test_numbers_and_codes_of_where_are_compared_as_text(tmp_path: Path) -> None:
    table = pd.DataFrame({"index_code": [905, 300], "code": ["600000", "000001"], "kind": [1.0, 2.0]})
    table.to_parquet(tmp_path / "m.parquet")
    (one,) = given(tmp_path / "m.parquet", where={"index_code": 905, "kind": 1}).slices(())
    assert one.frame["symbol"].tolist() == ["600000"]
    with pytest.raises(InputError, match="index_code has 300, 905"):
        list(given(tmp_path / "m.parquet", where={"index_code": "000905"}).slices(()))


@pytest.mark.parametrize("codes", [["905", None, "300"], [905.0, None, 300.0]], ids=["text", "numbers"])
def test_a_code_that_is_missing_is_listed_too(tmp_path: Path, codes: list[Any]) -> None:
    pd.DataFrame({"index_code": codes, "code": ["600000", "000001", "300750"]}).to_parquet(tmp_path / "m.parquet")
    with pytest.raises(InputError, match=r"index_code has 300, 905, nan$"):
        list(given(tmp_path / "m.parquet", where={"index_code": "852"}).slices(()))
    with pytest.raises(InputError, match=r"of several indices, index_code has 300, 905, nan: name one"):
        list(given(tmp_path / "m.parquet").slices(()))


def test_a_column_of_where_must_be_there(tmp_path: Path) -> None:
    text(tmp_path, "m.csv", SPANS)
    with pytest.raises(InputError, match=r"m\.csv: no column 'idx' for where; it has index_code, con_code"):
        list(given(tmp_path / "m.csv", where={"idx": "1"}).slices(("start",)))


@pytest.mark.parametrize("kind", ["members", "weights"])
def test_several_indices_and_none_named_is_an_error(source: Path, target: Path, kind: str) -> None:
    _, rows = SPANS.split("\n", 1)
    weights = f"index_code,con_code,date,weight\n{rows}".replace("03,\n", "03,50\n").replace("2025-03-05", "50")
    text(source, "m.csv", SPANS if kind == "members" else weights)
    with pytest.raises(InputError) as error:
        run(source, target, with_inputs(**{kind: {"csi500": "m.csv"}}))
    assert str(error.value) == (
        f"{kind}.csi500: the rows are of several indices, index_code has 000300.SH, 000905.SH: name one, where: "
        "{index_code: '000300.SH'}"
    )
    assert not target.exists()


@pytest.mark.parametrize("header", ["symbol,code", "index,code"])
def test_another_spelling_and_a_count_of_rows_are_no_indices(tmp_path: Path, header: str) -> None:
    first = ("600000.SH", "000001.SZ") if header.startswith("symbol") else ("0", "1")
    text(tmp_path, "m.csv", f"{header},start\n{first[0]},600000,2025-03-03\n{first[1]},000001,2025-03-03\n")
    (one,) = given(tmp_path / "m.csv").slices(("start",))
    assert len(one.frame) == 2


def test_an_input_has_its_own_share_of_bad_rows(source: Path, target: Path) -> None:
    rows = [{"code": code, "industry": "Banks", "date": "2025-03-03"} for code in ("600000", "HK1", "HK2")]
    csv(source, "i.csv", rows)
    with pytest.raises(InputError, match=r"industry: 66\.7% of 3 rows are bad, more than max_dropped = 5\.0%"):
        run(source, target, with_inputs(industry="i.csv"))
    report = run(source, target, with_inputs(industry={"files": "i.csv", "max_dropped": 0.7}))
    assert report.inputs["industry"].kept == 1
    with pytest.raises(InputError, match=r"max_dropped = 10\.0%"):
        run(source, target, with_inputs(industry={"files": "i.csv", "max_dropped": 0.1}, max_dropped=0.9))
