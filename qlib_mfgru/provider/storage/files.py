"""``ProviderFiles``: the files of any qlib provider, ours or another program's, read without initialising qlib."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.provider.manifest import session_in
from qlib_mfgru.provider.session import Session
from qlib_mfgru.provider.storage.series import check_absent, checked_series
from qlib_mfgru.provider.symbols import feature_folder

Spans = dict[str, list[tuple[pd.Timestamp, pd.Timestamp]]]
"""Code -> first and last moment of each membership, both included."""


class ProviderFiles:
    """A provider's folder.

    Parameters
    ----------
    path : Path

    Raises
    ------
    InputError
        If the folder holds no provider; the methods raise it where a file is damaged, and name the file.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path).expanduser().resolve()
        self._calendars: dict[str, pd.DatetimeIndex] = {}
        for name in ("calendars", "instruments", "features"):
            if not (self.path / name).is_dir():
                raise InputError(f"{self.path}: no qlib provider, it has no folder {name}")

    @cached_property
    def freqs(self) -> tuple[str, ...]:
        """Frequencies that have a calendar, e.g. ``("15min", "day")``."""
        names = (file.stem for file in (self.path / "calendars").glob("*.txt"))
        return tuple(sorted(name for name in names if not name.endswith("_future")))

    @property
    def session(self) -> Session | None:
        """The session of its market; None where another program made it, which does not say."""
        return session_in(self.path)

    def calendar(self, freq: str) -> pd.DatetimeIndex:
        """All stamps of a frequency, ascending."""
        if freq not in self.freqs:
            raise InputError(f"{self.path}: no {freq!r} calendar; it has {', '.join(self.freqs)}")
        if freq not in self._calendars:
            self._calendars[freq] = self._read_calendar(freq)
        return self._calendars[freq]

    def _read_calendar(self, freq: str) -> pd.DatetimeIndex:
        file = self.path / "calendars" / f"{freq}.txt"
        stamps = pd.to_datetime(pd.Series(_lines(file), dtype="str"), errors="coerce", format="mixed")
        if stamps.empty or stamps.isna().any():
            raise InputError(f"{file}: {'empty' if stamps.empty else 'not all of its lines are stamps'}")
        calendar = pd.DatetimeIndex(stamps)
        check_ascending(calendar, file)
        return calendar

    @cached_property
    def markets(self) -> tuple[str, ...]:
        """Names of the lists of instruments."""
        return tuple(sorted(file.stem for file in (self.path / "instruments").glob("*.txt")))

    def instruments(self, market: str = "all") -> Spans:
        """Members of a market by their codes, in upper case and in order."""
        file = self.path / "instruments" / f"{market}.txt"
        if not file.is_file():
            raise InputError(f"{self.path}: no market {market!r}; it has {', '.join(self.markets)}")
        spans: Spans = {}
        for number, line in enumerate(_lines(file), start=1):
            words = line.split("\t") if "\t" in line else line.split()
            try:
                code, first, last = words[0].strip(), pd.Timestamp(words[1]), pd.Timestamp(words[2])
                if pd.isna(first) or pd.isna(last):  # an end that is cut off
                    raise ValueError
            except (IndexError, ValueError):
                raise InputError(f"{file} line {number}: expected code, start and end, not {line!r}") from None
            spans.setdefault(code.upper(), []).append((first, last))
        return {code: spans[code] for code in sorted(spans)}

    @cached_property
    def stored(self) -> tuple[str, ...]:
        """Codes of all instruments that have a folder, in upper case and in order, also those that no list names."""
        return tuple(sorted(name.removeprefix("_qlib_").upper() for name in self._folders))

    def n_values(self, freq: str) -> int:
        """Stored values of ``$close`` of a frequency, of all instruments together."""
        sizes = (file.stat().st_size for file in (self.path / "features").glob(f"*/close.{freq}.bin"))
        return sum(size // 4 - 1 for size in sizes)

    def fields(self, code: str, freq: str) -> tuple[str, ...]:
        """Stored fields of an instrument, in order; empty where it has none."""
        folder = self._folder(code)
        files = folder.glob(f"*.{freq}.bin") if folder else ()
        return tuple(sorted(file.name.removesuffix(f".{freq}.bin").lower() for file in files))

    def series(self, code: str, field: str, freq: str) -> tuple[int, np.ndarray] | None:
        """Position of a series' first value in the calendar, and its values as float32; None if it is absent.

        Raises
        ------
        InputError
            A file that is truncated, or reaches beyond the calendar, or was written and is not there.
        """
        folder = self._folder(code) or self.path / "features" / feature_folder(code)
        file = folder / f"{field}.{freq}.bin"
        if not file.is_file():
            check_absent(file)
            return None
        raw = np.fromfile(file, dtype="<f4")
        raw = checked_series(file, raw)
        return int(raw[0]), raw[1:]

    def dense(self, code: str, field: str, freq: str) -> np.ndarray:
        """A series on the whole calendar, float64 of shape (n_stamps,), NaN where nothing is stored."""
        values = np.full(self._lengths[freq], np.nan)
        if stored := self.series(code, field, freq):
            values[stored[0] : stored[0] + len(stored[1])] = stored[1]
        return values

    @cached_property
    def _lengths(self) -> dict[str, int]:
        return {freq: len(self.calendar(freq)) for freq in self.freqs}

    @cached_property
    def _folders(self) -> dict[str, str]:
        """Names of the instruments' folders, which are in upper case where other programs made them."""
        with os.scandir(self.path / "features") as entries:
            return {entry.name.lower(): entry.name for entry in entries if entry.is_dir()}  # not a .DS_Store

    def _folder(self, code: str) -> Path | None:
        name = self._folders.get(feature_folder(code))
        return self.path / "features" / name if name else None


def check_ascending(stamps: pd.DatetimeIndex, file: Path) -> None:
    """Refuse the calendar of a file where its stamps do not ascend, or one stands twice; the message names it."""
    falls = np.flatnonzero(np.diff(stamps.to_numpy().astype("i8")) <= 0)
    if len(falls):
        before, after = stamps[falls[0]], stamps[falls[0] + 1]
        raise InputError(f"{file}: stamps must ascend, each once, but {after} comes after {before}")


def _lines(file: Path) -> list[str]:
    try:
        return [line for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: cannot be read: {' '.join(str(error).split())}") from error
