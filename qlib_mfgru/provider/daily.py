"""Daily fields of the provider as dense (day, stock) arrays, for factor tests and portfolios."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
from qlib.log import get_module_logger
from tqdm.auto import tqdm

from qlib_mfgru.errors import InputError
from qlib_mfgru.provider import reader
from qlib_mfgru.provider.storage.stored import SeriesReader
from qlib_mfgru.provider.symbols import feature_folder

Instead = Callable[[Collection[str]], str]
"""Of missing fields: the settings that need none of them, as a user writes them; empty where there are none."""


def read_daily(
    stocks: Sequence[str], needs: Mapping[str, str], instead: Instead = lambda _: ""
) -> dict[str, np.ndarray]:
    """Fields over the whole daily calendar.

    Parameters
    ----------
    stocks : sequence of str, length n_stocks
    needs : mapping of str to str
        Field (without ``$``) -> what needs it, as the message is to say.
    instead : callable, optional
        What to set where fields are missing: `Instead`.

    Returns
    -------
    dict of str to ndarray of shape (n_days, n_stocks), float32
        NaN where nothing is stored: throughout, where the market's session has no such field. No price is then at a
        limit, and no stock is ST; the log says so.

    Raises
    ------
    InputError
        No stock of the provider has some of the fields; the message names all of them, and says what to do.
    """
    check_daily(stocks, needs, instead)
    n_days, stored_series = len(reader.calendar("day")), SeriesReader("day")
    fields = {name: np.full((n_days, len(stocks)), np.nan, dtype=np.float32) for name in needs}
    stored: set[str] = set()
    for column, code in enumerate(tqdm(stocks, desc="reading daily fields", unit="stock", leave=False)):
        for field, values in fields.items():
            series = stored_series.whole(code, field, n_days)
            if series is not None:
                stored.add(field)
                values[series[0] : series[0] + len(series[1]), column] = series[1]
    if absent := [field for field in needs if field not in stored]:  # all others are missing, and refused
        names = ", ".join(f"${field}" for field in absent)
        get_module_logger("mfgru").info(f"the market's session has no {names}: no stock is at a limit or flagged by it")
    return fields


def check_daily(stocks: Sequence[str], needs: Mapping[str, str], instead: Instead = lambda _: "") -> None:
    """Refuse a provider that `read_daily` would refuse, without reading it; parameters and errors are those."""
    absent = reader.market_session().absent_fields
    missing = [field for field in needs if field not in absent and not is_stored(stocks, field)]
    if not missing:
        return
    path = reader.provider_path("day")
    told = _told({field: f"${field}{_nearest(path, stocks, field)}" for field in missing}, needs)
    ways = ", or ".join(filter(None, [instead(missing), _ingested(missing)]))
    raise InputError(f"the provider {path} has no {told}: {ways}")


def is_stored(stocks: Sequence[str], field: str) -> bool:
    """Whether any of the stocks has a daily field."""
    stored_series = SeriesReader("day")
    return any(stored_series.whole(code, field) is not None for code in stocks)


def _told(names: Mapping[str, str], needs: Mapping[str, str]) -> str:
    """Names of missing fields, those in a row with one need together: ``$a, $b for trades, $c for exclude: st``."""
    groups = groupby(names, key=lambda field: needs[field])
    return ", ".join(f"{', '.join(names[field] for field in fields)} for {need}" for need, fields in groups)


_INPUTS = {"is_st": "st", "industry": "industry", "market_cap": "float_shares or market_cap"}
"""The inputs of an ingest that fields are made of."""


def _ingested(missing: Sequence[str]) -> str:
    """How an ingest comes to have fields; those that it makes anyway, or does not know, need no input of their own."""
    inputs = ["weights" if field.endswith("_weight") else _INPUTS.get(field, "") for field in missing]
    listed = ", ".join(dict.fromkeys(filter(None, inputs)))
    them = "it" if len(missing) == 1 else "them"
    return f"ingest {them}" + (f" (its mapping needs {listed})" if listed else "")


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
