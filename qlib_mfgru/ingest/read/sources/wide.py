"""Wide tables, a field each: stamps down, codes across. Rows are put together from all of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import RowInput
from qlib_mfgru.ingest.read.columns import TEXT_FIELDS
from qlib_mfgru.ingest.read.files import VendorFile
from qlib_mfgru.ingest.read.files.fields import STAMPS, match_fields
from qlib_mfgru.ingest.read.files.reader import as_frame
from qlib_mfgru.ingest.read.stamps import join_date_time, parse_stamps
from qlib_mfgru.provider.session import Session
from qlib_mfgru.provider.symbols import normalise_symbol
from qlib_mfgru.refusals import within

_VALUE = "value of "
"""Before a code, so that none is taken for a field."""

Block = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Stamps of shape (n,), numbers of codes of shape (m,), and values of shape (n, m)."""
_NO_BLOCK: Block = (np.empty(0, "M8[s]"), np.empty(0, int), np.empty((0, 0)))


@dataclass(frozen=True)
class WideTables:
    """The wide tables of an input, read side by side; their stamps ascend, and may differ between fields.

    Attributes
    ----------
    name : str
        The input's.
    source : RowInput
        The mapping's section on it.
    files : mapping of str to list of VendorFile
        Those of each field, in the order of their stamps.
    session : Session
        The market's.
    remarks : list of (str, str)
        Always empty.
    """

    name: str
    source: RowInput
    files: Mapping[str, Sequence[VendorFile]]
    session: Session
    remarks: list[tuple[str, str]] = field(default_factory=list, compare=False)

    @property
    def label(self) -> Path:
        """As messages name them."""
        return Path(f"wide tables of {self.name}")

    @property
    def stems(self) -> tuple[str, ...]:
        """None: no name holds a code."""
        return ()

    @property
    def estimated_rows(self) -> int:
        """Cells of the longest field; a text file's rows are known by its size only."""
        return max(sum(file.path.stat().st_size for file in files) for files in self.files.values()) // 4

    def header(self) -> list[str]:
        """The fields that the rows have."""
        return ["symbol", "datetime", *self.files]

    def columns(self, required: Sequence[str], optional: Sequence[str] = ()) -> dict[str, str]:
        """The fields asked for that are there; a field's column has its name."""
        wanted = {"symbol", "index"} & {*required, *optional}
        found = match_fields(self.header(), {}, [name for name in required if name not in wanted], (), str(self.label))
        found |= {name: name for name in self.files if name in optional}
        found |= dict.fromkeys([name for name in ("datetime", "date") if name in optional][:1], "datetime")
        return dict.fromkeys(wanted, "symbol") | found

    def frames(
        self, columns: Mapping[str, str], n_rows: int, text: Collection[str] = TEXT_FIELDS
    ) -> Iterator[pd.DataFrame]:
        """Yield rows of about `n_rows` cells of each field; a cell that is empty in all of them is no row."""
        n_stamps = max(1, n_rows // len(self._codes))
        fields = [name for name in columns if name in self.files]
        blocks = {name: _Blocks(self._blocks(name, n_stamps, name in text)) for name in fields}
        n_read = 0
        while any(each.stamps.size for each in blocks.values()):
            # up to the last stamp that all fields are known to
            until = min(each.stamps[-1] for each in blocks.values() if each.stamps.size)
            frame = self._joined({name: each.take(until) for name, each in blocks.items()})
            n_read += len(frame)
            yield frame[list(columns.values())].set_axis(list(columns), axis=1)
        if n_read == 0:
            raise InputError(f"{self.label}: they have no values")

    @cached_property
    def _codes(self) -> dict[str, int]:
        """The codes of all files, numbered."""
        names = (name for files in self.files.values() for file in files for name in self._across(file))
        return {name: number for number, name in enumerate(dict.fromkeys(names))}

    def _down(self, file: VendorFile) -> dict[str, str]:
        """The columns of a file's stamps, by field; the first column where none is known by name or values."""
        return file.columns((), STAMPS) or {"datetime": file.header()[0]}

    def _across(self, file: VendorFile) -> list[str]:
        """A file's columns of values."""
        down = set(self._down(file).values())
        names = [name for name in file.header() if name not in down]
        if file.columns((), ("symbol",)) or not any(map(self._is_code, names)):
            raise InputError(
                f"{file.label}: a wide table has stamps down and codes across, this one has {', '.join(names[:4])} "
                "across; transpose it, or give it as files if it has a row a stock and time"
            )
        return names

    def _is_code(self, name: str) -> bool:
        for index in (False, True):
            try:
                return bool(normalise_symbol(name, self.session.codes, index=index))
            except ValueError:
                continue
        return False

    def _blocks(self, name: str, n_stamps: int, is_text: bool) -> Iterator[Block]:
        """Yield a field's values, some stamps at a time."""
        last = np.datetime64(-(2**62), "s")
        for file in self.files[name]:
            down, across = self._down(file), self._across(file)
            numbers = np.array([self._codes[code] for code in across])
            columns = down | {f"{_VALUE}{code}": code for code in across}
            for frame in map(as_frame, file.frames(columns, n_stamps, [*down, *(columns if is_text else ())])):
                stamps = self._stamps(frame[list(down)], file.label)
                if np.isnat(stamps).any() or not (np.diff(np.append(last, stamps)) > np.timedelta64(0, "s")).all():
                    raise InputError(f"{file.label}: the stamps of a wide table must ascend, each once")
                last = stamps[-1]
                yield stamps, numbers, frame.iloc[:, len(down) :].to_numpy(object if is_text else None)

    def _stamps(self, columns: pd.DataFrame, label: Path) -> np.ndarray:
        joined = len(columns.columns) > 1 and "datetime" not in columns
        written = join_date_time(columns["date"], columns["time"]) if joined else columns.iloc[:, 0]
        with within(str(label)):
            return parse_stamps(written, self.session.zone, self.source.day_first)

    def _joined(self, parts: Mapping[str, Sequence[Block]]) -> pd.DataFrame:
        """One row for each stamp and code that has any value."""
        stamps = np.unique(np.concatenate([block[0] for blocks in parts.values() for block in blocks]))
        shape = len(stamps), len(self._codes)
        fields, given = {}, np.zeros(shape, bool)
        for name, blocks in parts.items():
            is_float = all(values.dtype.kind in "fiub" for _, _, values in blocks)
            table = np.full(shape, np.nan, "f8" if is_float else object)
            for at, numbers, values in blocks:
                table[np.ix_(np.searchsorted(stamps, at), numbers)] = values
            given |= ~pd.isna(table)
            fields[name] = table
        row, code = np.nonzero(given)
        symbol = pd.Categorical.from_codes(code, categories=pd.Index(list(self._codes)))
        return pd.DataFrame({"symbol": symbol, "datetime": stamps[row], **{k: v[given] for k, v in fields.items()}})


class _Blocks:
    """Blocks of one field, of which the stamps read and not yet taken are known."""

    def __init__(self, blocks: Iterator[Block]) -> None:
        self._blocks = blocks
        self._block = _NO_BLOCK
        self._next()

    @property
    def stamps(self) -> np.ndarray:
        """Of the present block; empty at the end."""
        return self._block[0]

    def take(self, until: np.datetime64) -> list[Block]:
        """The rows of the present block up to a stamp, none or one block."""
        stamps, numbers, values = self._block
        n_rows = int(np.searchsorted(stamps, until, side="right"))
        if n_rows == len(stamps):
            self._next()
        else:
            self._block = stamps[n_rows:], numbers, values[n_rows:]
        return [(stamps[:n_rows], numbers, values[:n_rows])] if n_rows else []

    def _next(self) -> None:
        self._block = next(self._blocks, _NO_BLOCK)
