"""The one pass over what the vendor says of single stocks: from its rows to checked records in the spool."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import numpy as np

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import BarInput, PriceInput
from qlib_mfgru.ingest.mapping.prices import EVERYWHERE, amount_scale, volume_scale
from qlib_mfgru.ingest.read.grid import Grid
from qlib_mfgru.ingest.read.inputs import STAMPS, Check, Slice, VendorInput
from qlib_mfgru.ingest.read.spool import BAR, DAILY_OPTIONAL, DAY, PRICES, Spool
from qlib_mfgru.ingest.read.stamps import day_numbers
from qlib_mfgru.ingest.read.values import read_industries, read_st, read_values
from qlib_mfgru.ingest.read.vendor import Vendor
from qlib_mfgru.ingest.report import IN_AUCTION


def read_vendor(vendor: Vendor, spool: Spool) -> None:
    """Read every input that is about single stocks into the spool.

    Raises
    ------
    InputError
        On a structural fault of an input.
    """
    mapping = vendor.mapping
    if mapping.bars:
        for bars in read_bars(vendor.input("bars", mapping.bars)):
            spool.add_bars(bars)
    if mapping.daily:
        for daily in read_daily(vendor.input("daily", mapping.daily)):
            spool.add_daily(daily)
    for name, values in _values(vendor, spool.industries):
        spool.append(name, values)


def _values(vendor: Vendor, industries: dict[str, int]) -> Iterator[tuple[str, np.ndarray]]:
    mapping = vendor.mapping
    if mapping.factors:
        yield from read_values(vendor.input("factors", mapping.factors), ("factor",))
    if mapping.limits:
        yield from read_values(vendor.input("limits", mapping.limits), ("limit_up", "limit_down"))
    if shares := mapping.float_shares:
        yield from read_values(vendor.input("float_shares", shares), ("float_shares",), shares.scale)
    if mapping.industry:
        yield from read_industries(vendor.input("industry", mapping.industry), industries)
    if mapping.st:
        yield from read_st(vendor.input("st", mapping.st))


def read_bars(bars: VendorInput[BarInput]) -> Iterator[np.ndarray]:
    """Yield intraday bars, of dtype `BAR`; faulty ones, auctions', and those off the session grid, are counted out.

    Raises
    ------
    InputError
        If the stamps do not fit the stated frequency and convention.
    """
    grid = Grid(bars.session, bars.source.freq, bars.source.stamps or "end")
    slices = bars.slices((*PRICES, "volume"), (*STAMPS, "amount", "vwap"))
    for path, pieces in groupby(slices, key=lambda piece: piece.path):
        edges = np.full(2, np.datetime64("NaT", "s"))
        for piece in pieces:
            stamps = piece.stamps()
            if piece.first_row == 0 and (fault := grid.fault(stamps)):
                raise InputError(f"{path}: {fault}")
            edges = np.array([np.fmin.reduce(stamps, initial=edges[0]), np.fmax.reduce(stamps, initial=edges[1])])
            yield _bar_records(piece, stamps, grid, bars.source)
        if fault := grid.fault_at_edges(edges):
            raise InputError(f"{path}: {fault}")


def _bar_records(piece: Slice, stamps: np.ndarray, grid: Grid, source: BarInput) -> np.ndarray:
    """A slice's good bars, of dtype `BAR`; the others are counted out."""
    # a moment within a bar: one that ends at midnight is of the day before
    within = np.timedelta64(1 if grid.convention == "end" else 0, "s")
    ends = grid.ends(stamps)
    # beside adjusted prices vwap is adjusted as well, and no factor is known yet
    from_vwap = "amount" not in piece.frame and source.prices != "adjusted"
    values, no_number = piece.numbers((*PRICES, "volume", "amount", *(["vwap"] if from_vwap else [])))
    price_checks = _in_units(piece, values, source)
    if from_vwap:
        values["amount"] = values.pop("vwap") * values["volume"]
    off_grid = [(IN_AUCTION, grid.in_auction(stamps)), ("off the session grid", ends < 0)]
    good = piece.screen([*piece.stamp_checks(stamps - within), *off_grid, no_number, *price_checks])
    return piece.records(BAR, good, ends, values)


def read_daily(daily: VendorInput[PriceInput]) -> Iterator[np.ndarray]:
    """Yield daily bars, of dtype `DAY`; days without trade are among them, since their factor is known."""
    for piece in daily.slices((*PRICES, "volume"), (*STAMPS, *DAILY_OPTIONAL)):
        stamps = piece.stamps()
        values, no_number = piece.numbers((*PRICES, "volume", *DAILY_OPTIONAL))
        price_checks = _in_units(piece, values, daily.source)
        good = piece.screen([*piece.stamp_checks(stamps), no_number, *price_checks])
        yield piece.records(DAY, good, day_numbers(stamps), values)


def _in_units(piece: Slice, values: dict[str, np.ndarray], source: PriceInput) -> list[Check]:
    """Bring volume to shares and amount to yuan, in place; what is wrong with a row's numbers, worst first."""
    values["volume"] = values["volume"] * volume_scale(source.volume_units[EVERYWHERE], piece.session)
    values["amount"] = values["amount"] * amount_scale(source.amount[EVERYWHERE])
    traded = np.nan_to_num(values["volume"]) > 0  # NaN is no trade
    priced = np.all([values[name] > 0 for name in PRICES], axis=0)
    return [
        ("negative volume", values["volume"] < 0),
        ("negative amount", values["amount"] < 0),
        ("price missing or not positive", traded & ~priced),
        ("high < low", priced & (values["high"] < values["low"])),
    ]
