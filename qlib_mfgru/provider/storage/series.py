"""One series of a provider as its file must be: whole, as long as it was written, and within its calendar."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from qlib_mfgru.errors import InputError
from qlib_mfgru.folders import SUMS, Sums

JOURNAL = Path(".update/journal.json")
"""What lies in a provider as long as an update of it is not finished."""


def checked_series(file: Path, raw: np.ndarray) -> np.ndarray:
    """A file of ``features/CODE/FIELD.FREQ.bin``, refused if it is damaged, by all that shows without a look at values.

    While an update is under way, or was interrupted, values beyond the calendar are none yet, and are cut off.

    Parameters
    ----------
    file : Path
    raw : ndarray of shape (1 + n_values,)
        What it holds: the position of the first value in the calendar, and the values.

    Returns
    -------
    ndarray of shape (1 + n_values,)

    Raises
    ------
    InputError
        Truncated, of another size than was written, or beyond the calendar; the message names the file.
    """
    checks = SeriesChecks(file.parents[2], file.name.split(".")[1])
    _, n_values = checks.extent(str(file), file.stat().st_size, raw[:1].tobytes())
    return raw[: 1 + n_values]


class SeriesChecks:
    """What all series of a frequency are held against, looked up once for many of them.

    Parameters
    ----------
    provider : Path
    freq : str
    """

    def __init__(self, provider: Path, freq: str) -> None:
        self._look_up = partial(_known, provider, freq)
        self._known = self._look_up()

    def extent(self, file: str, size: int, head: bytes) -> tuple[int, int]:
        """Where in its calendar a series begins, and how many values it holds up to the calendar's end.

        Parameters
        ----------
        file : str
            ``.../features/CODE/FIELD.FREQ.bin``, of `size` bytes, the first of which are the `head`.

        Raises
        ------
        InputError
            As of `checked_series`.
        """
        try:
            return self._extent(file, size, head)
        except InputError:
            self._known = self._look_up()  # an update may have come between
            return self._extent(file, size, head)

    def _extent(self, file: str, size: int, head: bytes) -> tuple[int, int]:
        if size < 4 or size % 4:
            raise InputError(f"{file}: truncated: {size} bytes are not whole 4-byte numbers")
        (start,), n_values, known = struct.unpack("<f", head), size // 4 - 1, self._known
        is_position = start >= 0 and start.is_integer()
        if known.is_updated and is_position:
            return int(start), int(max(min(n_values, known.n_stamps - start), 0))
        if not (is_position and start + n_values <= known.n_stamps):
            raise InputError(
                f"{file}: damaged: {n_values} values from position {start:g} on, its calendar has {known.n_stamps}"
            )
        written, _ = known.written.get("/".join(file.rsplit("/", 3)[1:]), (size, 0))
        if written != size:
            raise InputError(f"{file}: damaged: it has {size} bytes, not the {written} that were written")
        return int(start), n_values


def check_absent(file: Path) -> None:
    """Refuse that a series is not there if it was written.

    A field that no stock has any more was not lost, but taken out by the provider's owner, and is none.

    Raises
    ------
    InputError
        It was written, and other stocks have theirs; the message names the file. Or it is moved by an update.
    """
    provider = file.parents[2]
    if "/".join(file.parts[-3:]) not in sums_of(provider).files:
        return
    if _has_field(provider, file.name, _changes(provider / "features")):
        if (provider / JOURNAL).exists():
            raise InputError(f"{file}: an update is under way, or was interrupted: mfgru update {provider} finishes it")
        raise InputError(f"{file}: missing, though it was written: make the provider again")


@lru_cache(maxsize=32)
def _has_field(provider: Path, name: str, _: tuple[int, ...]) -> bool:
    """Whether any stock has a file of that name: a look at every stock's folder, once for all stocks."""
    return any(provider.glob(f"features/*/{name}"))


def sums_of(provider: Path) -> Sums:
    """Sums of all files that were written to a provider; empty where there are none, as in other programs' providers.

    Raises
    ------
    InputError
        The list is damaged.
    """
    sums, fault = _read_sums(provider, _changes(provider / SUMS))
    if fault:
        raise InputError(f"{fault}: make the provider again")
    return sums


@lru_cache(maxsize=4)
def _read_sums(provider: Path, _: tuple[int, ...]) -> tuple[Sums, str]:
    """Sums, and what is wrong with them, read once as long as the file does not change."""
    try:
        return Sums.read(provider) or Sums(), ""
    except ValueError as error:
        return Sums(), str(error)


def _changes(*files: Path) -> tuple[int, ...]:
    return tuple(file.stat().st_mtime_ns if file.exists() else 0 for file in files)


class _Known(NamedTuple):
    """What all series of a frequency are held against: its calendar's stamps, the files as written, an update."""

    n_stamps: int
    written: Mapping[str, tuple[int, int]]
    is_updated: bool


def _known(provider: Path, freq: str) -> _Known:
    files = (provider / "calendars" / f"{freq}.txt", provider / SUMS, provider / JOURNAL)
    return _read_known(provider, freq, _changes(*files))


@lru_cache(maxsize=4)
def _read_known(provider: Path, freq: str, _: tuple[int, ...]) -> _Known:
    """What is known of a frequency, read once for all its series as long as the two files do not change."""
    calendar, is_updated = f"calendars/{freq}.txt", (provider / JOURNAL).exists()
    lines = (provider / calendar).read_text(encoding="utf-8").splitlines()
    sums = sums_of(provider)
    # where qlib's own tools have continued, or cut, the calendar, the series were so too
    as_written = not is_updated and calendar in sums.files and next(sums.misfits(provider, [calendar]), None) is None
    return _Known(sum(1 for line in lines if line.strip()), sums.files if as_written else {}, is_updated)
