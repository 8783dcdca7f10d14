"""Levels of indices, stored as daily features under their codes."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import RowInput
from qlib_mfgru.ingest.read.inputs import VendorInput
from qlib_mfgru.ingest.read.stamps import day_text
from qlib_mfgru.ingest.read.tables import read_levels
from qlib_mfgru.ingest.write.stocks import StoredStocks
from qlib_mfgru.provider.writer import ProviderWriter


def write_levels(stocks: StoredStocks, index: VendorInput[RowInput]) -> dict[str, np.ndarray]:
    """Write the levels of every index under its code, on the stocks' calendar; days without one are counted.

    Returns
    -------
    dict of str to ndarray of shape (n_days,)
        Closes by code, NaN on days without one.

    Raises
    ------
    InputError
        A code that is a stock's, whose prices the levels would overwrite; or as of `read_levels`.
    """
    table, closes = read_levels(index, stocks.days), {}
    numbers = np.unique(table["stock"])
    _check_codes(index, [index.registry.codes[number] for number in numbers], stocks.lives)
    for number in numbers:
        code = index.registry.codes[number]
        levels = table[table["stock"] == number].drop(columns="stock").set_index("day").reindex(stocks.days)
        known = np.flatnonzero(levels["close"].notna())
        stocks.has_level[known] = True
        _write_index(stocks.writer, code, int(known[0]), levels.iloc[known[0] : known[-1] + 1])
        _count_missing(index, code, stocks.days, known)
        closes[code] = levels["close"].to_numpy()
    index.ingest_report.facts["indices"] = ", ".join(closes) or "none"
    return closes


def _check_codes(index: VendorInput[RowInput], codes: Sequence[str], stocks: Collection[str]) -> None:
    """Refuse codes of stocks: those that are here, and Shenzhen's from 000000 on, where one of Shanghai is meant."""
    meant = {code: f"SH{code[2:]}" for code in codes if index.session.codes == "ashare" and code.startswith("SZ000")}
    wrong = [code for code in codes if code in stocks or code in meant]
    if wrong:
        hint = f"; the index is {meant[wrong[0]][2:]}.SH" if wrong[0] in meant else ": give it in one of the two only"
        named = f"{', '.join(wrong[:3])}{' ..' if len(wrong) > 3 else ''}"
        raise InputError(f"{index.name}: {named} is a stock, whose prices the levels would overwrite{hint}")


def _write_index(writer: ProviderWriter, code: str, first: int, levels: pd.DataFrame) -> None:
    levels = levels.dropna(axis=1, how="all")
    fields = {str(name): values.to_numpy() for name, values in levels.items()}
    writer.write_features(code, "day", first, fields | {"factor": np.ones(len(levels))})


def _count_missing(index: VendorInput[RowInput], code: str, days: np.ndarray, known: np.ndarray) -> None:
    """Count the days of the calendar without a level, each with what a backtest makes of it."""
    holes = np.setdiff1d(np.arange(known[0], known[-1]), known)
    parts = (
        ("days without a level: the next level's day takes the whole return", holes),
        ("days before the first level: no backtest against it", np.arange(known[0])),
        ("days after the last level: no backtest against it", np.arange(known[-1] + 1, len(days))),
    )
    for what, missing in parts:
        index.warn(f"{code}: {what}", len(missing), map(day_text, days[missing]))
