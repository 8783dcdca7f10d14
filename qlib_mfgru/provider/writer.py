"""Write a qlib provider so that the target is the old one until the new one is whole."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.folders import SUMS, Sums, staged
from qlib_mfgru.provider.manifest import CHECKSUMS, MANIFEST
from qlib_mfgru.provider.session import ASHARE, Session
from qlib_mfgru.provider.storage.series import JOURNAL
from qlib_mfgru.provider.symbols import feature_folder

Span = tuple[str, pd.Timestamp, pd.Timestamp]
"""Instrument, first day and last day (both included) of a membership."""
_ELSEWHERE = "give another target (--target)"
_MOST_NAMES = 5


@contextmanager
def new_provider(
    target: Path | str,
    days: pd.DatetimeIndex,
    intraday: Mapping[str, pd.DatetimeIndex] | None = None,
    session: Session = ASHARE,
) -> Iterator[ProviderWriter]:
    """Write a provider that takes its place at the end, if it has its manifest by then, and after an error not at all.

    Parameters
    ----------
    target : Path
        The provider's folder; the caller holds its lock (`folders.locked`) where it may have rivals. An existing
        provider is replaced as `check_replaceable` allows it.
    days, intraday, session
        As of `ProviderWriter`.

    Raises
    ------
    InputError
        If the target has content that this package did not write.
    """
    target = Path(target).expanduser().resolve()
    check_replaceable(target)
    with staged(target) as folder:
        writer = ProviderWriter(folder, days, intraday or {}, session)
        yield writer
        if not (folder / MANIFEST).exists():
            raise RuntimeError(f"a provider needs its {MANIFEST}: call write_manifest before the end")
        writer.sums.write(folder)
        check_replaceable(target)  # what came there meanwhile is somebody's as well


class ProviderWriter:
    """Writes calendars, instruments, features and side files of one provider.

    Parameters
    ----------
    folder : Path
        Where; empty.
    days : DatetimeIndex
        The daily calendar, ascending, at midnight.
    intraday : mapping of str to DatetimeIndex
        For each intraday frequency (``15min``) the days that its calendar covers, a contiguous run of `days`.
    session : Session
        Whose bars they are; `write_manifest` keeps it.

    Attributes
    ----------
    sums : Sums
        Of the files that were written.
    """

    def __init__(
        self, folder: Path, days: pd.DatetimeIndex, intraday: Mapping[str, pd.DatetimeIndex], session: Session
    ) -> None:
        self.folder, self.days, self.session, self.sums = folder, days, session, Sums()
        self.calendars = {"day": days} | {freq: session.calendar(d, freq) for freq, d in intraday.items()}
        for name in ("calendars", "instruments", "features"):
            (folder / name).mkdir()
        self.write_calendars()

    def write_calendars(self) -> None:
        """Write the calendars of all frequencies."""
        for freq, calendar in self.calendars.items():
            stamp = "%Y-%m-%d" if freq == "day" else "%Y-%m-%d %H:%M:%S"
            self.write_text(f"calendars/{freq}.txt", "\n".join(calendar.strftime(stamp)) + "\n")

    def write_features(self, instrument: str, freq: str, start: int, fields: Mapping[str, np.ndarray]) -> None:
        """Write the series of one instrument.

        Parameters
        ----------
        instrument : str
            Code as qlib writes it, e.g. ``SH600000``.
        freq : str
            ``day`` or an intraday frequency of this provider.
        start : int
            Position of the first value in that frequency's calendar.
        fields : mapping of str to ndarray of shape (n,)
            Field name without ``$``, e.g. ``close``; stored as float32, NaN where unknown.
        """
        room = len(self.calendars[freq]) - start
        folder = f"features/{feature_folder(instrument)}"
        with suppress(FileExistsError):
            os.mkdir(f"{self.folder}/{folder}")
        for field, values in fields.items():
            if len(values) > room:
                raise ValueError(f"{instrument} ${field} {freq}: {len(values)} values, the calendar has {room} left")
            series = np.empty(1 + len(values), dtype="<f4")
            series[0], series[1:] = start, values
            self._write(f"{folder}/{field.lower()}.{freq}.bin", series.data.cast("B"))

    def write_members(self, market: str, codes: Sequence[str], member: np.ndarray) -> None:
        """Write a market's members as spans, by stock and time: the reverse of `reader.member_mask`.

        Parameters
        ----------
        codes : sequence of str, length n_stocks
        member : ndarray of bool, shape (n_days, n_stocks)
            Whether a stock is a member on a day of the daily calendar.
        """
        padded = np.zeros((len(codes), len(self.days) + 2), dtype=np.int8)
        padded[:, 1:-1] = member.T
        change = np.diff(padded, axis=1)
        stocks, firsts = np.nonzero(change == 1)
        _, ends = np.nonzero(change == -1)
        spans = zip(stocks.tolist(), firsts.tolist(), ends.tolist(), strict=True)
        self.write_instruments(market, ((codes[s], self.days[first], self.days[end - 1]) for s, first, end in spans))

    def write_instruments(self, market: str, spans: Iterable[Span]) -> None:
        """Write a market's point-in-time members, one line per span.

        A span ends when the session does: qlib reads a bare date as midnight and would lose the last day's intraday
        bars.
        """
        end = self.session.last_second
        lines = (f"{code}\t{first:%Y-%m-%d}\t{last:%Y-%m-%d} {end}\n" for code, first, last in spans)
        self.write_text(f"instruments/{market}.txt", "".join(lines))

    def write_manifest(self, content: Mapping[str, Any]) -> None:
        """Write what made the provider, as plain values, next to its session and to where its checksums are."""
        manifest = {**content, "session": self.session.model_dump(mode="json"), CHECKSUMS: SUMS}
        self.write_text(MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")

    def write_text(self, name: str, content: str) -> None:
        """Write a side file; `name` is relative to the provider's folder."""
        self._write(name, memoryview(content.encode()))

    def write_bytes(self, name: str, content: bytes) -> None:
        """Write a side file that is no text; `name` is relative to the provider's folder."""
        os.makedirs(f"{self.folder}/{os.path.dirname(name)}", exist_ok=True)
        self._write(name, memoryview(content))

    def part(self) -> ProviderWriter:
        """A writer to the same folder, on any process, with sums of its own."""
        part = copy.copy(self)
        part.sums = Sums()
        return part

    def add(self, part: ProviderWriter) -> None:
        """Take in what a `part` has written."""
        self.sums.files |= part.sums.files

    def _write(self, name: str, content: memoryview) -> None:
        """Write a file in as few calls of the system as it takes: a market has a hundred thousand of them."""
        self.sums.add(name, content)
        descriptor = os.open(f"{self.folder}/{name}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        try:
            while content:
                content = content[os.write(descriptor, content) :]
        finally:
            os.close(descriptor)


def check_replaceable(target: Path) -> None:
    """Refuse to replace anything but a provider of this package in which nothing lies that it did not write.

    Its list of checksums tells that. Called again by the writer; call it before long work so that the error comes at
    once.

    Raises
    ------
    InputError
        Something else, or something more: the message says what.
    """
    if not os.path.lexists(target) or (target.is_dir() and not any(target.iterdir())):
        return
    if not any((target / name).is_file() for name in (MANIFEST, SUMS)):
        raise InputError(f"{target} exists and was not made by qlib_mfgru: {_ELSEWHERE}, or move it away")
    try:
        sums = Sums.read(target)
    except ValueError:
        sums = None
    if sums is None or MANIFEST not in sums.files:
        raise InputError(
            f"{target} has no whole {SUMS} of a provider, without which nothing tells your files in it from ours: "
            f"{_ELSEWHERE}, or move it away"
        )
    if (target / JOURNAL).exists():
        raise InputError(f"{target}: an update of it was interrupted: run mfgru update again first, or {_ELSEWHERE}")
    if others := sums.others(target):
        named = ", ".join(others[:_MOST_NAMES]) + (", ..." if len(others) > _MOST_NAMES else "")
        raise InputError(
            f"{target} also holds {len(others)} files that qlib_mfgru did not write: {named}: move them away, "
            f"or {_ELSEWHERE}"
        )
