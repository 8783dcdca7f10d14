"""Side files of a provider: the industries' names, and what made it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pandas as pd

from qlib_mfgru import __version__
from qlib_mfgru.ingest.mapping import IngestMapping
from qlib_mfgru.ingest.read.spool import Spool
from qlib_mfgru.ingest.read.stamps import MINUTES_A_DAY, minute_text
from qlib_mfgru.ingest.report import IngestReport
from qlib_mfgru.ingest.write.attendance import warn_of_sparse_days
from qlib_mfgru.ingest.write.stocks import StoredStocks
from qlib_mfgru.provider.index.coverage import COVERAGE_FILE, coverage_text
from qlib_mfgru.provider.industries import INDUSTRIES_FILE, industries_text
from qlib_mfgru.provider.writer import ProviderWriter


def write_industries(writer: ProviderWriter, names: Collection[str]) -> None:
    """Write the industries' names by their numbers, which are in the order of the names."""
    writer.write_text(INDUSTRIES_FILE, industries_text(dict(enumerate(sorted(names)))))


def write_coverage(writer: ProviderWriter, held: Mapping[tuple[str, str], pd.Series]) -> None:
    """Write the share of each index that is here, by market and by what it is counted (``members``, ``weight``)."""
    if held:
        markets = dict.fromkeys(market for market, _ in held)
        shares = {
            market: pd.DataFrame({kind: series for (of, kind), series in held.items() if of == market})
            for market in markets
        }
        writer.write_text(COVERAGE_FILE, coverage_text(shares))


def write_manifest(stocks: StoredStocks, spool: Spool, mapping: IngestMapping, report: IngestReport) -> None:
    """Complete the report with the provider's size and half days, and write it next to its mapping."""
    warn_of_half_days(stocks, report)
    warn_of_sparse_days(stocks, report)
    report.facts = _size(stocks, spool) | report.facts
    manifest = {
        "made_by": "mfgru ingest",
        "version": __version__,
        "mapping": mapping.model_dump(mode="json"),
        "report": report.as_dict(),
    }
    stocks.writer.write_manifest(manifest)


def _size(stocks: StoredStocks, spool: Spool) -> dict[str, object]:
    days, bar_days = stocks.writer.days, stocks.bar_days
    session = stocks.writer.session
    size: dict[str, object] = {
        "session": f"{', '.join(session.hours)} {session.zone}",
        "stocks": len(stocks.lives),
        "days": f"{len(days)}: {days[0]:%Y-%m-%d} .. {days[-1]:%Y-%m-%d}",
        "stock-days with trade": int(stocks.n_trading.sum()),
    }
    for freq, stamps in stocks.writer.calendars.items():
        if freq != "day":
            size[f"{freq} days"] = len(bar_days)
            size[f"{freq} stamps"] = f"{len(stamps)}: {stamps[0]} .. {stamps[-1]}"
            size["days without any bar"] = len(bar_days) - len(spool.bar_days)
    return size


def warn_of_half_days(stocks: StoredStocks, report: IngestReport) -> None:
    """Count days on which trade ended before the session's last bar, with the end of the last one that saw any."""
    last, intraday = stocks.last_traded, [freq for freq in stocks.writer.calendars if freq != "day"]
    if not intraday:
        return
    ends = stocks.writer.session.bar_ends(intraday[0])
    half = (last >= 0) & (last < len(ends) - 1)
    stamps = stocks.bar_days[half] * MINUTES_A_DAY + ends[last[half]]
    report.warn("half days: no stock traded after", int(half.sum()), map(minute_text, stamps))
