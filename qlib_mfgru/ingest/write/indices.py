"""Members, weights and levels of all indices of a mapping."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from qlib_mfgru.ingest.read.tables import read_weights
from qlib_mfgru.ingest.read.vendor import Vendor
from qlib_mfgru.ingest.write.levels import write_levels
from qlib_mfgru.ingest.write.manifest import write_coverage
from qlib_mfgru.ingest.write.members import write_members
from qlib_mfgru.ingest.write.stocks import StoredStocks
from qlib_mfgru.ingest.write.weights import write_weights


def read_all_weights(vendor: Vendor) -> dict[str, pd.DataFrame]:
    """Known weights by market, as `read_weights` gives them."""
    weights = vendor.mapping.weights
    return {market: read_weights(vendor.input(f"weights.{market}", source)) for market, source in weights.items()}


def write_indices(vendor: Vendor, stocks: StoredStocks, weights: Mapping[str, pd.DataFrame]) -> None:
    """Write members, weights and levels, which are those of the stocks that are there."""
    mapping = vendor.mapping
    members, held = {}, {}
    for market, source in mapping.members.items():
        spans = vendor.input(f"members.{market}", source)
        members[market], held[market, "members"] = write_members(stocks, spans, carry=mapping.carry_members)
    for market, section in mapping.weights.items():
        known = vendor.input(f"weights.{market}", section)
        held[market, "weight"] = write_weights(stocks, known, weights[market], members.get(market))
    write_coverage(stocks.writer, held)
    if mapping.levels:
        write_levels(stocks, vendor.input("index", mapping.levels))
