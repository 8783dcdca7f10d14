"""``--explain`` of what holds no rows: one line each, and exit code 2."""

import os
from pathlib import Path

import pytest

from qlib_mfgru.cli import main

BINARY = bytes(range(256)) * 8


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("absent.csv", None, "absent.csv: no such file (--explain)"),
        ("folder", None, "folder: no file with anything in it (--explain)"),
        ("link.csv", None, "link.csv: a link to nothing (--explain)"),
        ("fifo.csv", None, "fifo.csv: no regular file (--explain)"),
        ("x.csv", b"", "x.csv: the file is empty"),
        ("x.csv", b"symbol,date,open\n", "x.csv: the file has no rows"),
        ("x.csv", BINARY, "x.csv: cannot be read (truncated, damaged, or of another kind or encoding)"),
        ("x.parquet", BINARY, "x.parquet: cannot be read (truncated, damaged, or of another kind or encoding)"),
        ("x.feather", BINARY, "x.feather: cannot be read (truncated, damaged, or of another kind or encoding)"),
        ("x.zip", BINARY, "x.zip: cannot be read (truncated, damaged, or of another kind or encoding)"),
        ("x.csv.gz", BINARY, "x.csv.gz: cannot be read (truncated, damaged, or of another kind or encoding)"),
        ("x.h5", BINARY, "x.h5: cannot be read (damaged, or no HDF5 file)"),
        ("x.db", b"SQLite format 3\0" + BINARY, "x.db: cannot be read: "),
        ("x.yaml", b"daily: {files: d.csv}\n", "x.yaml: no column for 'symbol' and no stock code in the file's name"),
    ],
)
def test_it_is_one_line(
    name: str, content: bytes | None, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link.csv").symlink_to("absent")
    os.mkfifo(tmp_path / "fifo.csv")
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert main(["ingest", "--explain", str(tmp_path / name)]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"mfgru: {tmp_path}/{message}")
    assert error.count("\n") == 1
