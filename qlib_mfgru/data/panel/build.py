"""How a panel is made: read a block of stocks at a time, filled by each field's kind, and put in its place whole."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from qlib.log import get_module_logger
from tqdm.auto import tqdm

from qlib_mfgru.data.panel.digests import day_digests
from qlib_mfgru.data.panel.fields import PRICES, Field, stored_names
from qlib_mfgru.data.panel.grid import read_grid
from qlib_mfgru.data.panel.layout import mapped
from qlib_mfgru.errors import InputError
from qlib_mfgru.provider import reader
from qlib_mfgru.provider.fill import carried_forward
from qlib_mfgru.provider.storage.stored import SeriesReader
from qlib_mfgru.provider.storage.updates import content_key

_FORMAT = 5  # part of the cache key: raise it when the files' meaning changes
DESCRIPTION = "panel.json"
_STOCKS_PER_BLOCK = 16  # stocks read at a time: 15 MB of a ten-year 15-minute history; more is no faster


def folder_name(freq: str, codes: list[str], fields: Sequence[Field]) -> str:
    """Name of a panel's folder in its cache; it differs for other data, fields, kinds and orders of fields."""
    state = [reader.fingerprint(freq, codes, stored_names(fields)), *_described(fields)]
    return f"{prefix(freq)}{hashlib.sha256(json.dumps(state).encode()).hexdigest()[:32]}"


def prefix(freq: str) -> str:
    """How the names of all panels of a frequency begin whose files mean the same."""
    return f"{freq}-{_FORMAT}-"


def _described(fields: Sequence[Field]) -> list[list[str]]:
    """What a panel depends on of its fields, as JSON has it."""
    return [[field.name, field.kind, *field.made_of] for field in fields]


def write(folder: Path, freq: str, codes: list[str], fields: Sequence[Field]) -> dict[str, Any]:
    """Write all files of a panel to an empty folder; return what its description says.

    Raises
    ------
    InputError
        As of `BarPanel.open`.
    """
    days, bars_per_day = read_grid(freq)
    shape = (len(days), bars_per_day, len(fields), len(codes))
    description = described(freq, codes, fields, shape)
    bars = mapped(folder, shape)
    traded, priced = np.empty((2, len(days), len(codes)), dtype=bool)
    stand_ins: Counter[str] = Counter()
    n_stamps = len(days) * bars_per_day
    for columns, block in _read_all(freq, codes, fields, n_stamps, stand_ins):
        live, known = filled(block, fields)
        bars[..., columns] = block[:, : len(fields)].reshape(*shape[:3], -1)
        traded[:, columns] = live.reshape(*shape[:2], -1).any(axis=1)
        priced[:, columns] = known.reshape(*shape[:2], -1)[:, 0]
    if not traded.any():
        raise InputError(f"no stock of the provider {description['provider']} has a traded {freq} bar")
    write_rest(folder, {**description, "stand_ins": stand_ins}, days, codes, bars, traded, priced)
    return description


def described(freq: str, codes: list[str], fields: Sequence[Field], shape: tuple[int, ...]) -> dict[str, Any]:
    """What a panel says of itself."""
    provider = reader.provider_path(freq)
    return {
        "freq": freq,
        "provider": str(provider),
        "fields": _described(fields),
        "shape": shape,
        "made_from": content_key(provider),
        "codes": codes,
    }


def write_rest(
    folder: Path,
    description: dict[str, Any],
    days: pd.DatetimeIndex,
    codes: list[str],
    bars: np.memmap,
    traded: np.ndarray,
    priced: np.ndarray,
    digests: np.ndarray | None = None,
) -> None:
    """Write what a panel has besides its bars; `digests` of the first days may be known."""
    bars.flush()
    for name, array in {"days": days.to_numpy(), "traded": traded, "priced": priced}.items():
        np.save(folder / f"{name}.npy", array)
    has_traded = np.logical_or.accumulate(traded, axis=0)
    start = 0 if digests is None else len(digests)
    values = (array[start:] for array in (priced, traded, has_traded, bars))
    rest = day_digests(days[start:], codes, *values)
    np.save(folder / "digests.npy", rest if digests is None else np.concatenate([digests, rest]))
    (folder / DESCRIPTION).write_text(json.dumps(description, indent=1))


def log_stand_ins(folder: Path, freq: str) -> None:
    """Say of which fields a panel holds a stand-in."""
    for name, count in json.loads((folder / DESCRIPTION).read_text()).get("stand_ins", {}).items():
        get_module_logger("BarPanel").warning(
            f"${name} at {freq} is the mean of open, high, low and close for the {count} stocks without it"
        )


