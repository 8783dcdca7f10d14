"""``BarPanel``: all bars of one frequency as one dense array on disk.

The array's axes are (day, bar, field, stock), stock innermost, float32: the window of a date is one contiguous
block of it, a cross-section's statistics run over contiguous memory, and a recurrent network reads (step, field,
stock) as it lies there.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import as_strided
from qlib.log import get_module_logger
from tqdm.auto import tqdm

from qlib_mfgru.errors import InputError
from qlib_mfgru.provider import reader
from qlib_mfgru.provider.fill import carried_forward
from qlib_mfgru.provider.session import days_of

FIELDS: tuple[str, ...] = ("open", "high", "low", "close", "vwap", "volume")
"""The report's six raw features (figure 7), in the order of every tensor."""

_CLOSE, _VOLUME = FIELDS.index("close"), FIELDS.index("volume")
_FORMAT = 1  # part of the cache key: raise it when the files' meaning changes
_DESCRIPTION, _PARTIAL = "panel.json", ".partial-"
_STOCKS_PER_BLOCK = 16  # stocks read at a time: 15 MB of a ten-year 15-minute history; more is no faster
DEFAULT_CACHE = Path("~/.cache/qlib_mfgru/panels")


@dataclass(frozen=True, eq=False)
class BarPanel:
    """Dense bars of one frequency, memory mapped and shared by every process that opens them.

    Attributes
    ----------
    freq : str
        qlib frequency, e.g. ``15min``.
    days : DatetimeIndex of length n_days
        Days of the frequency's calendar.
    instruments : list of str, length n_stocks
        The provider's ``all`` market, ascending.
    bars : ndarray of shape (n_days, bars_per_day, 6, n_stocks), float32
        `FIELDS`, adjusted as the provider stores them. Where a stock did not trade, prices carry the last close
        forward and volume is 0; before its first trade prices are NaN. Nothing in it comes from a later bar. Read-only.
    traded : ndarray of shape (n_days, n_stocks), bool
        Whether the stock traded on the day (a price and a positive volume in any bar).
    """

    freq: str
    days: pd.DatetimeIndex
    instruments: list[str]
    bars: np.ndarray
    traded: np.ndarray

    @property
    def bars_per_day(self) -> int:
        """Bars of one day; 1 for daily data."""
        return int(self.bars.shape[1])

    @classmethod
    def open(cls, freq: str, cache_dir: Path | str | None = None) -> BarPanel:
        """Open the panel of the initialised provider; build it first if there is none or the provider has changed.

        Parameters
        ----------
        freq : str
            A frequency that the provider has.
        cache_dir : path, optional
            Where panels are kept; by default ``$MFGRU_CACHE``, else ``~/.cache/qlib_mfgru/panels``.

        Raises
        ------
        InputError
            If the provider lacks the frequency or one of the six fields, or days differ in their number of bars.
        """
        codes = list(reader.member_spans("all", freq))
        root = Path(cache_dir or os.environ.get("MFGRU_CACHE") or DEFAULT_CACHE).expanduser()
        folder = root / f"{freq}-{_FORMAT}-{reader.fingerprint(freq, codes, FIELDS)}"
        if not folder.exists():
            _build(folder, freq, codes)
        days = pd.DatetimeIndex(np.load(folder / "days.npy"))
        return cls(freq, days, codes, np.load(folder / "bars.npy", mmap_mode="r"), np.load(folder / "traded.npy"))

    def places(self, days: np.ndarray, stocks: np.ndarray, n_days: int) -> np.ndarray:
        """Where in the flat array each sample's window of `n_days` days, the last one its own, begins: (n,) int64.

        Parameters
        ----------
        days, stocks : ndarray of int64, shape (n,)
            Positions on the panel's axes.
        n_days : int

        Raises
        ------
        IndexError
            If a position is not on its axis, negative ones included, or a window would begin before the panel.
        TypeError
            If positions are no whole numbers.
        """
        days, stocks = (np.asarray(axis).astype(np.int64, casting="same_kind", copy=False) for axis in (days, stocks))
        check_places(days, stocks, n_days, self.bars.shape)
        return (days + 1 - n_days) * int(np.prod(self.bars.shape[1:])) + stocks

    def gather(self, days: np.ndarray, stocks: np.ndarray, n_days: int) -> np.ndarray:
        """Copy the bars of the `n_days` days that end with each sample's day: (n_steps, 6, n), samples innermost.

        A sample's window is one column of the array, seen as rows of one (bar, field) each, below the place of the
        window's first value; so an overlapping view of shape (n_steps * 6, places) gives all samples at once.
        Parameters are those of `places`.
        """
        n_fields, n_stocks = self.bars.shape[2:]
        n_rows = n_days * self.bars_per_day * n_fields
        n_places = self.bars.size - (n_rows - 1) * n_stocks
        rows = as_strided(self.bars.reshape(-1), (n_rows, n_places), (4 * n_stocks, 4))
        first = self.places(days, stocks, n_days)
        return np.ascontiguousarray(rows[:, first]).reshape(n_rows // n_fields, n_fields, len(first))


def check_on_axis(what: str, positions: np.ndarray, length: int) -> None:
    """Raise IndexError unless all positions (n,) are among 0 .. length - 1: negative ones would count from the end."""
    if len(positions) and not 0 <= positions.min() <= positions.max() < length:
        raise IndexError(
            f"{what} {positions.min()} .. {positions.max()} are not all among the panel's 0 .. {length - 1}"
        )


def check_places(days: np.ndarray, stocks: np.ndarray, n_days: int, shape: Sequence[int]) -> None:
    """Refuse positions (n,) whose windows would reach outside bars of `shape`, or into another field or day.

    Raises
    ------
    IndexError
        See `BarPanel.places`.
    """
    if n_days < 1 or (len(days) and not n_days - 1 <= days.min() <= days.max() < shape[0]):
        span = f"{days.min()} .. {days.max()}" if len(days) else "none"
        raise IndexError(f"days {span} leave no room for windows of {n_days} days")
    check_on_axis("stocks", stocks, shape[-1])


def _build(folder: Path, freq: str, codes: list[str]) -> None:
    """Write the panel's files next to `folder`, then rename: nobody sees a half-written panel."""
    stamps = reader.calendar(freq)
    days, bars_per_day = _day_grid(stamps, freq)
    partial = folder.with_name(f"{folder.name}{_PARTIAL}{os.getpid()}")
    shutil.rmtree(partial, ignore_errors=True)  # left by a killed process that had our number
    partial.mkdir(parents=True)
    try:
        shape = (len(days), bars_per_day, len(FIELDS), len(codes))
        provider = str(reader.provider_path(freq))
        (partial / _DESCRIPTION).write_text(json.dumps({"freq": freq, "provider": provider, "shape": shape}, indent=1))
        bars = np.lib.format.open_memmap(partial / "bars.npy", mode="w+", dtype=np.float32, shape=shape)
        traded = np.empty((len(days), len(codes)), dtype=bool)
        for columns, block in _read_blocks(freq, codes, len(stamps)):
            live = _fill(block)
            bars[..., columns] = block.reshape(*shape[:3], -1)
            traded[:, columns] = live.reshape(*shape[:2], -1).any(axis=1)
        if not traded.any():
            raise InputError(f"no stock of the provider {reader.provider_path(freq)} has a traded {freq} bar")
        bars.flush()
        np.save(partial / "traded.npy", traded)
        np.save(partial / "days.npy", days.to_numpy())
        try:
            partial.rename(folder)
        except OSError:  # another process finished the same panel first
            if not folder.exists():
                raise
        get_module_logger("BarPanel").info(f"panel of {freq} bars {shape} made at {folder}")
        _remove_outdated(folder, freq, provider)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _remove_outdated(folder: Path, freq: str, provider: str) -> None:
    """Remove panels of the provider's earlier states, and what killed processes left behind: gigabytes each.

    A process that has mapped an outdated panel keeps it until it ends.
    """
    for description in folder.parent.glob(f"{freq}-*/{_DESCRIPTION}"):
        other = description.parent
        if other == folder or json.loads(description.read_text())["provider"] != provider:
            continue
        _, _, maker = other.name.partition(_PARTIAL)
        if not maker or not _is_running(int(maker)):
            shutil.rmtree(other, ignore_errors=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _day_grid(stamps: pd.DatetimeIndex, freq: str) -> tuple[pd.DatetimeIndex, int]:
    """Days of a calendar and the bars of each, which must be the same number on every day."""
    bar_days = stamps.to_numpy().astype("datetime64[D]") if freq == "day" else days_of(stamps)
    days, counts = np.unique(bar_days, return_counts=True)
    odd = np.flatnonzero(counts != counts[0])
    if len(odd):
        day, count = days[odd[0]], counts[odd[0]]
        raise InputError(f"the {freq} calendar has {counts[0]} bars on {days[0]}, but {count} on {day}")
    return pd.DatetimeIndex(days.astype("datetime64[ns]")), int(counts[0])


def _read_blocks(freq: str, codes: list[str], n_stamps: int) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield (columns, raw bars of shape (n_stamps, 6, n_columns)) a block of stocks at a time."""
    fields_seen: set[str] = set()
    with tqdm(total=len(codes), desc=f"reading {freq} bars", unit="stock", leave=False) as progress:
        for start in range(0, len(codes), _STOCKS_PER_BLOCK):
            block_codes = codes[start : start + _STOCKS_PER_BLOCK]
            block = np.full((len(block_codes), len(FIELDS), n_stamps), np.nan, dtype=np.float32)
            for row, code in enumerate(block_codes):
                for column, field in enumerate(FIELDS):
                    series = reader.read_series(code, field, freq)
                    if series is not None:
                        fields_seen.add(field)
                        first, values = series
                        block[row, column, first : first + len(values)] = values
            progress.update(len(block_codes))
            yield slice(start, start + len(block_codes)), np.ascontiguousarray(block.transpose(2, 1, 0))
    missing = [f"${field}" for field in FIELDS if field not in fields_seen]
    if missing:
        raise InputError(f"the provider {reader.provider_path(freq)} has no {' '.join(missing)} at {freq}")


def _fill(block: np.ndarray) -> np.ndarray:
    """Carry closes forward in place, set missing volumes to 0; return which bars traded, (n_stamps, n_columns).

    A missing price takes the bar's close, or the last close before it, so that a day without trading shows the last
    close in all five prices.
    """
    close, volume = block[:, _CLOSE], block[:, _VOLUME]
    np.nan_to_num(volume, copy=False, nan=0.0)
    live = np.isfinite(close) & (volume > 0)
    close[:] = carried_forward(close)
    for field in range(len(FIELDS)):
        if field != _VOLUME:
            np.copyto(block[:, field], close, where=~np.isfinite(block[:, field]))
    return live
