"""Side files of a provider: the industries' names, and what made it."""

from __future__ import annotations

from collections.abc import Collection

from qlib_mfgru import __version__
from qlib_mfgru.ingest.assemble.bars import FREQ
from qlib_mfgru.ingest.mapping import IngestMapping
from qlib_mfgru.ingest.read.spool import Spool
from qlib_mfgru.ingest.report import IngestReport
from qlib_mfgru.ingest.write.stocks import StoredStocks
from qlib_mfgru.provider.writer import ProviderWriter


def write_industries(writer: ProviderWriter, names: Collection[str]) -> None:
    """Write the industries' names by their numbers, which are in the order of the names."""
    rows = "".join(f"{number},{name}\n" for number, name in enumerate(sorted(names)))
    writer.write_text("industries.csv", "code,name\n" + rows)


def write_manifest(stocks: StoredStocks, spool: Spool, mapping: IngestMapping, report: IngestReport) -> None:
    """Complete the report with the provider's size, and write it next to its mapping."""
    report.facts = _size(stocks, spool) | report.facts
    manifest = {
        "made_by": "mfgru ingest",
        "version": __version__,
        "mapping": mapping.model_dump(mode="json"),
        "report": report.as_dict(),
    }
    stocks.writer.write_manifest(manifest)


def _size(stocks: StoredStocks, spool: Spool) -> dict[str, object]:
    days, stamps = stocks.writer.days, stocks.writer.calendars.get(FREQ)
    size: dict[str, object] = {
        "stocks": len(stocks.lives),
        "days": f"{len(days)}: {days[0]:%Y-%m-%d} .. {days[-1]:%Y-%m-%d}",
        "stock-days with trade": stocks.n_live,
    }
    if stamps is not None:
        bar_days = stamps.normalize().unique()
        size["15min days"] = len(bar_days)
        size["15min stamps"] = f"{len(stamps)}: {stamps[0]} .. {stamps[-1]}"
        size["days without any bar"] = len(bar_days) - len(spool.bar_days)
    return size
