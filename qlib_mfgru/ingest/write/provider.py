"""From the spool to the provider, one stock at a time; then the tables of indices, which need the stocks."""

from __future__ import annotations

from pathlib import Path

from tqdm import tqdm

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.assemble.assembly import assemble
from qlib_mfgru.ingest.assemble.bars import FREQ
from qlib_mfgru.ingest.assemble.calendar import Calendars
from qlib_mfgru.ingest.assemble.conventions import Conventions
from qlib_mfgru.ingest.assemble.stock import Stock
from qlib_mfgru.ingest.read.intake import Intake
from qlib_mfgru.ingest.read.tables import read_weights
from qlib_mfgru.ingest.write.levels import write_levels
from qlib_mfgru.ingest.write.manifest import write_industries, write_manifest
from qlib_mfgru.ingest.write.members import write_members
from qlib_mfgru.ingest.write.stocks import StoredStocks
from qlib_mfgru.ingest.write.weights import write_weights
from qlib_mfgru.provider.writer import ProviderWriter


def write_provider(intake: Intake, target: Path) -> None:
    """Write the provider of what an intake has read; nothing is left of it when something fails.

    Raises
    ------
    InputError
        No usable row, raw prices without a factor, an input with too many bad rows, or a table of an index that
        cannot be right.
    """
    vendor = intake.vendor
    calendars = Calendars.of(intake)
    conventions = Conventions.of(vendor.mapping, vendor.report)
    for note in conventions.notes():
        vendor.report.note(note)
    weights = {market: vendor.input(f"weights.{market}", source) for market, source in vendor.mapping.weights.items()}
    tables = {market: read_weights(each) for market, each in weights.items()}
    weighted = {code for table in tables.values() for code in table.columns}
    intraday = {FREQ: calendars.dates[calendars.bar_span]} if len(calendars.bar_days) else {}
    with ProviderWriter(target, calendars.dates, intraday) as writer:
        stocks = StoredStocks(writer, calendars, weighted)
        _write_stocks(stocks, intake, calendars, conventions)
        members = {
            market: write_members(stocks, vendor.input(f"members.{market}", source))
            for market, source in vendor.mapping.members.items()
        }
        for market, each in weights.items():
            write_weights(stocks, each, tables[market], members.get(market))
        if vendor.mapping.index:
            write_levels(stocks, vendor.input("index", vendor.mapping.index))
        if vendor.mapping.industry:
            write_industries(stocks, intake)
        write_manifest(stocks, intake)


def _write_stocks(stocks: StoredStocks, intake: Intake, calendars: Calendars, conventions: Conventions) -> None:
    vendor = intake.vendor
    for rows in tqdm(intake.stocks(), desc="writing", unit="stock", disable=vendor.quiet):
        stock = Stock(rows, calendars, conventions, vendor.report)
        if assemble(stock):
            stocks.write(stock)
    vendor.report.check(vendor.mapping.max_dropped)
    if not stocks.lives:
        raise InputError(f"no stock has any usable day\n{vendor.report}")
    stocks.writer.write_members("all", stocks.codes, stocks.alive())
