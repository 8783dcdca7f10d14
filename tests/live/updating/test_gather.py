"""Many small Parquet files as one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qlib_mfgru.ingest.mapping import DailyInput, RowInput
from qlib_mfgru.live.updating.gather import MANY, KnownCodes, gathered

SINCE = np.datetime64("2025-01-03")
DAYS = ["2025-01-01", "2025-01-02", "2025-01-03", "2025-01-06"]


def files(folder: Path, kind: pa.DataType, column: str = "date") -> list[Path]:
    """A file a stock, with a row a day."""
    paths = [folder / f"{number}.parquet" for number in range(MANY)]
    for path in paths:
        stamps = pa.array(pd.to_datetime(DAYS).to_list(), pa.timestamp("s")).cast(kind)
        pq.write_table(pa.table({"symbol": [path.stem] * 4, column: stamps, "close": [1.0, 2.0, 3.0, 4.0]}), path)
    return paths


CODES, SOURCE = frozenset(map(str, range(MANY))), RowInput(files=("*.parquet",))


def gather(
    tmp_path: Path,
    paths: list[Path],
    known: set[Path],
    name: str = "daily",
    *,
    codes: frozenset[str] = CODES,
    source: RowInput = SOURCE,
) -> list[Path]:
    tmp_path.mkdir(exist_ok=True)
    stored = KnownCodes(codes, "plain")
    return gathered({name: source}, {name: paths}, {name: known}, SINCE, stored, tmp_path / "gathered")[name]


@pytest.mark.parametrize("kind", [pa.date32(), pa.timestamp("ms"), pa.timestamp("ns")], ids=str)
def test_last_rows_of_files_that_have_grown_and_all_of_new_ones(kind: pa.DataType, tmp_path: Path) -> None:
    paths = files(tmp_path, kind)
    found = gather(tmp_path, paths, set(paths[1:]))
    assert len(found) == 2  # rows of days between those of a new file and a grown one are in neither
    rows = pd.concat(map(pd.read_parquet, found))
    assert rows["symbol"].value_counts().to_dict() == {"0": 4} | {path.stem: 2 for path in paths[1:]}
    assert rows.loc[rows["symbol"] == "5", "close"].tolist() == [3.0, 4.0]


def test_tables_of_events_are_taken_whole(tmp_path: Path) -> None:
    paths = files(tmp_path, pa.date32())
    assert len(pd.read_parquet(*gather(tmp_path, paths, set(paths), "factors"))) == 4 * MANY


def test_what_cannot_be_put_together_is_read_one_by_one(tmp_path: Path) -> None:
    assert gather(tmp_path, paths := files(tmp_path, pa.date32(), "unknown"), set()) == paths
    pq.write_table(pa.table({"symbol": ["x"], "date": ["text"]}), tmp_path / "text.parquet")
    paths = [*files(tmp_path, pa.date32()), tmp_path / "none.parquet"]
    assert gather(tmp_path / "b", paths, set()) == paths
    paths = [tmp_path / "text.parquet", *paths]
    assert gather(tmp_path / "c", paths, set()) == paths


@pytest.mark.parametrize("at", [0, 3])
def test_files_with_other_columns_or_types_are_read_one_by_one(tmp_path: Path, at: int) -> None:
    """A schema for all would leave out what the first file lacks."""
    paths = files(tmp_path, pa.date32())
    table = pq.read_table(paths[at])
    pq.write_table(table.append_column("is_st", pa.array([1, 1, 1, 1])), paths[at])
    assert gather(tmp_path / "more", paths, set()) == paths
    pq.write_table(table.rename_columns(["symbol", "trade_date", "close"]), paths[at])
    assert gather(tmp_path / "renamed", paths, set()) == paths
    pq.write_table(table.set_column(2, "close", table["close"].cast(pa.float32())), paths[at])
    assert gather(tmp_path / "narrower", paths, set()) == paths
    pq.write_table(table, paths[at])
    assert len(gather(tmp_path / "same", paths, set())) == 1


def test_files_without_a_row_or_a_byte_are_left_to_the_reading(tmp_path: Path) -> None:
    for at, name in ((0, "first"), (3, "later")):
        (folder := tmp_path / name).mkdir()
        paths = files(folder, pa.date32())
        paths[at].write_bytes(b"")
        assert gather(tmp_path / f"{name} out", paths, set()) == paths
        pq.write_table(pa.table({}), paths[at])
        assert gather(tmp_path / f"{name} again", paths, set()) == paths


def test_a_few_files_are_left_as_they_are(tmp_path: Path) -> None:
    paths = files(tmp_path, pa.date32())[1:]
    assert gather(tmp_path, paths, set()) == paths


def test_grown_files_with_older_rows_of_a_new_stock_are_read_as_a_whole(tmp_path: Path) -> None:
    """One that is new in the files, not on the market: a stock of the last days alone loses nothing."""
    paths = files(tmp_path, pa.date32())
    assert gather(tmp_path / "more", paths, set(paths), codes=CODES - {"7"}) == paths
    table = pq.read_table(paths[7])
    pq.write_table(table.slice(2), paths[7])
    assert len(gather(tmp_path / "listed", paths, set(paths), codes=CODES - {"7"})) == 1


@pytest.mark.parametrize(("volume", "n_files"), [("lots", 1), ({"1*": "shares", "*": "lots"}, MANY)])
def test_files_whose_names_tell_units_keep_them(tmp_path: Path, volume: Any, n_files: int) -> None:
    source = DailyInput(files=("*.parquet",), volume=volume)
    assert len(gather(tmp_path, files(tmp_path, pa.date32()), set(), source=source)) == n_files
