"""``Holdings``: stocks, shares and cash as a broker's list has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.read.files.numbers import as_numbers
from qlib_mfgru.live.rebalancing.holdings.columns import CASH, TOTALS
from qlib_mfgru.live.rebalancing.holdings.table import Table, as_code, read_table
from qlib_mfgru.provider.session import Session
from qlib_mfgru.provider.symbols import normalise_symbol


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
    """

    stocks: list[Held] = field(default_factory=list)
    cash: float | None = None


def read_holdings(source: Path | pd.DataFrame, session: Session) -> Holdings:
    """Holdings from a broker's list, in its usual column names: see `columns.NAMES`.

    Rows of money (``cash``, 资金) are cash, lines of sums and rows without shares are left out.

    Parameters
    ----------
    source : Path or DataFrame
    session : Session
        Of the market: how codes are written, and whether shares are whole.

    Raises
    ------
    InputError
        As of `read_table`; a row without a code, or whose shares are no number, negative or a fraction; two columns of
        shares that differ; a stock in two rows.
    """
    table = read_table(source)
    columns = {meaning: _numbers(table, meaning) for meaning in ("shares", "sellable", "price", "value")}
    stocks: dict[str, Held] = {}
    money: list[float] = []
    for position, (row, cells) in enumerate(table.rows):
        numbers = {meaning: float(values[position]) for meaning, values in columns.items()}
        code, name = _text(table, cells, "code"), _text(table, cells, "name")
        words = {code.lower(), name.lower()}
        if words & CASH:
            money.append(numbers["shares"] if np.isnan(numbers["value"]) else numbers["value"])
        elif not (words & TOTALS or _is_note(cells) or numbers["shares"] == 0):
            held = _held(code, name, numbers, session, f"{table.label}: row {row}")
            if held.code in stocks:
                raise InputError(
                    f"{held.place} holds {held.code} again, as {stocks[held.code].place} does: add them up"
                )
            stocks[held.code] = held
    if not np.isfinite(sum(money)):
        raise InputError(f"{table.label}: its row of cash has no number")
    return Holdings(list(stocks.values()), sum(money) if money else None)


def _held(code: str, name: str, numbers: Mapping[str, float], session: Session, place: str) -> Held:
    """A row that is a stock, checked."""
    shares = numbers["shares"]
    if not code:
        raise InputError(f"{place} has no code")
    if not shares > 0:
        raise InputError(f"{place}: {code} has {'no number of' if np.isnan(shares) else f'{shares:,.10g}'} shares")
    if session.lot is not None and shares != round(shares):
        raise InputError(f"{place}: {code} has {shares:,.10g} shares: must be a whole number")
    with suppress(ValueError):
        code = normalise_symbol(as_code(code), session.codes)
    sellable = np.inf if np.isnan(numbers["sellable"]) else numbers["sellable"]
    price = numbers["price"] if numbers["price"] > 0 else numbers["value"] / shares
    return Held(code, shares, name, sellable, price if price > 0 else np.nan, place)


def _numbers(table: Table, meaning: str) -> np.ndarray:
    """A column of numbers, (n_rows,), NaN where there is none; several of one meaning must agree."""
    columns = []
    for place in table.places.get(meaning, ()):
        cells = [cells[place] if place < len(cells) else "" for _, cells in table.rows]
        values, is_wrong = as_numbers(pd.Series(cells, dtype="object"))
        if is_wrong.any():
            first = int(is_wrong.argmax())
            where = f"{table.label}: row {table.rows[first][0]}"
            raise InputError(f"{where}: {table.header[place]} is {cells[first]!r}: must be a number")
        columns.append(values)
    if meaning == "shares":
        _check_equal(table, columns)
    return columns[0] if columns else np.full(len(table.rows), np.nan)


def _check_equal(table: Table, columns: Sequence[np.ndarray]) -> None:
    places = table.places["shares"]
    for place, values in zip(places[1:], columns[1:], strict=True):
        differs = (values != columns[0]) & ~(np.isnan(values) | np.isnan(columns[0]))
        if differs.any():
            row = table.rows[int(differs.argmax())][0]
            names = f"{table.header[places[0]]} and {table.header[place]}"
            raise InputError(f"{table.label}: row {row}: {names} differ: leave the column that is not held out")


def _text(table: Table, cells: Sequence[str], meaning: str) -> str:
    places = table.places.get(meaning, ())
    return next((cells[place] for place in places if place < len(cells) and cells[place]), "")


def _is_note(cells: Sequence[str]) -> bool:
    """Whether a row is a remark below the list: one cell, and no more."""
    return sum(map(bool, cells)) == 1
