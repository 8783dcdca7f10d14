"""What the files themselves show of how they are meant, where the mapping does not say."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace

import numpy as np

from qlib_mfgru.ingest.assemble.conventions import Calendars, Conventions
from qlib_mfgru.ingest.assemble.factors import is_event_table
from qlib_mfgru.ingest.assemble.stock import Stock
from qlib_mfgru.ingest.mapping import IngestMapping, PriceInput
from qlib_mfgru.ingest.read.columns import EVENT_FACTORS
from qlib_mfgru.ingest.read.files import EmptyFile, VendorFile
from qlib_mfgru.ingest.read.spool import PRICES, Spool
from qlib_mfgru.ingest.read.stamps import days_of_bars
from qlib_mfgru.ingest.read.vendor import Vendor
from qlib_mfgru.ingest.report import IngestReport

_SAMPLE = 200
"""Stocks that are looked at."""
_CLEAR, _NEAR = np.log(1.1), np.log(1.05)
"""A factor this far from 1 tells adjusted volumes from raw ones, where amount / volume is this near to the price."""
_LEAST_ROWS = 5


def with_evidence(conventions: Conventions, vendor: Vendor, spool: Spool, calendars: Calendars) -> Conventions:
    """The conventions completed by what the stocks, or a sample of them, show; what is judged is in the report."""
    mapping = vendor.mapping
    if mapping.factors and mapping.factors.before_first is None:
        events = _is_event_table(vendor, spool, calendars)
        before = "1 before a stock's first row (a table of events)" if events else "unknown before a stock's first row"
        vendor.report.note(f"factors: the factor is {before}; before_first: one or unknown would say so")
        conventions = replace(conventions, factor_events=events)
    if mapping.st:
        conventions = replace(conventions, st_holds=spool.has_value("st_day", 0.0))
    if judged := _unsaid_volumes(mapping, conventions):
        adjusted = _volumes(judged, conventions, spool, calendars, vendor.report)
        conventions = replace(
            conventions,
            daily_volume_adjusted=adjusted.get("daily", conventions.daily_volume_adjusted),
            bars_volume_adjusted=adjusted.get("bars", conventions.bars_volume_adjusted),
        )
    return conventions


def _is_event_table(vendor: Vendor, spool: Spool, calendars: Calendars) -> bool:
    """By the column's name, or else by how rarely there is a row."""
    return _factor_column(vendor) in EVENT_FACTORS or is_event_table(spool.peek(_SAMPLE), calendars.days)


def _factor_column(vendor: Vendor) -> str | None:
    """The column in the first file of factors that is not empty; None where they are in no files."""
    factors = vendor.mapping.factors
    if not factors or not factors.files:
        return None
    for path in vendor.paths.get("factors", ()):
        for file in VendorFile.all_in(path, factors):
            with suppress(EmptyFile):
                return file.columns((), ("factor",)).get("factor")
    return None


def _unsaid_volumes(mapping: IngestMapping, conventions: Conventions) -> list[str]:
    """Inputs with adjusted prices, a known factor, and volumes of which the mapping says nothing."""
    inputs: dict[str, PriceInput | None] = {"daily": mapping.daily, "bars": mapping.bars}
    if conventions.factorless:
        return []
    return [name for name, source in inputs.items() if source and source.volume_adjusted is None]


@dataclass
class _Evidence:
    """Logs of amount / volume over the adjusted price, and of the factor, row by row of where it is clear."""

    log_ratios: list[np.ndarray] = field(default_factory=list)
    log_factors: list[np.ndarray] = field(default_factory=list)

    def add(self, price: np.ndarray, volume: np.ndarray, amount: np.ndarray, factor: np.ndarray) -> None:
        """Take rows of one stock, each of shape (n,); `price` is adjusted."""
        usable = (price > 0) & (volume > 0) & (amount > 0) & (np.abs(np.log(factor)) > _CLEAR)
        self.log_ratios.append(np.log(amount[usable] / volume[usable] / price[usable]))
        self.log_factors.append(np.log(factor[usable]))

    def verdict(self) -> tuple[bool, str]:
        """Whether volumes are adjusted, and why, in words.

        amount / volume is the adjusted price if volume is adjusted as well, and the raw one, the factor less, if not.
        """
        ratios, factors = np.concatenate(self.log_ratios), np.concatenate(self.log_factors)
        if len(ratios) < _LEAST_ROWS:
            return False, f"only {len(ratios)} rows with an amount and a factor away from 1 could show it"
        to_adjusted, to_raw = ratios, ratios + factors
        words = (
            f"amount / volume is {np.exp(np.median(to_adjusted)):.3g} times the adjusted price and "
            f"{np.exp(np.median(to_raw)):.3g} times the raw one, in the median of {len(ratios)} rows"
        )
        misses = [float(np.median(np.abs(logs))) for logs in (to_adjusted, to_raw)]
        if min(misses) > _NEAR:
            return False, f"{words}, which fits neither"
        return misses[0] < misses[1], words


def _volumes(
    names: list[str], conventions: Conventions, spool: Spool, calendars: Calendars, report: IngestReport
) -> dict[str, bool]:
    """Whether the volumes of the inputs `names` are adjusted."""
    evidence = {name: _Evidence() for name in names}
    as_rows = replace(conventions, freqs=())
    for rows in spool.peek(_SAMPLE):
        stock = Stock(rows, calendars, as_rows, IngestReport())
        if "daily" in evidence:
            price = np.mean([stock.daily[name] for name in PRICES], axis=0) * stock.factor
            evidence["daily"].add(price, stock.daily["volume"], stock.daily["amount"], stock.factor)
        if "bars" in evidence and len(rows.bars):
            factor = stock.factor[np.searchsorted(calendars.days, days_of_bars(rows.bars["when"]))]
            price = np.mean([rows.bars[name].astype("f8") for name in PRICES], axis=0)
            evidence["bars"].add(price, rows.bars["volume"], rows.bars["amount"], factor)
    adjusted = {}
    for name, seen in evidence.items():
        adjusted[name], why = seen.verdict()
        kind = "adjusted, like the prices" if adjusted[name] else "raw"
        report.note(f"{name}: volume is taken as {kind} ({why}); volume: adjusted or shares would say so")
    return adjusted
