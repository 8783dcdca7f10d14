"""The one pass over the vendor's files, into the spool; and out of it again, stock by stock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from qlib_mfgru.ingest.read.inputs import Vendor
from qlib_mfgru.ingest.read.prices import read_bars, read_daily
from qlib_mfgru.ingest.read.spool import BAR, DAY, VALUE, Spool, of_stock, repeated
from qlib_mfgru.ingest.read.stamps import day_text, minute_text
from qlib_mfgru.ingest.read.values import read_industries, read_st, read_values

VALUE_FIELDS = ("factor", "limit_up", "limit_down", "float_shares", "industry", "st_step", "st_day")
"""What the spool keeps values as."""


@dataclass(frozen=True)
class StockRows:
    """All rows of one stock, sorted by time and without duplicates.

    Attributes
    ----------
    code : str
        As qlib writes it.
    daily, bars : structured ndarray
        Of dtype `DAY` and `BAR`.
    values : mapping of str to structured ndarray
        Of dtype `VALUE`, by the names of `VALUE_FIELDS`.
    files : sequence of str
        Name of each file by the number that the rows carry.
    """

    code: str
    daily: np.ndarray
    bars: np.ndarray
    values: Mapping[str, np.ndarray]
    files: Sequence[str]

    @property
    def first_day(self) -> int:
        """Day of the first bar or daily row, traded or not, in days since 1970."""
        firsts = [int(rows["when"][0]) // unit for rows, unit in ((self.daily, 1), (self.bars, 1440)) if len(rows)]
        return min(firsts)


@dataclass
class Intake:
    """Reads a vendor's inputs into a spool, remembers the days that it meets, and hands out whole stocks.

    Attributes
    ----------
    days, bar_days : set of int
        Days with a daily row or a bar, and with a bar, in days since 1970.
    industries : dict of str to int
        Numbers of the industries, by name, in the order in which they were met.
    """

    vendor: Vendor
    spool: Spool
    days: set[int] = field(default_factory=set)
    bar_days: set[int] = field(default_factory=set)
    industries: dict[str, int] = field(default_factory=dict)

    def read(self) -> None:
        """Spool every input that is about single stocks.

        Raises
        ------
        InputError
            On a structural fault of an input.
        """
        mapping, vendor = self.vendor.mapping, self.vendor
        if mapping.bars:
            for bars in read_bars(vendor.input("bars", mapping.bars)):
                self.spool.append("bars", bars)
                self.bar_days.update(np.unique(bars["when"] // 1440).tolist())
            self.days |= self.bar_days
        if mapping.daily:
            for daily in read_daily(vendor.input("daily", mapping.daily)):
                self.spool.append("daily", daily)
                self.days.update(np.unique(daily["when"]).tolist())
        for name, values in self._read_values():
            self.spool.append(name, values)

    def _read_values(self) -> Iterator[tuple[str, np.ndarray]]:
        mapping, vendor = self.vendor.mapping, self.vendor
        if mapping.factors:
            yield from read_values(vendor.input("factors", mapping.factors), ("factor",))
        if mapping.limits:
            yield from read_values(vendor.input("limits", mapping.limits), ("limit_up", "limit_down"))
        if shares := mapping.float_shares:
            yield from read_values(vendor.input("float_shares", shares), ("float_shares",), shares.scale)
        if mapping.industry:
            yield from read_industries(vendor.input("industry", mapping.industry), self.industries)
        if mapping.st:
            yield from read_st(vendor.input("st", mapping.st))

    def stocks(self) -> Iterator[StockRows]:
        """Yield the rows of every stock that has a bar or a daily row, a bucket in memory at a time.

        Industries are numbered in the order of their names, which does not depend on the order of the rows.
        """
        registry = self.vendor.registry
        industry = np.argsort(np.argsort(list(self.industries)))
        for bucket in range(self.spool.n_buckets):
            bars = self._without_repeats("bars", self.spool.load("bars", bucket, BAR))
            daily = self._without_repeats("daily", self.spool.load("daily", bucket, DAY))
            values = {name: self.spool.load(name, bucket, VALUE) for name in VALUE_FIELDS}
            values["industry"]["value"] = industry[values["industry"]["value"].astype(int)]
            for stock in np.union1d(bars["stock"], daily["stock"]):
                yield StockRows(
                    registry.codes[stock],
                    of_stock(daily, stock),
                    of_stock(bars, stock),
                    {name: of_stock(rows, stock) for name, rows in values.items()},
                    registry.files,
                )

    def _without_repeats(self, name: str, rows: np.ndarray) -> np.ndarray:
        """The first row of each stock and time, in reading order; the others are counted out."""
        twice = repeated(rows)
        if not twice.any():
            return rows
        registry = self.vendor.registry
        when_text = minute_text if name == "bars" else day_text

        def describe(position: int) -> str:
            row = rows[position]
            return f"{registry.files[row['file']]}: {registry.codes[row['stock']]} {when_text(int(row['when']))}"

        self.vendor.report.input(name).drop("duplicate bar", twice, describe)
        return rows[~twice]
