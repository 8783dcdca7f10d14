"""Rows of prices: from the vendor's to checked records for the spool."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import NamedTuple

import numpy as np

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import BarInput, DailyInput, PriceInput
from qlib_mfgru.ingest.read.files.fields import STAMPS
from qlib_mfgru.ingest.read.inputs import VendorInput
from qlib_mfgru.ingest.read.slices import Check, Slice
from qlib_mfgru.ingest.read.sources.selection import listed
from qlib_mfgru.ingest.read.spool import DAILY_OPTIONAL, PRICES, Records
from qlib_mfgru.ingest.read.stamps import clock_text, day_numbers
from qlib_mfgru.ingest.read.stamps.days import late_bars, swapped_days
from qlib_mfgru.ingest.read.stamps.grid import Grid
from qlib_mfgru.ingest.read.units import Units
from qlib_mfgru.ingest.read.values import beyond_float32, contradictions, flags_of
from qlib_mfgru.ingest.report import IN_AUCTION
from qlib_mfgru.provider.judge.ranges import all_positive

_TRACE = 1e-6
"""Shares below which a volume is a zero written otherwise, rather than one in another unit."""
_LEAST_ADJUSTED = 1e-6
"""A share divided by a factor above all that are known: adjusted volume below it is no trade."""


def read_bars(bars: VendorInput[BarInput]) -> Iterator[Records]:
    """Yield intraday bars, of dtype `BAR`; faulty ones, auctions', and those off the session grid, are counted out.

    Raises
    ------
    InputError
        If the stamps do not fit the stated frequency and convention.
    """
    grid, units = Grid(bars.session, bars.source.freq, bars.source.stamps or "end"), Units(bars)
    slices = bars.slices((*PRICES, "volume"), (*STAMPS, "amount", "vwap"))
    judged = _Placed.on(grid, np.empty(0, "datetime64[s]"))
    for path, pieces in groupby(slices, key=lambda piece: piece.path):
        edges = np.full(2, np.datetime64("NaT", "s"))
        for piece in pieces:
            stamps = piece.stamps()
            # a vendor's files of one stock have the same stamps
            if piece.is_of_one_stock and np.array_equal(stamps, judged.stamps):
                placed = judged
            else:
                placed = _Placed.on(grid, _put_right(bars, piece, stamps, grid))
                if fault := _fault(piece, placed.stamps, grid):
                    raise InputError(f"{path}: {fault}")
                judged = placed if piece.is_of_one_stock and piece.first_row == 0 else judged
            edges = np.array([np.fmin(edges[0], placed.edges[0]), np.fmax(edges[1], placed.edges[1])])
            yield from _bar_records(bars, piece, placed, units)
        if fault := grid.fault_at_edges(edges):
            raise InputError(f"{path}: {fault}")


class _Placed(NamedTuple):
    """Bars by their stamps, on the grid; arrays of shape (n,).

    Attributes
    ----------
    stamps : ndarray
        ``datetime64[s]``.
    edges : tuple of datetime64
        The first and the last stamp.
    within : ndarray
        A moment within each bar: one that ends at midnight is of the day before.
    ends : ndarray
        As of `Grid.ends`.
    in_auction : ndarray of bool
    """

    stamps: np.ndarray
    edges: tuple[np.datetime64, np.datetime64]
    within: np.ndarray
    ends: np.ndarray
    in_auction: np.ndarray

    @classmethod
    def on(cls, grid: Grid, stamps: np.ndarray) -> _Placed:
        """Bars stamped as the grid says."""
        edges = (reduce(stamps, initial=np.datetime64("NaT", "s")) for reduce in (np.fmin.reduce, np.fmax.reduce))
        within = stamps - np.timedelta64(1 if grid.convention == "end" else 0, "s")
        return cls(stamps, tuple(edges), within, grid.ends(stamps), grid.in_auction(stamps))


def _put_right(bars: VendorInput[BarInput], piece: Slice, stamps: np.ndarray, grid: Grid) -> np.ndarray:
    """A slice's stamps, those of bars that end when the pause begins put there; they are counted."""
    late = late_bars(grid, stamps, piece.stock)
    if grid.pause is None or not late.any():
        return stamps
    begins, ends = grid.pause
    what = f"bars of {clock_text(begins)} that are stamped {clock_text(ends)}, put right"
    bars.warn(what, int(late.sum()), map(piece.describe, np.flatnonzero(late).tolist()))
    return np.where(late, stamps - np.timedelta64(ends - begins, "m"), stamps)


def _fault(piece: Slice, stamps: np.ndarray, grid: Grid) -> str | None:
    """What is wrong with the frequency and convention: of a file by its first stamps, and of any of its days."""
    if piece.first_row == 0 and (fault := grid.fault(stamps)):
        return fault
    if swapped := swapped_days(grid, stamps, piece.stock):
        return f"the stamps of {listed(swapped)} do not fit {grid}; they fit {grid.swapped}"
    return None


