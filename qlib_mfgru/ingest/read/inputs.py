"""Vendor rows, slice by slice, to checked records: bars and daily bars."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import FileInput, PriceInput
from qlib_mfgru.ingest.read.columns import find_columns
from qlib_mfgru.ingest.read.files import iter_frames, read_header
from qlib_mfgru.ingest.read.spool import Registry
from qlib_mfgru.ingest.read.stamps import join_date_time
from qlib_mfgru.ingest.report import InputAccount
from qlib_mfgru.provider.symbols import symbol_in_name

CHUNK_ROWS = 100_000
"""Rows that are read at a time."""

PRICES = ("open", "high", "low", "close")
TEXT_FIELDS = frozenset({"symbol", "index", "datetime", "date", "time", "name", "industry", "start", "end"})
AMOUNT_UNITS = {"yuan": 1.0, "thousand": 1e3, "ten_thousand": 1e4}
VOLUME_UNITS = {"shares": 1.0, "lots": 100.0}


@dataclass
class Slice:
    """Some rows of one file, with our field names and the stock's number in each."""

    path: Path
    file: int
    first_row: int
    frame: pd.DataFrame
    code: np.ndarray

    def describe(self, position: int) -> str:
        """Name a row: file, stock, time."""
        row = self.frame.iloc[position]
        symbol = row["symbol"] if "symbol" in self.frame else self.path.stem
        when = " ".join(str(row[name]) for name in ("datetime", "date", "time", "start") if name in self.frame)
        return f"{self.path.name} row {self.first_row + position + 1}: {symbol} {when}".rstrip()

    def numbers(self, fields: Sequence[str]) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """The fields as floats of shape (n,), NaN where absent, and whether a row has text where a number belongs."""
        bad = np.zeros(len(self.frame), dtype=bool)
        values = {}
        for field in fields:
            if field not in self.frame:
                values[field] = np.full(len(self.frame), np.nan)
                continue
            column = self.frame[field]
            numeric = pd.to_numeric(column, errors="coerce").to_numpy(dtype="float64", na_value=np.nan)
            if column.dtype.kind not in "fiub":
                bad |= np.isnan(numeric) & (column.notna() & (column.astype("str").str.strip() != "")).to_numpy()
            bad |= np.isinf(numeric)
            values[field] = numeric
        return values, bad

    def drop(self, account: InputAccount, checks: Sequence[tuple[str, np.ndarray]]) -> np.ndarray:
        """Count rows under the first check that they fail; return those that fail none, shape (n,)."""
        good = np.ones(len(self.frame), dtype=bool)
        for reason, mask in checks:
            account.drop(reason, good & mask, self.describe)
            good &= ~mask
        return good


def iter_slices(
    paths: Sequence[Path],
    source: FileInput,
    required: Sequence[str],
    optional: Sequence[str],
    *,
    owner: str,
    registry: Registry,
    account: InputAccount,
    rows: int = CHUNK_ROWS,
    index: bool = False,
    progress: Callable[[Path], object] = lambda path: None,
) -> Iterator[Slice]:
    """Yield the rows of `paths` with known field names and stock numbers; rows read are counted.

    The stock is in a column, or else in the file's name.

    Raises
    ------
    InputError
        If a file has a structural fault: empty, truncated, without a column that is needed.
    """
    symbol_field = "index" if index else "symbol"
    for path in paths:
        header = read_header(path, sep=source.sep, names=source.names, encoding=source.encoding)
        columns = find_columns(path, header, required, (symbol_field, *optional), source.columns)
        spelled = None if symbol_field in columns else symbol_in_name(path.stem)
        if symbol_field not in columns and spelled is None:
            raise InputError(
                f"{path}: no column for {symbol_field!r} and no stock code in the file's name; it has "
                f"{', '.join(header)}"
            )
        file, n_read = registry.file_id(path.name), 0
        text = [column for field, column in columns.items() if field in TEXT_FIELDS]
        for raw in iter_frames(
            path, list(dict.fromkeys(columns.values())), sep=source.sep, names=source.names,
            encoding=source.encoding, text=text, rows=rows,
        ):  # fmt: skip
            fields = ["symbol" if field == symbol_field else field for field in columns]
            frame = raw[list(columns.values())].set_axis(fields, axis=1)
            code = _codes(frame, spelled, path, owner, registry, index)
            account.read += len(frame)
            yield Slice(path, file, n_read, frame, code)
            n_read += len(frame)
        progress(path)


def _codes(
    frame: pd.DataFrame, spelled: str | None, path: Path, owner: str, registry: Registry, index: bool
) -> np.ndarray:
    if spelled is not None:
        return np.full(len(frame), registry.code_id(spelled, owner, path.name, index=index), dtype="i4")
    positions, unique = pd.factorize(frame["symbol"])
    numbers = [registry.code_id(_symbol_text(value), owner, path.name, index=index) for value in unique]
    return np.array([*numbers, -1], dtype="i4")[positions]


def _symbol_text(value: object) -> str:
    return str(int(value)) if isinstance(value, float) else str(value)


def stamp_column(part: Slice) -> pd.Series:
    """The column, or the join of two, that holds the stamps.

    Raises
    ------
    InputError
        If the file has neither a datetime nor a date nor a time column.
    """
    frame = part.frame
    if "datetime" in frame:
        return frame["datetime"]
    if "date" in frame and "time" in frame:
        return join_date_time(frame["date"], frame["time"])
    if "date" in frame or "time" in frame:
        return frame["date"] if "date" in frame else frame["time"]
    raise InputError(f"{part.path}: no column for 'datetime' (or 'date' and 'time'); it has {', '.join(frame.columns)}")


def price_checks(values: dict[str, np.ndarray], bad: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """Faults of rows with prices and volume, worst first; volume NaN counts as no trade."""
    traded = np.nan_to_num(values["volume"]) > 0
    priced = np.all([values[name] > 0 for name in PRICES], axis=0)
    return [
        ("text where a number belongs", bad),
        ("negative volume", values["volume"] < 0),
        ("negative amount", values["amount"] < 0),
        ("price missing or not positive", traded & ~priced),
        ("high < low", priced & (values["high"] < values["low"])),
    ]


def to_units(values: dict[str, np.ndarray], source: PriceInput) -> None:
    """Volume to shares and amount to yuan: replaces both in `values`."""
    values["volume"] = values["volume"] * VOLUME_UNITS[source.volume]
    values["amount"] = values["amount"] * AMOUNT_UNITS[source.amount]


def check_units(values: dict[str, np.ndarray], path: Path, source: PriceInput) -> None:
    """Stop where amount / volume is far from the price for most rows: a unit is stated wrongly.

    Raises
    ------
    InputError
        With the ratio found.
    """
    traded = (values["volume"] > 0) & (values["amount"] > 0) & (values["close"] > 0)
    if source.prices == "adjusted" or traded.sum() < 16:
        return
    ratio = float(np.median(values["amount"][traded] / values["volume"][traded] / values["close"][traded]))
    if not 0.5 < ratio < 2:
        raise InputError(
            f"{path}: amount / volume is {ratio:.3g} times the price with volume: {source.volume}, "
            f"amount: {source.amount}: a unit seems wrong (lots are 100 shares)"
        )