def _read_all(
    freq: str, codes: list[str], fields: Sequence[Field], n_stamps: int, stand_ins: Counter[str]
) -> Iterator[tuple[slice, np.ndarray]]:
    """As `read_blocks`; raises InputError where a field is missing in all stocks, and says where it is in some."""
    names = stored_names(fields)
    stocks_with: Counter[str] = Counter()
    valued: set[str] = set()
    yield from read_blocks(freq, codes, fields, n_stamps, stand_ins, stocks_with, valued)
    stocks_with, valued = stocks_with + stand_ins, valued | stand_ins.keys()
    _refuse("has no", freq, [name for name in names if not stocks_with[name]])
    _refuse("holds no value of", freq, [name for name in names if name not in valued])
    _log_gaps(freq, stocks_with)


def read_blocks(
    freq: str,
    codes: list[str],
    fields: Sequence[Field],
    n_stamps: int,
    stand_ins: Counter[str],
    stocks_with: Counter[str],
    valued: set[str],
) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield (columns, raw series of shape (n_stamps, n_names, n_columns)) a block of stocks at a time.

    `stand_ins` counts the stocks of each field that is made of others, `stocks_with` those that have a series of their
    own, and `valued` gets the names of the series with a value.
    """
    names, stored = stored_names(fields), SeriesReader(freq)
    made = {field.name for field in fields if field.made_of}
    with tqdm(total=len(codes), desc=f"reading {freq} bars", unit="stock", leave=False) as progress:
        for start in range(0, len(codes), _STOCKS_PER_BLOCK):
            block_codes = codes[start : start + _STOCKS_PER_BLOCK]
            block = np.full((len(block_codes), len(names), n_stamps), np.nan, dtype=np.float32)
            for row, code in enumerate(block_codes):
                lacking = []
                for column, name in enumerate(names):
                    series = stored.whole(code, name, n_stamps)
                    if series is None or (name in made and not _is_known(name, series[1]).any()):
                        lacking.append(name)
                        continue
                    stocks_with[name] += 1
                    first, values = series
                    if name not in valued and _is_known(name, values).any():
                        valued.add(name)
                    block[row, column, first : first + len(values)] = values
                stand_ins.update(_stand_in(block[row], names, fields, lacking))
            progress.update(len(block_codes))
            yield slice(start, start + len(block_codes)), np.ascontiguousarray(block.transpose(2, 1, 0))


def _stand_in(series: np.ndarray, names: Sequence[str], fields: Sequence[Field], lacking: Sequence[str]) -> list[str]:
    """Fill what a stock is `lacking` with the mean of what it is made of, in (n_names, n_stamps); names with values."""
    filled = []
    for field in fields:
        if field.made_of and field.name in lacking:
            parts = series[[names.index(part) for part in field.made_of]]
            parts[~(parts > 0)] = np.nan
            series[names.index(field.name)] = parts.mean(axis=0, dtype=np.float64)
            filled += [field.name] if np.isfinite(parts).all(axis=0).any() else []
    return filled


def _refuse(what: str, freq: str, names: Sequence[str]) -> None:
    """Say of fields, if there are any, what is wrong with the provider."""
    if names:
        fields = " ".join(f"${name}" for name in names)
        way_out = "; set missing_vwap: typical, or ingest it (daily: {provider: ...})" if "vwap" in names else ""
        raise InputError(f"the provider {reader.provider_path(freq)} {what} {fields} at {freq}{way_out}")


def _log_gaps(freq: str, stocks_with: Counter[str]) -> None:
    """Say of which fields the provider has fewer stocks than of the close."""
    few = {name: count for name, count in stocks_with.items() if count < stocks_with["close"]}
    if few:
        counts = ", ".join(f"${name} of {count}" for name, count in few.items())
        get_module_logger("BarPanel").warning(
            f"of the {stocks_with['close']} stocks with {freq} bars the provider has {counts}"
        )


def filled(block: np.ndarray, fields: Sequence[Field]) -> tuple[np.ndarray, np.ndarray]:
    """Fill the gaps of `fields` in place, each by its kind; return which bars traded, and which have had a close.

    A missing price takes the bar's close, or the last close before it, so that a day without trading shows the last
    close in every price. One of `PRICES` that is stored as 0 is missing.

    Parameters
    ----------
    block : ndarray of shape (n_stamps, n_names, n_columns), float32
        The series of `stored_names`, NaN where nothing is stored.

    Returns
    -------
    traded, priced : ndarray of bool, each of shape (n_stamps, n_columns)
    """
    series = dict(zip(stored_names(fields), block.swapaxes(0, 1), strict=True))
    has_close = _is_known("close", series["close"])
    live = has_close & (series["volume"] > 0)
    close = carried_forward(np.where(has_close, series["close"], np.nan))
    for field in fields:
        values = series[field.name]
        known = _is_known(field.name, values)
        if field.kind == "price":
            np.copyto(values, close, where=~known)
        elif field.kind == "quantity":
            np.copyto(values, 0.0, where=~known)
        else:
            values[:] = carried_forward(np.where(known, values, np.nan))
    return live, np.isfinite(close)


def _is_known(name: str, values: np.ndarray) -> np.ndarray:
    """Where a field has a value: finite, and above 0 if it is one of `PRICES`."""
    known = np.isfinite(values)
    return known & (values > 0) if name in PRICES else known
