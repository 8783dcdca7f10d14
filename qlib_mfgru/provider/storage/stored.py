"""Stored series of the initialised provider: one, or one after the other."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO, TypeAlias

import numpy as np
from qlib.data.data import FeatureD
from qlib.data.storage.file_storage import FileFeatureStorage

from qlib_mfgru.provider.storage.series import SeriesChecks, check_absent
from qlib_mfgru.provider.symbols import feature_folder

Series: TypeAlias = tuple[int, np.ndarray]
"""Position of the first value in the calendar, and the values as float32, not to be written to."""


def read_series(instrument: str, field: str, freq: str, n_stamps: int | None = None) -> Series | None:
    """One stored series, as of `SeriesReader.whole`."""
    return SeriesReader(freq).whole(instrument, field, n_stamps)


class SeriesReader:
    """Series of one frequency.

    Files of qlib's format are read in one go: qlib's storage object takes ten times as long to find and slice one. Any
    other storage is read through its interface.

    Parameters
    ----------
    freq : str
    """

    def __init__(self, freq: str) -> None:
        self._freq = freq
        storage = FeatureD.backend_obj(instrument="any", field="close", freq=freq)
        self._features = str(storage.uri.parents[1]) if isinstance(storage, FileFeatureStorage) else None
        if isinstance(storage, FileFeatureStorage):
            self._checks = SeriesChecks(storage.uri.parents[2], freq)

    def whole(self, instrument: str, field: str, n_stamps: int | None = None) -> Series | None:
        """All of a series; None if there is none.

        With `n_stamps`, the length of the calendar as the caller knows it, values after it are left out: ``mfgru
        update`` may have appended them since qlib read the calendar.

        Raises
        ------
        InputError
            A file that is not what was written, or not there any more, or does not fit its calendar; the message names
            it.
        """
        series = self._stored(instrument, field) if self._features is None else self._read(instrument, field, 0)
        if series is None:
            return None
        first, values = series
        if n_stamps is not None:
            values = values[: max(n_stamps - first, 0)]
        return (first, values) if len(values) else None

    def end(self, instrument: str, field: str, position: int) -> Series | None:
        """A series from a position in the calendar on, as of `whole`; of a file its end alone is read."""
        if self._features is not None:
            return self._read(instrument, field, position)
        series = self._stored(instrument, field)
        cut = 0 if series is None else max(position - series[0], 0)
        return series if series is None else (series[0] + cut, series[1][cut:])

    def _read(self, instrument: str, field: str, position: int) -> Series | None:
        path = f"{self._features}/{feature_folder(instrument)}/{field.lower()}.{self._freq}.bin"
        try:
            with open(path, "rb", buffering=0) as file:
                return self._read_from(file, path, position)
        except FileNotFoundError:
            check_absent(Path(path))
            return None

    def _read_from(self, file: BinaryIO, path: str, position: int) -> Series:
        size, head = os.fstat(file.fileno()).st_size, file.read(4)
        start, n_values = self._checks.extent(path, size, head)
        skipped = min(max(position - start, 0), n_values)
        file.seek(4 * (1 + skipped))
        return start + skipped, np.frombuffer(file.read(4 * (n_values - skipped)), "<f4")

    def _stored(self, instrument: str, field: str) -> Series | None:
        storage = FeatureD.backend_obj(instrument=feature_folder(instrument), field=field, freq=self._freq)
        series = storage[:]
        return (int(series.index[0]), series.to_numpy(np.float32)) if len(series) else None
