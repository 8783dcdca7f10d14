"""Levels of indices, stored as daily features under their codes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from qlib_mfgru.ingest.mapping import RowInput
from qlib_mfgru.ingest.read.inputs import VendorInput
from qlib_mfgru.ingest.read.tables import read_levels
from qlib_mfgru.ingest.write.stocks import StoredStocks
from qlib_mfgru.provider.writer import ProviderWriter


def write_levels(stocks: StoredStocks, index: VendorInput[RowInput]) -> None:
    """Write the levels of every index under its code, on the stocks' calendar."""
    table, codes = read_levels(index, stocks.days), []
    for number in np.unique(table["stock"]):
        codes.append(index.registry.codes[number])
        levels = table[table["stock"] == number].drop(columns="stock").set_index("day").reindex(stocks.days)
        _write_index(stocks.writer, codes[-1], levels)
    index.ingest_report.facts["indices"] = ", ".join(codes)


def _write_index(writer: ProviderWriter, code: str, levels: pd.DataFrame) -> None:
    first, last = np.flatnonzero(levels["close"].notna())[[0, -1]]
    levels = levels.iloc[first : last + 1].dropna(axis=1, how="all")
    fields = {str(name): values.to_numpy() for name, values in levels.items()}
    writer.write_features(code, "day", int(first), fields | {"factor": np.ones(len(levels))})