def _bar_records(bars: VendorInput[BarInput], piece: Slice, placed: _Placed, units: Units) -> Iterator[Records]:
    """A slice's good bars, of dtype `BAR`; the others are counted out."""
    source = bars.source
    # beside adjusted prices vwap is adjusted as well, and no factor is known yet
    from_vwap = "amount" not in piece.rows and source.prices != "adjusted" and not source.volume_adjusted
    values, no_number = piece.numbers((*PRICES, "volume", "amount", *(["vwap"] if from_vwap else [])))
    _in_units(bars, piece, values, units)
    if from_vwap:
        values["amount"] = values.pop("vwap") * values["volume"]
    off_grid = [(IN_AUCTION, placed.in_auction), ("off the session grid", placed.ends < 0)]
    checks = [*piece.stamp_checks(placed.within), *off_grid, *_faults(values, no_number)]
    good = piece.screen(checks, bars.counted(piece.stock, placed.within))
    return piece.priced("bars", good, placed.ends, values)


def read_daily(daily: VendorInput[DailyInput]) -> Iterator[Records]:
    """Yield daily bars, of dtype `DAY`; days without trade are among them, since their factor is known."""
    units, reference = Units(daily), ("prev_close",) if daily.source.factor else ()
    optional = [name for name in DAILY_OPTIONAL if name != "is_st"]
    for piece in daily.slices((*PRICES, "volume", *reference), (*STAMPS, *DAILY_OPTIONAL)):
        stamps = piece.stamps()
        values, no_number = piece.numbers((*PRICES, "volume", *optional))
        _in_units(daily, piece, values, units)
        flags, no_flag = flags_of(piece)
        checks = [*piece.stamp_checks(stamps), *_faults(values, no_number), no_flag]
        good = piece.screen(checks, daily.counted(piece.stock, stamps))
        moving = good & ~(values["volume"] > 0) & (values["high"] > values["low"])
        what = "rows without volume or amount whose high is above their low, taken as suspended days"
        daily.warn(what, int(moving.sum()), map(piece.describe, np.flatnonzero(moving).tolist()))
        yield from piece.priced("daily", good, day_numbers(stamps), {**values, "is_st": flags})


def _in_units(prices: VendorInput[PriceInput], piece: Slice, values: dict[str, np.ndarray], units: Units) -> None:
    """Bring volume to shares and amount to yuan, in place; see that what trades has a volume.

    Volume of less than a share is no trade, where there are lots and no amount buys one: some vendors write 5.877e-39
    for zero.
    """
    units.apply(piece, values)
    _make_volumes(prices, piece, values)
    if piece.session.lot is None:
        return
    least = 1.0 if prices.source.volume_adjusted is False else _LEAST_ADJUSTED
    tiny = (values["volume"] > 0) & (values["volume"] < least) & ~(values["amount"] >= values["low"])
    if not tiny.any():
        return
    prices.report.n_tiny += int((tiny & (values["volume"] >= _TRACE)).sum())
    cases = map(piece.describe, np.flatnonzero(tiny).tolist())
    prices.warn("volume below one share, taken as no trade", int(tiny.sum()), cases)
    for name in ("volume", "amount"):
        values[name] = np.where(tiny, 0.0, values[name])


def _make_volumes(prices: VendorInput[PriceInput], piece: Slice, values: dict[str, np.ndarray]) -> None:
    """Make volumes that are empty or 0 from an amount that buys a share, and count them, in place.

    Not beside prices and volumes of which only one is adjusted, by a factor that is not known yet.
    """
    lacking = np.nan_to_num(values["volume"]) == 0
    if not lacking.any():
        return
    price = np.mean([values[name] for name in PRICES], axis=0)
    lacking &= (values["amount"] >= price) & all_positive(values)
    if (prices.source.prices == "adjusted") == prices.source.volume_adjusted:
        values["volume"] = np.divide(values["amount"], price, out=values["volume"].copy(), where=lacking)
        what = "volumes that are empty or 0 beside an amount, made from it and the price"
        prices.warn(what, int(lacking.sum()), map(piece.describe, np.flatnonzero(lacking).tolist()))


def _faults(values: Mapping[str, np.ndarray], no_number: Check) -> list[Check]:
    """What is wrong with a row's numbers, worst first."""
    traded = np.nan_to_num(values["volume"]) > 0  # NaN is no trade
    priced = all_positive(values)
    amount_alone = ~traded & priced & (values["amount"] >= values["high"])
    return [
        beyond_float32(values),
        no_number,
        ("price missing or not positive", traded & ~priced),
        *contradictions(values),
        ("an amount without a volume", amount_alone),
    ]
