"""Bars and daily bars: from the vendor's rows to checked records in shares and yuan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import BarInput, PriceInput
from qlib_mfgru.ingest.read.inputs import VendorInput
from qlib_mfgru.ingest.read.slices import STAMPS, Check, Slice
from qlib_mfgru.ingest.read.spool import BAR, DAILY_OPTIONAL, DAY
from qlib_mfgru.ingest.read.stamps import bar_ends, day_numbers, diagnose

PRICES = ("open", "high", "low", "close")


def read_bars(bars: VendorInput[BarInput]) -> Iterator[np.ndarray]:
    """Yield intraday bars, of dtype `BAR`; faulty ones, and those off the session grid, are counted out.

    Raises
    ------
    InputError
        If the stamps do not fit the stated frequency and convention, or a unit cannot be right.
    """
    freq, convention = bars.source.freq, bars.source.stamps
    for piece in bars.slices((*PRICES, "volume"), (*STAMPS, "amount")):
        stamps = piece.stamps()
        if piece.first_row == 0 and (fault := diagnose(stamps, freq, convention)):
            raise InputError(f"{piece.path}: {fault}")
        values, price_checks = _prices(piece, ("amount",), bars.source)
        ends = bar_ends(stamps, freq, convention)
        good = piece.screen([*piece.stamp_checks(stamps), ("off the session grid", ends < 0), *price_checks])
        yield piece.records(BAR, good, ends, values)


def read_daily(daily: VendorInput[PriceInput]) -> Iterator[np.ndarray]:
    """Yield daily bars, of dtype `DAY`; days without trade are among them, since their factor is known.

    Raises
    ------
    InputError
        If a unit cannot be right.
    """
    for piece in daily.slices((*PRICES, "volume"), (*STAMPS, *DAILY_OPTIONAL)):
        stamps = piece.stamps()
        values, price_checks = _prices(piece, DAILY_OPTIONAL, daily.source)
        good = piece.screen([*piece.stamp_checks(stamps), *price_checks])
        yield piece.records(DAY, good, day_numbers(stamps), values)


def _prices(piece: Slice, optional: Sequence[str], source: PriceInput) -> tuple[dict[str, np.ndarray], list[Check]]:
    """Prices and `optional` fields as they are, volume in shares and amount in yuan; and what is wrong with them."""
    values, no_number = piece.numbers((*PRICES, "volume", *optional))
    values["volume"] = values["volume"] * source.volume_scale
    values["amount"] = values["amount"] * source.amount_scale
    _check_units(piece, values, source)
    return values, [no_number, *_price_checks(values)]


def _price_checks(values: dict[str, np.ndarray]) -> list[Check]:
    """What is wrong with a row's numbers, worst first; volume NaN counts as no trade."""
    traded = np.nan_to_num(values["volume"]) > 0
    priced = np.all([values[name] > 0 for name in PRICES], axis=0)
    return [
        ("negative volume", values["volume"] < 0),
        ("negative amount", values["amount"] < 0),
        ("price missing or not positive", traded & ~priced),
        ("high < low", priced & (values["high"] < values["low"])),
    ]


def _check_units(piece: Slice, values: dict[str, np.ndarray], source: PriceInput) -> None:
    """Stop where amount / volume is far from the price for most rows: a unit is stated wrongly."""
    traded = (values["volume"] > 0) & (values["amount"] > 0) & (values["close"] > 0)
    if source.prices == "adjusted" or traded.sum() < 16:
        return
    ratio = float(np.median(values["amount"][traded] / values["volume"][traded] / values["close"][traded]))
    if not 0.5 < ratio < 2:
        raise InputError(
            f"{piece.path}: amount / volume is {ratio:.3g} times the price with volume: {source.volume}, "
            f"amount: {source.amount}: a unit seems wrong (lots are 100 shares)"
        )
