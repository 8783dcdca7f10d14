"""One series of a provider as its file must be: whole, as long as it was written, and within its calendar."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from qlib_mfgru.errors import InputError
from qlib_mfgru.folders import SUMS, Sums


def check_series(file: Path, raw: np.ndarray, n_stamps: int) -> None:
    """Refuse a file of ``features/CODE/FIELD.FREQ.bin`` that is damaged, by all that shows without a look at values.

    Parameters
    ----------
    file : Path
    raw : ndarray of shape (1 + n_values,)
        What it holds: the position of the first value in the calendar, and the values.
    n_stamps : int
        Stamps of the calendar.

    Raises
    ------
    InputError
        Truncated, of another size than was written, or beyond the calendar; the message names the file.
    """
    size = file.stat().st_size
    if size < 4 or size % 4:
        raise InputError(f"{file}: truncated: {size} bytes are not whole 4-byte numbers")
    start = float(raw[0])
    if not (start >= 0 and start.is_integer() and start + len(raw) - 1 <= n_stamps):
        raise InputError(
            f"{file}: damaged: {len(raw) - 1} values from position {start:g} on, its calendar has {n_stamps}"
        )
    provider, freq = file.parents[2], file.name.split(".")[1]
    written = sums_of(provider).files
    calendar = f"calendars/{freq}.txt"
    # where qlib's own tools have continued, or cut, the calendar, the series were so too
    if calendar in written and next(Sums(written).misfits(provider, [calendar]), None) is None:
        before = written.get("/".join(file.parts[-3:]), (size, 0))[0]
        if before != size:
            raise InputError(f"{file}: damaged: it has {size} bytes, not the {before} that were written")


def sums_of(provider: Path) -> Sums:
    """Sums of all files that were written to a provider; empty where another program made it.

    Raises
    ------
    InputError
        The list is damaged.
    """
    file = provider / SUMS
    return _sums(provider, file.stat().st_mtime_ns) if file.exists() else Sums()


@lru_cache(maxsize=2)
def _sums(provider: Path, _: int) -> Sums:
    try:
        return Sums.read(provider) or Sums()
    except ValueError as error:
        raise InputError(f"{error}: make the provider again") from error
