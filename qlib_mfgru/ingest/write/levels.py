"""Levels of indices, stored as daily features under their codes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from qlib_mfgru.ingest.mapping import RowInput
from qlib_mfgru.ingest.read.inputs import VendorInput
from qlib_mfgru.ingest.read.stamps import day_text
from qlib_mfgru.ingest.read.tables import read_levels
from qlib_mfgru.ingest.write.stocks import StoredStocks
from qlib_mfgru.provider.writer import ProviderWriter


def write_levels(stocks: StoredStocks, index: VendorInput[RowInput]) -> None:
    """Write the levels of every index under its code, on the stocks' calendar; days without one are counted."""
    table, codes = read_levels(index, stocks.days), []
    for number in np.unique(table["stock"]):
        codes.append(index.registry.codes[number])
        levels = table[table["stock"] == number].drop(columns="stock").set_index("day").reindex(stocks.days)
        known = np.flatnonzero(levels["close"].notna())
        _write_index(stocks.writer, codes[-1], int(known[0]), levels.iloc[known[0] : known[-1] + 1])
        _count_missing(index, codes[-1], stocks.days, known)
    index.ingest_report.facts["indices"] = ", ".join(codes) or "none"


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
