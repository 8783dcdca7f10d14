"""Stored series, read one after the other: whole or from a day on, while the provider grows."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import qlib

from qlib_mfgru.errors import InputError
from qlib_mfgru.provider.storage.stored import SeriesReader
from qlib_mfgru.provider.writer import new_provider

DAYS = pd.bdate_range("2025-01-02", periods=12)
STARTS = {"SH600000": 0, "SH600001": 4, "SZ000001": 9}


def made(path: Path, n_days: int) -> Path:
    """Closes count the calendar's days; a stock that begins after the last of them has no series."""
    with new_provider(path, DAYS[:n_days]) as writer:
        for code, start in STARTS.items():
            if start < n_days:
                writer.write_features(code, "day", start, {"close": np.arange(start, n_days, dtype="f4")})
        writer.write_members("all", list(STARTS), np.ones((n_days, len(STARTS)), dtype=bool))
        writer.write_manifest({})
    qlib.init(provider_uri=str(path), region="cn", kernels=1, logging_level=40)
    return path


def told(series: tuple[int, np.ndarray] | None) -> tuple[int, list[float]] | None:
    return None if series is None else (series[0], series[1].tolist())


@pytest.mark.parametrize("position", [0, 3, 5, 10, 12])
def test_a_series_and_its_end(position: int, tmp_path: Path) -> None:
    made(tmp_path / "p", 12)
    reader = SeriesReader("day")
    for code, start in STARTS.items():
        assert told(reader.whole(code, "CLOSE")) == (start, [*range(start, 12)])
        first = max(start, position)
        assert told(reader.end(code, "close", position)) == (first, [*range(first, 12)])
    assert reader.whole("SH600000", "open") is None
    assert reader.end("SH600009", "close", position) is None
    assert told(reader.whole("SH600001", "close", 6)) == (4, [4, 5])
    assert reader.whole("SH600001", "close", 4) is None


def test_a_reader_goes_on_while_its_provider_grows(tmp_path: Path) -> None:
    """What it looked up once is looked up again where a file does not go with it."""
    longer, provider = made(tmp_path / "longer", 12), made(tmp_path / "p", 8)
    reader = SeriesReader("day")
    assert told(reader.whole("SH600000", "close", 8)) == (0, [*range(8)])
    shutil.copytree(longer, provider, dirs_exist_ok=True)
    assert told(reader.whole("SH600000", "close", 8)) == (0, [*range(8)])
    assert told(reader.whole("SZ000001", "close")) == (9, [9, 10, 11])


def test_a_file_that_goes_with_neither_is_an_error(tmp_path: Path) -> None:
    file = made(tmp_path / "p", 12) / "features/sh600001/close.day.bin"
    reader, content = SeriesReader("day"), file.read_bytes()
    file.write_bytes(content[:-4])
    for read in (reader.whole, lambda *of: reader.end(*of, 6)):
        with pytest.raises(InputError, match=r"close\.day\.bin: damaged: it has 32 bytes, not the 36 "):
            read("SH600001", "close")
    file.unlink()
    with pytest.raises(InputError, match="missing, though it was written"):
        reader.whole("SH600001", "close")
