"""``Terms``: what a constraint says of one date; what is no bound or no mask is refused before anything is solved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from qlib_mfgru.errors import InputError
from qlib_mfgru.portfolio.snapshot import MarketView
from qlib_mfgru.settings import shown


@dataclass(frozen=True)
class Terms:
    """A constraint on one date, as the linear program and the check both read it.

    Attributes
    ----------
    lower, upper : ndarray of shape (n_stocks,)
        Bounds on weights; -inf and inf where there is none, never NaN.
    no_buy, no_sell : ndarray of shape (n_stocks,), bool
    rows : ndarray of shape (n_rows, n_stocks)
        Coefficients of the weights in sums, in any unit.
    least, most : ndarray of shape (n_rows,)
        Bounds on the sums, likewise.
    turnover : float
        Largest sum of absolute changes.
    """

    lower: np.ndarray | None = None
    upper: np.ndarray | None = None
    no_buy: np.ndarray | None = None
    no_sell: np.ndarray | None = None
    rows: np.ndarray | None = None
    least: np.ndarray = field(default_factory=lambda: np.empty(0))
    most: np.ndarray = field(default_factory=lambda: np.empty(0))
    turnover: float = np.inf


_ALLOWED: dict[str, tuple[Callable[[np.ndarray], np.ndarray], str]] = {
    **dict.fromkeys(("lower", "least"), (lambda values: values < np.inf, "a number, or -inf for no bound")),
    **dict.fromkeys(("upper", "most"), (lambda values: values > -np.inf, "a number, or inf for no bound")),
    "rows": (np.isfinite, "a finite number"),
    "turnover": (lambda values: values >= 0, "at least 0"),
}
"""Which numbers mean something, and what a message says of them; a NaN never does."""
_MASKS = ("no_buy", "no_sell")
_BY_ROW = ("rows", "least", "most")
_FAR = 1e3
"""Sums whose largest coefficient is by this factor above or below 1 are read in another unit: the solver's tolerances,
and what counts as broken, are absolute."""


def checked_terms(name: str, terms: Any, market: MarketView) -> Terms:
    """What a constraint returned, as arrays of float64 and bool; sums in yuan, or per yuan, in a unit that makes their
    largest coefficient about 1.

    The solver would take a NaN for no bound, or break on it, and in both cases return weights.

    Parameters
    ----------
    name : str
        The constraint's.
    terms : Any
    market : MarketView

    Raises
    ------
    InputError
        One line with constraint, attribute and date: no `Terms`, no numbers, a wrong shape, a mask that is not bool, a
        NaN, or an infinity that no weights could meet.
    """
    if not isinstance(terms, Terms):
        raise InputError(f"constraint {name}: terms() returned {shown(terms)}: must return a Terms")
    values = {attribute.name: getattr(terms, attribute.name) for attribute in fields(Terms)}
    unset = {attribute.name for attribute in fields(Terms) if attribute.default is None is values[attribute.name]}
    try:
        arrays = {what: _array(what, value) for what, value in values.items() if what not in unset}
        _check_shapes(arrays, len(market.stocks))
        for what, (allowed, words) in _ALLOWED.items():
            if what not in unset and not allowed(arrays[what]).all():
                raise InputError(f"{_first(~allowed(arrays[what]), what, arrays[what], market)}: must be {words}")
    except InputError as error:
        raise InputError(f"constraint {name}: {error}") from None
    turnover: Any = float(arrays.pop("turnover"))
    return replace(terms, **arrays | _in_units(arrays), turnover=turnover)


def _in_units(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The sums, those of far larger or smaller coefficients by the power of two next to it: no digit changes."""
    if "rows" not in arrays:
        return {}
    largest = np.abs(arrays["rows"]).max(axis=1, initial=0.0)
    far = (largest > 0) & ((largest > _FAR) | (largest < 1 / _FAR))
    exponents = np.where(far, -np.frexp(largest)[1], 0)
    return {
        "rows": np.ldexp(arrays["rows"], exponents[:, None]),
        **{bound: np.ldexp(arrays[bound], exponents) for bound in ("least", "most")},
    }


def _array(what: str, value: Any) -> np.ndarray:
    try:
        array = np.asarray(value, dtype=None if what in _MASKS else np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{what} is {shown(value)}: must be numbers") from None
    if what in _MASKS and array.dtype != bool:
        raise InputError(f"{what} is of {array.dtype}: must be of bool")
    return array


def _check_shapes(arrays: dict[str, np.ndarray], n_stocks: int) -> None:
    n_rows = arrays["rows"].shape[0] if "rows" in arrays and arrays["rows"].ndim else 0
    sums = {"rows": (n_rows, n_stocks), "least": (n_rows,), "most": (n_rows,), "turnover": ()}
    for what, array in arrays.items():
        shape = sums.get(what, (n_stocks,))
        if array.shape != shape:
            wanted = f"(n_rows, {n_stocks})" if what == "rows" else f"{shape}"
            of_rows = f", for {n_rows} rows" if what in ("least", "most") else ""
            raise InputError(f"{what} has the shape {array.shape}: must have {wanted}{of_rows}")


def _first(wrong: np.ndarray, what: str, values: np.ndarray, market: MarketView) -> str:
    """The first wrong value, with its row and stock, in words."""
    place = tuple(np.argwhere(wrong)[0])
    row = f" in row {place[0]}" if what in _BY_ROW else ""
    stock = f" for {market.stocks[place[-1]]}" if what in ("lower", "upper", "rows") else ""
    number = str(values[place]).replace("nan", "NaN")
    return f"{what} is {number}{row}{stock} on {market.date:%Y-%m-%d}"
