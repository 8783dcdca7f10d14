"""Daily fields of the provider as dense (day, stock) arrays, for factor tests and portfolios."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from qlib.log import get_module_logger
from tqdm import tqdm

from qlib_mfgru.errors import InputError
from qlib_mfgru.provider import reader
from qlib_mfgru.provider.symbols import feature_folder


def read_daily(stocks: Sequence[str], needs: Mapping[str, str]) -> dict[str, np.ndarray]:
    """Fields over the whole daily calendar.

    Parameters
    ----------
    stocks : sequence of str, length n_stocks
    needs : mapping of str to str
        Field (without ``$``) -> what needs it, and what to do if it is missing, with ``ingest it`` at the end; the
        message adds how.

    Returns
    -------
    dict of str to ndarray of shape (n_days, n_stocks), float32
        NaN where nothing is stored: throughout, where the market's session has no such field. No price is then at a
        limit, and no stock is ST; the log says so.

    Raises
    ------
    InputError
        No stock of the provider has a needed field.
    """
    fields = {name: np.full((len(reader.calendar("day")), len(stocks)), np.nan, dtype=np.float32) for name in needs}
    stored: set[str] = set()
    for column, code in enumerate(tqdm(stocks, desc="reading daily fields", unit="stock", leave=False)):
        for field, values in fields.items():
            series = reader.read_series(code, field, "day")
            if series is not None:
                stored.add(field)
                values[series[0] : series[0] + len(series[1]), column] = series[1]
    _check_missing([field for field in needs if field not in stored], stocks, needs)
    return fields


def check_daily(stocks: Sequence[str], needs: Mapping[str, str]) -> None:
    """Refuse a provider that `read_daily` would refuse, without reading it; parameters and errors are those."""
    features = reader.provider_path("day") / "features"
    missing = [field for field in needs if not any(features.glob(f"*/{field}.day.bin"))]
    _check_missing(missing, stocks, needs)


def _check_missing(missing: Sequence[str], stocks: Sequence[str], needs: Mapping[str, str]) -> None:
    """Log what the market does not have, and refuse the first field that it should have."""
    absent = [field for field in missing if field in reader.market_session().absent_fields]
    for field in missing:
        if field not in absent:
            path = reader.provider_path("day")
            raise InputError(
                f"the provider {path} has no ${field}{_nearest(path, stocks, field)}: {needs[field]}{_how(field)}"
            )
    if absent:
        names = ", ".join(f"${field}" for field in absent)
        get_module_logger("mfgru").info(f"the market's session has no {names}: no stock is at a limit or flagged by it")


_INPUTS = {"is_st": "st", "industry": "industry", "market_cap": "float_shares or market_cap"}
"""The inputs of an ingest that fields are made of."""


def _how(field: str) -> str:
    """How an ingest comes to have a field; nothing where it makes it anyway, or does not know it."""
    made_of = "weights" if field.endswith("_weight") else _INPUTS.get(field)
    return f": its mapping needs the input {made_of}" if made_of else ""


def _nearest(path: Path, stocks: Sequence[str], field: str) -> str:
    """The stored field that a misspelt one is nearest to, in brackets; nothing if none is near."""
    files = (path / "features" / feature_folder(stocks[0])).glob("*.day.bin")
    others = sorted({file.name.removesuffix(".day.bin") for file in files} - {field})
    close = difflib.get_close_matches(field, others, n=1, cutoff=0.8)
    return f" (the nearest is ${close[0]})" if close else ""


def as_exposure(name: str, values: np.ndarray) -> np.ndarray:
    """A field as an exposure, float64 of the same shape: the logarithm of ``market_cap``, any other field as it is."""
    values = values.astype(np.float64)
    if name != "market_cap":
        return values
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(values > 0, np.log(values), np.nan)


QUANTITIES = ("volume", "amount")
"""Fields of what was traded on a day: 0 on a day without trade, never the last one's."""

AT_LIMIT = 1 - 1e-6
"""A price at this fraction of the limit price or beyond is at the limit: equal prices, adjusted and stored as float32,
agree to a few 1e-7, and a tick is never below 4e-6 of a price."""
