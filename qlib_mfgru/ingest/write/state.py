"""What an ingest leaves for updates besides the stocks' rows: its record, closes, and copies of the small tables."""

from __future__ import annotations

from collections.abc import Mapping

from qlib_mfgru.ingest.assemble.conventions import Conventions
from qlib_mfgru.ingest.read.sources import named
from qlib_mfgru.ingest.read.spool import Spool
from qlib_mfgru.ingest.read.vendor import Vendor
from qlib_mfgru.ingest.state import Closes, State
from qlib_mfgru.ingest.state.store import CLOSES, RECORD, Seen, seen_now, table_file
from qlib_mfgru.ingest.write.stocks import StoredStocks
from qlib_mfgru.provider.judge.market.attendance import USUAL_DAYS
from qlib_mfgru.provider.judge.market.payouts import Payouts


def seen_files(vendor: Vendor) -> dict[str, Seen]:
    """All files of a vendor, by input, before any is read: what is written to them later is new to an update."""
    seen: dict[str, Seen] = {}
    for name, source in vendor.mapping.inputs().items():
        read = set(vendor.paths[name])
        names = named(vendor.folder, source.patterns)
        seen[name] = seen_now({path: called for path, called in names.items() if path in read})
    return seen


def write_state(
    vendor: Vendor,
    seen: Mapping[str, Seen],
    spool: Spool,
    stocks: StoredStocks,
    conventions: Conventions,
    payouts: Payouts,
) -> None:
    """Write the state of a provider whose stocks are written; `seen` is as of `seen_files`."""
    writer = stocks.writer
    state = State(
        source=str(vendor.folder.resolve()),
        n_buckets=spool.n_buckets,
        conventions=conventions,
        industries=tuple(sorted(spool.industries)),
        renames=vendor.registry.renamed,
        seen=dict(seen),
        payouts=payouts,
        n_trading=tuple(stocks.n_trading[-USUAL_DAYS:].tolist()),
    )
    writer.write_bytes(RECORD, state.text().encode())
    if vendor.mapping.weights:
        writer.write_bytes(CLOSES, Closes(stocks.closes).content())
    for name in vendor.mapping.tables():
        for called in seen[name]:
            writer.write_bytes(table_file(name, called), (vendor.folder / called).read_bytes())
