"""Side files of a provider: the industries' names, and what made it."""

from __future__ import annotations

import json

from qlib_mfgru import __version__
from qlib_mfgru.ingest.assemble.bars import FREQ
from qlib_mfgru.ingest.read.intake import Intake
from qlib_mfgru.ingest.write.stocks import StoredStocks
from qlib_mfgru.provider.writer import MANIFEST


def write_industries(stocks: StoredStocks, intake: Intake) -> None:
    """Write the industries' names by their numbers."""
    rows = "".join(f"{number},{name}\n" for number, name in enumerate(sorted(intake.industries)))
    stocks.writer.write_text("industries.csv", "code,name\n" + rows)


def write_manifest(stocks: StoredStocks, intake: Intake) -> None:
    """Complete the report with the provider's size, and write it with the mapping that it comes from."""
    vendor = intake.vendor
    vendor.report.facts = _size(stocks, intake) | vendor.report.facts
    manifest = {
        "made_by": "mfgru ingest",
        "version": __version__,
        "mapping": vendor.mapping.model_dump(mode="json"),
        "report": vendor.report.as_dict(),
    }
    stocks.writer.write_text(MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")


def _size(stocks: StoredStocks, intake: Intake) -> dict[str, object]:
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
        size["days without any bar"] = len(bar_days) - len(intake.bar_days)
    return size
