"""Members, weights and levels of all indices of a mapping."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from qlib_mfgru.ingest.read.tables import read_weights
from qlib_mfgru.ingest.read.vendor import Vendor
from qlib_mfgru.ingest.report import IngestReport
from qlib_mfgru.ingest.write.levels import write_levels
from qlib_mfgru.ingest.write.manifest import write_coverage
from qlib_mfgru.ingest.write.members import write_members
from qlib_mfgru.ingest.write.stocks import StoredStocks
from qlib_mfgru.ingest.write.weights import write_weights
from qlib_mfgru.provider.index.codes import BENCHMARKS
from qlib_mfgru.provider.judge.market.levels import level_faults
from qlib_mfgru.provider.judge.market.shifts import Shifts


def read_all_weights(vendor: Vendor) -> dict[str, pd.DataFrame]:
    """Known weights by market, as `read_weights` gives them."""
    weights = vendor.mapping.weights
    return {market: read_weights(vendor.input(f"weights.{market}", source)) for market, source in weights.items()}


@dataclass(frozen=True)
class Indices:
    """What is written of the indices.

    Attributes
    ----------
    members : dict of str to ndarray of bool, shape (n_days, n_stocks)
        By market, in the order of the provider's codes.
    levels : dict of str to ndarray of shape (n_days,)
        Closes by code.
    """

    members: dict[str, np.ndarray]
    levels: dict[str, np.ndarray]

    def warn(self, stocks: StoredStocks, shifts: Shifts, report: IngestReport) -> None:
        """Count levels of another day, and of another index, than the stocks' returns show."""
        members = {
            BENCHMARKS[market]: dict(zip(stocks.codes, member.T, strict=True))
            for market, member in self.members.items()
            if market in BENCHMARKS
        }
        for kind, cause, cases in level_faults(self.levels, members, shifts):
            report.warn(f"index: {kind}, kept; {cause}", len(cases), cases)


def write_indices(vendor: Vendor, stocks: StoredStocks, weights: Mapping[str, pd.DataFrame]) -> Indices:
    """Write members, weights and levels, which are those of the stocks that are there."""
    mapping = vendor.mapping
    members: dict[str, np.ndarray] = {}
    held = {}
    for market, source in mapping.members.items():
        spans = vendor.input(f"members.{market}", source)
        members[market], held[market, "members"] = write_members(stocks, spans, carry=mapping.carry_members)
    for market, section in mapping.weights.items():
        known = vendor.input(f"weights.{market}", section)
        held[market, "weight"] = write_weights(stocks, known, weights[market], members.get(market))
    write_coverage(stocks.writer, held)
    return Indices(members, write_levels(stocks, vendor.input("index", mapping.levels)) if mapping.levels else {})
