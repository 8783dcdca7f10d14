"""``Holdings``: stocks, shares and cash as a broker's list has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.live.rebalancing.holdings.columns import CASH, TOTALS
from qlib_mfgru.live.rebalancing.holdings.numbers import NUMBERS, column_of
from qlib_mfgru.live.rebalancing.holdings.table import Table, as_code, read_table
from qlib_mfgru.provider.session import Session
from qlib_mfgru.provider.symbols import normalise_symbol

_NAMED = 5
"""Rows, or stocks, that a note names."""


@dataclass(frozen=True)
class Held:
    """One row.

    Attributes
    ----------
    code : str
        As the provider writes it; as the list does, where it is no code of this market.
    shares : float
        Not adjusted.
    name : str
    sellable : float
        How many of the shares may be sold.
    price : float
        Of one share, from its own column or the row's value; NaN where the list has neither.
    place : str
        Where it stands, as messages name it.
    """

    code: str
    shares: float
    name: str = ""
    sellable: float = np.inf
    price: float = np.nan
    place: str = "holdings"


@dataclass(frozen=True)
class Holdings:
    """What is held at a close.

    Attributes
    ----------
    stocks : list of Held
    cash : float or None
        None where the list has no row of it.
    notes : list of str
        A sentence each on what was left out, and on what the list does not say and was assumed.
    """

    stocks: list[Held] = field(default_factory=list)
    cash: float | None = None
    notes: list[str] = field(default_factory=list)


def read_holdings(source: Path | pd.DataFrame, session: Session) -> Holdings:
    """Holdings from a broker's list, in its usual column names: see `columns.NAMES`.

    Rows of money (``cash``, 资金) are cash; lines of sums, remarks and rows with 0 shares are left out, and noted.

    Parameters
    ----------
    source : Path or DataFrame
    session : Session
        Of the market: how codes are written, and whether shares are whole.

    Raises
    ------
    InputError
        As of `read_table`; a row without a code, or whose shares are no number, negative, a fraction, or written so
        that they may be thousands; shares that may be sold, or cash, below 0; two columns of shares that differ; a
        stock in two rows.
    """
    table = read_table(source)
    numbers_of = [column_of(table, meaning, session) for meaning in NUMBERS]
    stocks: dict[str, Held] = {}
    money: dict[int, float] = {}
    skipped: list[str] = []
    for (row, cells), *values in zip(table.rows, *numbers_of, strict=True):
        numbers = dict(zip(NUMBERS, map(float, values), strict=True))
        code, name = _text(table, cells, "code"), _text(table, cells, "name")
        words = {code.lower(), name.lower()}
        if words & CASH:
            money[row] = _money(numbers, f"{table.label}: row {row}")
        elif words & TOTALS or _is_remark(table, cells, session) or numbers["shares"] == 0:
            skipped.append(f"{row} ({code or name or next(filter(None, cells))})")
        else:
            held = _held(code, name, numbers, session, f"{table.label}: row {row}")
            if held.code in stocks:
                raise InputError(
                    f"{held.place} holds {held.code} again, as {stocks[held.code].place} does: add them up"
                )
            stocks[held.code] = held
    holdings = list(stocks.values())
    notes = _notes(skipped, list(money), _unsaid(holdings) if "sellable" in table.places else [])
    return Holdings(holdings, sum(money.values()) if money else None, notes)


def _notes(skipped: Sequence[str], money: Sequence[int], unsaid: Sequence[str]) -> list[str]:
    """Sentences on rows that were left out, on several rows of cash, and on stocks that lack how many may be sold."""
    notes = []
    if skipped:
        notes.append(f"rows of the list that are no stocks or have 0 shares, and were left out: {_named(skipped)}")
    if len(money) > 1:
        notes.append(f"cash is the sum of the rows {_named([str(row) for row in money])}")
    if unsaid:
        notes.append(f"the list does not say how many may be sold, and all are taken to be: {_named(unsaid)}")
    return notes


def _unsaid(holdings: Sequence[Held]) -> list[str]:
    return [held.code for held in holdings if np.isinf(held.sellable)]


def _named(words: Sequence[str]) -> str:
    more = [f"and {len(words) - _NAMED} more"] if len(words) > _NAMED else []
    return ", ".join([*words[:_NAMED], *more])


def _money(numbers: Mapping[str, float], place: str) -> float:
    """Cash of a row."""
    money = numbers["shares"] if np.isnan(numbers["value"]) else numbers["value"]
    if not money >= 0:
        raise InputError(f"{place}: cash is {'no number' if np.isnan(money) else f'{money:,.2f}: must be at least 0'}")
    return money


def _held(code: str, name: str, numbers: Mapping[str, float], session: Session, place: str) -> Held:
    """A row that is a stock, checked."""
    shares = numbers["shares"]
    if not code:
        raise InputError(f"{place} has no code")
    if not shares > 0:
        raise InputError(f"{place}: {code} has {'no number of' if np.isnan(shares) else f'{shares:,.10g}'} shares")
    if session.lot is not None and shares != round(shares):
        raise InputError(f"{place}: {code} has {shares:,.10g} shares: must be a whole number")
    if numbers["sellable"] < 0:
        raise InputError(f"{place}: {code} has {numbers['sellable']:,.10g} that may be sold: must be at least 0")
    with suppress(ValueError):
        code = normalise_symbol(as_code(code), session.codes)
    sellable = np.inf if np.isnan(numbers["sellable"]) else numbers["sellable"]
    price = numbers["price"] if numbers["price"] > 0 else numbers["value"] / shares
    return Held(code, shares, name, sellable, price if price > 0 else np.nan, place)


def _text(table: Table, cells: Sequence[str], meaning: str) -> str:
    places = table.places.get(meaning, ())
    return next((cells[place] for place in places if place < len(cells) and cells[place]), "")


def _is_remark(table: Table, cells: Sequence[str], session: Session) -> bool:
    """Whether a row is a remark below the list: one cell, and that neither a code nor one of a stock's numbers."""
    (first, *more) = (place for place, cell in enumerate(cells) if cell)
    if more or any(first in table.places.get(meaning, ()) for meaning in NUMBERS):
        return False
    if first not in table.places["code"]:
        return True
    try:
        normalise_symbol(as_code(cells[first]), session.codes)
    except ValueError:
        return True
    return False
