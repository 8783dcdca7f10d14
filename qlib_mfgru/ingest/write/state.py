"""What an ingest leaves for updates besides the stocks' rows: its record, closes, and copies of the small tables."""

from __future__ import annotations

from qlib_mfgru.ingest.assemble.conventions import Conventions
from qlib_mfgru.ingest.read.spool import Spool
from qlib_mfgru.ingest.read.vendor import Vendor
from qlib_mfgru.ingest.state import Closes, State
from qlib_mfgru.ingest.state.store import CLOSES, RECORD, name_of, seen_now, table_file
from qlib_mfgru.ingest.write.stocks import StoredStocks
from qlib_mfgru.provider.judge.market.attendance import USUAL_DAYS
from qlib_mfgru.provider.judge.market.payouts import Payouts


def write_state(vendor: Vendor, spool: Spool, stocks: StoredStocks, conventions: Conventions, payouts: Payouts) -> None:
    """Write the state of a provider whose stocks are written."""
    folder, writer = vendor.folder.resolve(), stocks.writer
    state = State(
        source=str(folder),
        n_buckets=spool.n_buckets,
        conventions=conventions,
        industries=tuple(sorted(spool.industries)),
        renames=vendor.registry.renamed,
        seen={name: seen_now(vendor.folder, paths) for name, paths in vendor.paths.items()},
        payouts=payouts,
        n_trading=tuple(stocks.n_trading[-USUAL_DAYS:].tolist()),
    )
    writer.write_bytes(RECORD, state.text().encode())
    if vendor.mapping.weights:
        writer.write_bytes(CLOSES, Closes(stocks.closes).content())
    for name, source in vendor.mapping.tables().items():
        if not source.provider:
            for path in vendor.paths[name]:
                writer.write_bytes(table_file(name, name_of(vendor.folder, path)), path.read_bytes())
