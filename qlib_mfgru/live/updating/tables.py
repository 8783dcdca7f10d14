"""What is said of the market as a whole, on the longer calendar: members, weights, levels, industries, closes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from qlib_mfgru.ingest.assemble.conventions import Calendars
from qlib_mfgru.ingest.read.vendor import Vendor
from qlib_mfgru.ingest.state import Closes
from qlib_mfgru.ingest.state.store import CLOSES
from qlib_mfgru.ingest.write.indices import write_indices
from qlib_mfgru.ingest.write.manifest import write_industries
from qlib_mfgru.ingest.write.stocks import StoredStocks
from qlib_mfgru.live.updating.spool import UpdateSpool
from qlib_mfgru.live.updating.stocks import Updated
from qlib_mfgru.provider.storage.files import ProviderFiles


def write_tables(
    vendor: Vendor,
    provider: Path,
    updated: Updated,
    calendars: Calendars,
    weights: Mapping[str, pd.DataFrame],
    spool: UpdateSpool,
) -> StoredStocks:
    """Plan all of it; the stocks as they will be."""
    writer = updated.writer
    stocks = StoredStocks(writer, calendars, ())
    for code, life in updated.lives.items():
        first, last = np.searchsorted(calendars.days, life).tolist()
        stocks.lives[code] = first, last
    stocks.last_traded, stocks.n_trading, stocks.has_level = updated.last_traded, updated.n_trading, updated.has_level
    if weights:
        wanted = {code for table in weights.values() for code in table.columns} & stocks.lives.keys()
        closes = _closes(provider, wanted, updated, len(calendars.days), spool.moved)
        stocks.closes = {code: closes.by_code[code] for code in wanted}
        writer.write_bytes(CLOSES, closes.content())
    writer.write_members("all", stocks.codes, stocks.alive())
    write_indices(vendor, stocks, weights)
    writer.remove_unwritten(stocks.lives)
    if spool.industries:
        write_industries(writer, spool.industries)
    return stocks


def _closes(provider: Path, wanted: set[str], updated: Updated, n_days: int, moved: Mapping[str, str]) -> Closes:
    """Closes of all stocks with a weight; of those that had none so far, as they are stored."""
    old = Closes.read(provider / CLOSES)
    known = Closes({moved.get(code, code): values for code, values in old.by_code.items()})
    stored = ProviderFiles(provider)
    for code in sorted(wanted - known.by_code.keys()):
        if code not in updated.closes or updated.closes[code][0] > 0:
            known.by_code[code] = stored.dense(code, "close", "day")
    return known.extended(n_days, updated.closes)
