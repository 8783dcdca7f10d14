"""What an update writes, before it writes anything: appended values, changed ones, and files that are replaced."""

from __future__ import annotations

import copy
import os
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.folders import Sums
from qlib_mfgru.live.updating.steps import Step, write_steps
from qlib_mfgru.provider.session import Session
from qlib_mfgru.provider.symbols import feature_folder
from qlib_mfgru.provider.writer import ProviderWriter

AGAIN = "ingest all files again"
"""The way out where what is stored is damaged."""
_WEIGHT = "_weight.day.bin"


class PlannedWriter(ProviderWriter):
    """Writes to a plan what a `ProviderWriter` writes to a provider, as changes of one that is there.

    Parameters
    ----------
    provider, folder : Path
        The provider, and an empty folder for the plan.
    days, intraday, session
        As of a `ProviderWriter`: those that will be.
    sums : Sums
        Of the provider's files.
    moved : mapping of str to str
        Folders of stocks that get another name, by the new one.

    Attributes
    ----------
    changed : dict of str to int
        First position of a changed or new value by frequency.
    revised : dict of str to int
        Values that were stored and are now others, by field.
    removed : list of str
        Files that are to go, last of all.
    """

    def __init__(
        self,
        provider: Path,
        folder: Path,
        days: pd.DatetimeIndex,
        intraday: Mapping[str, pd.DatetimeIndex],
        session: Session,
        sums: Sums,
        moved: Mapping[str, str],
    ) -> None:
        self.folder, self.days, self.session, self.sums = folder, days, session, Sums()
        self.calendars = {"day": days} | {freq: session.calendar(d, freq) for freq, d in intraday.items()}
        self.changed: dict[str, int] = {}
        self.revised: dict[str, int] = {}
        self.removed: list[str] = []
        self._whole: set[str] = set()
        self._provider, self._old, self.moved = provider, sums.files, moved
        self._steps: list[Step] = []

    def write_features(self, instrument: str, freq: str, start: int, fields: Mapping[str, np.ndarray]) -> None:
        """Write whole series, as of `ProviderWriter.write_features`: what is there already stays."""
        for field, values in fields.items():
            series, name = np.empty(1 + len(values), dtype="<f4"), _name(instrument, field, freq)
            series[0], series[1:] = start, values
            self._put(name, 0, series.tobytes(), freq, start - 1)
            self._whole.add(name)

    def write_ends(self, instrument: str, freq: str, start: int, fields: Mapping[str, np.ndarray]) -> None:
        """Write the ends of series: `start` is the position of their first value, whatever is before it stays.

        A series that is not stored yet begins there; one that ended earlier has NaN up to there.
        """
        first: int | None = None
        for field, values in fields.items():
            name = _name(instrument, field, freq)
            if name not in self._old:
                self.write_features(instrument, freq, start, {field: values})
                continue
            if first is None:  # the same of all fields of a stock
                first = int(np.frombuffer(self._read(name, 0, 4), "<f4")[0])
            end = first + self._old[name][0] // 4 - 1
            place, gap = min(start, end), np.full(max(start - end, 0), np.nan)
            content = np.concatenate([gap, values]).astype("<f4").tobytes()
            self._put(name, 4 * (1 + place - first), content, freq, place)

    def begins(self, instrument: str, freq: str) -> int | None:
        """Position of the first stored value of a stock; None where nothing is stored."""
        name = _name(instrument, "close", freq)
        return int(np.frombuffer(self._read(name, 0, 4), "<f4")[0]) if name in self._old else None

    def has_close(self, instrument: str, start: int, n_days: int) -> np.ndarray:
        """Whether a stock has a stored close on days from a position on; bool, shape (n_days,)."""
        found, name = np.zeros(n_days, dtype=bool), _name(instrument, "close", "day")
        if name in self._old:
            series = np.frombuffer(self._read(name), "<f4")
            first, stored = int(series[0]), np.isfinite(series[1:])
            begin, end = max(first, start), min(first + len(stored), start + n_days)
            found[begin - start : max(begin, end) - start] = stored[begin - first : max(begin, end) - first]
        return found

    def renumber(self, instrument: str, field: str, numbers: np.ndarray) -> None:
        """Change all stored values of a daily field from a number to another: to `numbers` at that place."""
        name = _name(instrument, field, "day")
        if name not in self._old:
            return
        series = np.frombuffer(self._read(name), "<f4").copy()
        known = ~np.isnan(series[1:])
        self.changed["day"] = 0
        series[1:][known] = numbers[series[1:][known].astype(int)]
        done = next((step for step in self._steps if step.name == name), None)
        content = series.tobytes()
        if done is not None:
            self._steps.remove(done)
            content = content[: done.offset] + done.content
        self._step(name, 0, content)

    def _put(self, name: str, offset: int, content: bytes, freq: str, position: int) -> None:
        """Plan what differs from `offset` on, which is that of a `position` in the calendar; nothing is after it."""
        size, _ = self._old.get(name, (0, 0))
        stored = self._read(name, offset) if size else b""
        if stored == content:
            return
        same = len(stored) if content.startswith(stored) else _same(stored, content)
        if stored and not offset and not same:  # the series begins elsewhere now
            position = min(position, int(np.frombuffer(stored[:4], "<f4")[0]) - 1)
        if same < len(stored):
            field = name.rsplit("/", 1)[-1].split(".")[0]
            self.revised[field] = self.revised.get(field, 0) + (len(stored) - same) // 4
        place = max(position + same // 4, 0)
        self.changed[freq] = min(self.changed.get(freq, place), place)
        self._step(name, offset + same, content[same:])

    def _step(self, name: str, offset: int, content: bytes) -> None:
        size, crc = self._old.get(name, (0, 0))
        if offset < size:
            crc = 0
            if offset:
                crc = zlib.crc32(self._read(name, 0, offset))
        self._steps.append(Step(name, offset, offset + len(content) < size, content))
        self.sums.files[name] = offset + len(content), zlib.crc32(content, crc)

    def _read(self, name: str, offset: int = 0, n_bytes: int | None = None) -> bytes:
        """Bytes of a stored series, by default up to its end.

        Raises
        ------
        InputError
            It is not as long as it was written: what is appended would lie behind a hole, which nothing shows later.
        """
        path, (size, _) = self._path(name), self._old[name]
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            raise InputError(f"{path} is missing, though it was written: {AGAIN}") from None
        try:
            if (found := os.fstat(descriptor).st_size) != size:
                raise InputError(f"{path} has {found} bytes, not the {size} that were written: {AGAIN}")
            return os.pread(descriptor, size - offset if n_bytes is None else n_bytes, offset)
        finally:
            os.close(descriptor)

    def _path(self, name: str) -> str:
        """Where a file is that has its new name only in the plan."""
        if self.moved:
            _, folder, file = name.split("/")
            name = f"features/{self.moved.get(folder, folder)}/{file}"
        return f"{self._provider}/{name}"

    def write_bytes(self, name: str, content: bytes) -> None:
        """Plan to replace a side file, unless it is the same.

        Raises
        ------
        InputError
            A folder lies where it belongs.
        """
        crc, place = zlib.crc32(content), self._provider / name
        if place.is_dir():
            raise InputError(f"{place} is a folder, and a file belongs there: move it away")
        if self._old.get(name) == (len(content), crc) and place.is_file() and place.read_bytes() == content:
            return
        path = self.folder / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        self.sums.files[name] = len(content), crc

    def write_text(self, name: str, content: str) -> None:
        """As `write_bytes`."""
        self.write_bytes(name, content.encode())

    def remove_unwritten(self, stocks: Iterable[str]) -> None:
        """Plan to remove weights, and levels, that are stored and were not written: no table has them any more.

        Parameters
        ----------
        stocks : iterable of str
            All that are stored: series of other codes are levels.
        """
        folders = {feature_folder(code) for code in stocks}
        for name in sorted(self._old.keys() - self._whole):
            if name.startswith("features/") and (name.endswith(_WEIGHT) or name.split("/")[1] not in folders):
                first = int(np.frombuffer(self._read(name, 0, 4), "<f4")[0])
                self.changed["day"] = min(self.changed.get("day", first), first)
                self.removed.append(name)

    def all_sums(self) -> Sums:
        """Of all files as they will be."""
        gone = set(self.removed)
        return Sums({name: each for name, each in {**self._old, **self.sums.files}.items() if name not in gone})

    def part(self) -> PlannedWriter:
        """A writer to the same plan, on any process."""
        part = copy.copy(self)
        part.sums, part.changed, part.revised, part._whole, part._steps = Sums(), {}, {}, set(), []
        return part

    def add(self, part: ProviderWriter) -> None:
        """Take in what a `part` has planned."""
        assert isinstance(part, PlannedWriter)
        super().add(part)
        for freq, place in part.changed.items():
            self.changed[freq] = min(self.changed.get(freq, place), place)
        for field, count in part.revised.items():
            self.revised[field] = self.revised.get(field, 0) + count

    def keep_steps(self, name: str) -> None:
        """Write the steps of this part to the plan, under a name of their own."""
        if self._steps:
            write_steps(self.folder / f"{name}.steps", self._steps)


def _name(instrument: str, field: str, freq: str) -> str:
    return f"features/{feature_folder(instrument)}/{field.lower()}.{freq}.bin"


def _same(stored: bytes, content: bytes) -> int:
    """Bytes, of whole values, up to which two series are the same."""
    n_bytes = min(len(stored), len(content))
    one, other = (np.frombuffer(each[:n_bytes], "<i4") for each in (stored, content))
    differs = np.flatnonzero(one != other)
    return 4 * int(differs[0]) if len(differs) else n_bytes
