"""Plain text by Arrow is what pandas reads; everything else is left to pandas."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.ingest.mapping import RowInput
from qlib_mfgru.ingest.read.files import VendorFile, packed
from qlib_mfgru.ingest.read.files.layout import Layout
from qlib_mfgru.ingest.read.files.plain import plain_columns
from qlib_mfgru.ingest.read.files.reader import as_frame

LAYOUT = Layout(",", ["code", "time", "close", "volume"], 1, [])
HEADER = "code,time,close,volume\n"
ROWS = "000001,2025-03-03 09:45,10.01,100\n600000, x ,-,1e3\n000001,2025-03-03 09:45,,--\n"


def read(rows: str) -> pd.DataFrame | None:
    columns = plain_columns((HEADER + rows).encode(), LAYOUT, LAYOUT.columns, {"code", "time"})
    return None if columns is None else as_frame(columns)


def test_rows_are_those_of_pandas() -> None:
    frame = read(ROWS)
    assert frame is not None
    assert frame["code"].tolist() == ["000001", "600000", "000001"]
    assert frame["time"].tolist() == ["2025-03-03 09:45", " x ", "2025-03-03 09:45"]
    np.testing.assert_array_equal(frame["close"], [10.01, np.nan, np.nan])
    np.testing.assert_array_equal(frame["volume"], [100, 1000, np.nan])


def test_numbers_are_the_nearest_to_what_is_written() -> None:
    values = np.random.default_rng(1).lognormal(3, 5, 2000)
    frame = read("".join(f"1,2,{value!r},{value:.2f}\n" for value in values.tolist()))
    assert frame is not None
    np.testing.assert_array_equal(frame["close"], values)
    np.testing.assert_array_equal(frame["volume"], [float(f"{value:.2f}") for value in values])


@pytest.mark.parametrize(
    "row",
    ['1,2,"3",4', "1,2,3", "1,2,3,4,5", "1,2,three,4", '1,2,"1,000",4', "NA,2,3,4", ",2,3,4", "1,2,2025-03-03,4",
     "1,2,True,4", "来源 x"],
)  # fmt: skip
def test_what_is_not_plain_is_left_to_pandas(row: str) -> None:
    assert read(ROWS + row + "\n") is None


def test_other_encodings_are_left_to_pandas() -> None:
    data = (HEADER + "平安,2,3,4\n").encode("gb18030")
    assert plain_columns(data, LAYOUT, LAYOUT.columns, {"code", "time"}) is None


def test_words_of_one_file_are_not_those_of_the_next() -> None:
    for codes in (["a", "b"], ["b", "a"], ["b", "c"], ["b", "c"]):
        frame = read("".join(f"{code},2,3,4\n" for code in codes))
        assert frame is not None
        assert frame["code"].tolist() == codes


def test_both_ways_give_the_same_frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.csv").write_text("title 2025\n" + HEADER + ROWS * 5 + "source: us\n")
    columns = {"symbol": "code", "datetime": "time", "close": "close"}
    frames = []
    for most in (1 << 24, 0):
        monkeypatch.setattr(packed, "MOST_WHOLE", most)
        file = VendorFile(tmp_path / "x.csv", RowInput(files=("x.csv",)))
        pieces = list(map(as_frame, file.frames(columns, 4)))
        assert [len(piece) for piece in pieces] == [4, 4, 4, 3]
        assert len(file.remarks) == 2
        frames.append(pd.concat([piece.astype({"symbol": str, "datetime": str}) for piece in pieces]))
    pd.testing.assert_frame_equal(frames[0], frames[1], check_index_type=False)
