"""The steps of qlib's ``scripts/dump_bin.py`` (DumpDataAll), which is not part of the installed package.

A CSV file a stock is read twice: once for the calendar and the stock's first and last stamp, and once to bring it to
the calendar and write a file a field. Written anew from what the script does, with processes as it has them.
"""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

STAMP = "datetime"


def dump(source: Path, target: Path, freq: str) -> None:
    """All CSV files of a folder to a provider of one frequency."""
    files = sorted(source.glob("*.csv"))
    for name in ("calendars", "instruments", "features"):
        (target / name).mkdir(parents=True, exist_ok=True)
    stamps: set[pd.Timestamp] = set()
    lines = []
    with ProcessPoolExecutor(os.cpu_count()) as processes:
        for file, (first, last, its_stamps) in zip(files, processes.map(_stamps, files), strict=True):
            stamps |= its_stamps
            lines.append(f"{file.stem.upper()}\t{first}\t{last}\n")
    calendar = sorted(stamps)
    (target / f"calendars/{freq}.txt").write_text("".join(f"{stamp}\n" for stamp in calendar))
    (target / "instruments/all.txt").write_text("".join(lines))
    with ProcessPoolExecutor(os.cpu_count()) as processes:
        for _ in processes.map(partial(_dump, target=target, freq=freq, calendar=calendar), files):
            pass


def _read(file: Path) -> pd.DataFrame:
    frame = pd.read_csv(file, low_memory=False)
    frame[STAMP] = pd.to_datetime(frame[STAMP])
    return frame.dropna(subset=[STAMP])


def _stamps(file: Path) -> tuple[pd.Timestamp, pd.Timestamp, set[pd.Timestamp]]:
    stamps = _read(file)[STAMP]
    return stamps.min(), stamps.max(), set(stamps)


def _dump(file: Path, target: Path, freq: str, calendar: list[pd.Timestamp]) -> None:
    frame = _read(file).drop_duplicates(STAMP).set_index(STAMP)
    stamps = pd.DatetimeIndex(calendar)
    frame = frame.reindex(stamps[(stamps >= frame.index.min()) & (stamps <= frame.index.max())])
    start, folder = calendar.index(frame.index.min()), target / "features" / file.stem.lower()
    folder.mkdir(parents=True, exist_ok=True)
    for field in frame.columns.drop("symbol"):
        np.hstack([start, frame[field]]).astype("<f").tofile(folder / f"{field}.{freq}.bin")
