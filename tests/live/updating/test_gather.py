"""Many small Parquet files as one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qlib_mfgru.ingest.mapping import RowInput
from qlib_mfgru.live.updating.gather import MANY, gathered

SINCE = np.datetime64("2025-01-03")
DAYS = ["2025-01-01", "2025-01-02", "2025-01-03", "2025-01-06"]


def files(folder: Path, kind: pa.DataType, column: str = "date") -> list[Path]:
    """A file a stock, with a row a day."""
    paths = [folder / f"{number}.parquet" for number in range(MANY)]
    for path in paths:
        stamps = pa.array(pd.to_datetime(DAYS).to_list(), pa.timestamp("s")).cast(kind)
        pq.write_table(pa.table({"symbol": [path.stem] * 4, column: stamps, "close": [1.0, 2.0, 3.0, 4.0]}), path)
    return paths


def gather(tmp_path: Path, paths: list[Path], known: set[Path], name: str = "daily") -> list[Path]:
    sources = {name: RowInput(files=("*.parquet",))}
    tmp_path.mkdir(exist_ok=True)
    return gathered(sources, {name: paths}, {name: known}, SINCE, tmp_path / "gathered")[name]


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


def test_a_few_files_are_left_as_they_are(tmp_path: Path) -> None:
    paths = files(tmp_path, pa.date32())[1:]
    assert gather(tmp_path, paths, set()) == paths
