"""The stocks of a bucket, assembled and written, on any process; and what all buckets together came to."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from qlib_mfgru.ingest.assemble.assembly import assemble
from qlib_mfgru.ingest.assemble.codes import Codes
from qlib_mfgru.ingest.assemble.conventions import Calendars, Conventions
from qlib_mfgru.ingest.assemble.stock import Stock
from qlib_mfgru.ingest.read.spool import ALWAYS, Spool
from qlib_mfgru.ingest.report import IngestReport
from qlib_mfgru.ingest.state import NOTHING, Tail, Tails, counts_of, rows_file
from qlib_mfgru.ingest.write.stocks import StoredStocks
from qlib_mfgru.provider.judge import Verdict
from qlib_mfgru.provider.writer import ProviderWriter


@dataclass(frozen=True)
class Outcome:
    """What some stocks came to.

    Attributes
    ----------
    stocks : StoredStocks
        Those that are written.
    verdict : Verdict
        On all of them.
    codes : Codes
        Theirs, with their days.
    report : IngestReport
        Where their rows are counted.
    """

    stocks: StoredStocks
    verdict: Verdict
    codes: Codes
    report: IngestReport

    def add(self, other: Outcome) -> None:
        """Count other stocks in; those of the buckets in order, so that the report does not depend on the processes."""
        self.stocks.add(other.stocks)
        self.verdict.add_all(other.verdict)
        self.codes.add_all(other.codes)
        self.report.add(other.report)


@dataclass(frozen=True)
class BucketWriter:
    """Assembles and writes the stocks of one bucket; all that it needs to know goes to its process with it."""

    spool: Spool
    calendars: Calendars
    conventions: Conventions
    writer: ProviderWriter
    weighted: AbstractSet[str]
    max_inconsistent: float

    def nothing(self, report: IngestReport, writer: ProviderWriter) -> Outcome:
        """The outcome of no stocks, which counts in `report` and writes with `writer`."""
        stocks = StoredStocks(writer, self.calendars, self.weighted)
        return Outcome(stocks, Verdict(self.max_inconsistent), Codes(), report)

    def __call__(self, bucket: int) -> Outcome:
        """Write a bucket's stocks, and their last rows for updates to go on from."""
        outcome, tails = self.nothing(IngestReport(), self.writer.part()), Tails()
        days = self.calendars.days
        for rows in self.spool.stocks(bucket, outcome.report):
            stock = Stock(rows, self.calendars, self.conventions, outcome.report)
            made, stored = stock.factor if self.conventions.factor_from_closes else None, (-1, -1)
            if assemble(stock, outcome.verdict):
                outcome.stocks.write(stock)
                outcome.codes.add(stock)
                stored = tuple(days[list(outcome.stocks.lives[stock.code])].tolist())
            tail = Tail.of(rows, *stored)
            past = counts_of(stock.findings, ALWAYS, tail.opens if tail.is_cut else ALWAYS)
            tails.add(rows, tail, past, made, days)
        for rows in self.spool.strangers():
            tails.add(rows, NOTHING)
        outcome.stocks.writer.write_bytes(rows_file(bucket), tails.content())
        return outcome
