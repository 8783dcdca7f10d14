"""An input whose rows are those of a qlib provider, ours or another program's: a slice an instrument."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import BarInput, RowInput
from qlib_mfgru.ingest.read.inputs import Source_co, VendorInput
from qlib_mfgru.ingest.read.provider.rows import NO_FACTOR, industry_rows, price_rows, span_rows, value_rows
from qlib_mfgru.ingest.read.slices import Slice
from qlib_mfgru.ingest.read.stamps.grid import Grid
from qlib_mfgru.provider.industries import read_industries
from qlib_mfgru.provider.storage.files import ProviderFiles
from qlib_mfgru.provider.symbols import is_index

_GIVEN = ("daily", "bars", "factors", "index", "industry", "market_cap", "members", "weights")

Rows = Callable[[ProviderFiles, str], pd.DataFrame]
"""The rows of one instrument, by its code, as `rows` makes them."""


def estimated_rows(path: Path, source: RowInput) -> int:
    """Rows of the provider at `path` that an input of prices reads, about."""
    return ProviderFiles(path).n_values(source.freq if isinstance(source, BarInput) else "day")


def of_provider(table: VendorInput[Source_co]) -> ProviderInput[Source_co]:
    """The input, read from the provider at its path.

    Raises
    ------
    InputError
        No provider, one of a market with another session, or bars whose calendar fits no convention of stamps.
    """
    files, source = ProviderFiles(table.paths[0]), table.source
    if files.session not in (None, table.session):
        raise InputError(f"{table.name}: the provider {files.path} is of another session: write it in the mapping")
    if isinstance(source, BarInput) and source.stamps is None:
        source = source.changed(stamps=_convention(files, table, source))
    return ProviderInput(**{**vars(table), "source": source})


def _convention(files: ProviderFiles, table: VendorInput[Source_co], source: BarInput) -> str:
    """Which end of a bar the calendar's stamps are."""
    stamps = files.calendar(source.freq).to_numpy().astype("datetime64[s]")
    faults = []
    for grid in (Grid(table.session, source.freq, "end"), Grid(table.session, source.freq, "start")):
        fault = grid.fault(stamps) or grid.fault_at_edges(stamps[[0, -1]])
        if fault is None:
            table.note(f"the stamps of the provider's {source.freq} calendar are taken to be bar {grid.convention}s")
            return grid.convention
        faults.append(fault)
    raise InputError(f"{table.name}: the {source.freq} calendar of {files.path}: {faults[0]}")


@dataclass(frozen=True)
class ProviderInput(VendorInput[Source_co]):
    """One input of the mapping that a provider gives; attributes are those of `VendorInput`, with one path.

    Its stocks are those of the list ``all``. Indices are the instruments with an index's code and, in markets whose
    codes do not show it, those that ``all`` does not name.
    """

    def slices(self, required: Sequence[str], optional: Sequence[str] = (), *, index: bool = False) -> Iterator[Slice]:
        """Yield an instrument's rows at a time, and count them as read; see `VendorInput.slices`.

        Raises
        ------
        InputError
            Nothing of the kind is in a provider, or it lacks the frequency, the market or a required field.
        """
        rows, path, report = self._rows(), self.paths[0], self.report
        report.max_dropped = self.source.max_dropped
        number, n_read = self.registry.file_number(path.name), 0
        codes = self._indices if index else self._stocks_of_input()
        for code in tqdm(codes, desc=f"reading {self.name}", unit="stock", leave=False, disable=self.quiet or None):
            frame = rows(self.files, code)
            if frame.empty:
                continue
            report.read += len(frame)
            frame = self._with_factor(code, frame)
            report.fields.update(frame.columns)
            stock = np.full(len(frame), self.registry.stock_number(code, self.name, path.name), dtype="i4")
            piece = Slice(path, number, n_read, frame.assign(symbol=code), stock, report, self.session)
            yield self._under_last_codes(piece, index=index)
            n_read += len(frame)
        missing = [field for field in required if field not in report.fields]
        if missing and not index:
            raise InputError(f"{self.name}: the provider {self.files.path} has no {', '.join(missing)}")

    def _with_factor(self, code: str, frame: pd.DataFrame) -> pd.DataFrame:
        """The rows whose raw prices are known; the others are counted out."""
        if NO_FACTOR not in frame:
            return frame
        unknown, stamps = frame[NO_FACTOR].to_numpy(), frame["datetime"].to_numpy()
        stock = np.full(len(frame), self.registry.stock_number(code, self.name, self.paths[0].name))
        self.report.drop(
            "no factor on that day",
            unknown,
            lambda row: f"{self.paths[0].name}: {code} {frame['datetime'].astype('str').iloc[row]}",
            self.counted(stock, stamps),
        )
        return frame.loc[~unknown].drop(columns=NO_FACTOR)

    @cached_property
    def files(self) -> ProviderFiles:
        """The provider's."""
        return ProviderFiles(self.paths[0])

    def _rows(self) -> Rows:
        """How the rows of one instrument are made."""
        kind, _, market = self.name.partition(".")
        match kind:
            case "daily" | "index":
                return partial(price_rows, freq="day")
            case "factors":
                return partial(value_rows, field="factor", name="factor")
            case "bars":
                assert isinstance(self.source, BarInput)
                return partial(price_rows, freq=self.source.freq, stamps=self.source.stamps or "end")
            case "industry":
                return partial(industry_rows, names=read_industries(self.files.path))
            case "members":
                return partial(span_rows, spans=self.files.instruments(market))
            case "market_cap" | "weights":
                field, name = (kind, kind) if kind == "market_cap" else (f"{market}_weight", "weight")
                return partial(value_rows, field=field, name=name, unit=getattr(self.source, "scale", 1.0))
        raise InputError(f"{self.name}: a provider gives {', '.join(_GIVEN)}; write a table of {kind}")

    def _stocks_of_input(self) -> list[str]:
        """Codes that may have rows: of the list itself where it is one of members."""
        if self.name.startswith("members."):
            return list(self.files.instruments(self.market))
        indices = set(self._indices)
        if "all" not in self.files.markets:
            return [code for code in self.files.stored if code not in indices]
        stocks = [code for code in self.files.instruments("all") if code not in indices]
        left_out = set(self.files.stored) - indices - set(stocks)
        self.warn("instruments left out: the provider's `all` does not name them", len(left_out), sorted(left_out))
        return stocks

    @cached_property
    def _indices(self) -> list[str]:
        stored = self.files.stored
        if self.session.codes == "ashare":
            return [code for code in stored if is_index(code)]
        listed = self.files.instruments("all") if "all" in self.files.markets else stored
        return [code for code in stored if code not in listed]
