"""The whole ingest: read the vendor's files once into a spool, then assemble and write stock by stock."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tqdm.auto import tqdm

from qlib_mfgru.errors import InputError
from qlib_mfgru.folders import locked, scratch
from qlib_mfgru.ingest.assemble.conventions import Calendars, Conventions
from qlib_mfgru.ingest.assemble.evidence import with_evidence
from qlib_mfgru.ingest.mapping import IngestMapping
from qlib_mfgru.ingest.read.intake import read_vendor
from qlib_mfgru.ingest.read.spool import Spool
from qlib_mfgru.ingest.read.vendor import CHUNK_ROWS, Vendor
from qlib_mfgru.ingest.report import IngestReport
from qlib_mfgru.ingest.state.store import Seen
from qlib_mfgru.ingest.write.attendance import check_lone_days
from qlib_mfgru.ingest.write.buckets import BucketWriter
from qlib_mfgru.ingest.write.indices import read_all_weights, write_indices
from qlib_mfgru.ingest.write.manifest import write_industries, write_manifest
from qlib_mfgru.ingest.write.state import seen_files, write_state
from qlib_mfgru.processes import Processes
from qlib_mfgru.provider.writer import check_replaceable, new_provider

SLICE_ROWS = 500_000
"""Rows of a bucket, about: what a process holds in memory at a time."""
MOST_BUCKETS = 1000
"""A folder's files, no more than a process may hold open or a file system likes."""
PARALLEL_BUCKETS = 4
"""Buckets from which on several processes are worth their start."""


def ingest(
    mapping: IngestMapping,
    source: Path | str,
    target: Path | str,
    *,
    slice_rows: int = SLICE_ROWS,
    chunk_rows: int = CHUNK_ROWS,
    n_jobs: int = -1,
    quiet: bool = False,
) -> IngestReport:
    """Turn vendor files into a qlib provider.

    Parameters
    ----------
    mapping : IngestMapping
        What the files are and mean.
    source : Path or str
        The folder that the mapping's files are relative to.
    target : Path or str
        The provider's folder; written whole or not at all.
    slice_rows, chunk_rows : int
        Rows worked on, and rows read, at a time: what memory grows with.
    n_jobs : int
        Processes; -1 for one a core. The provider is the same for any number.
    quiet : bool
        No progress bars.

    Returns
    -------
    IngestReport
        What was read, kept, dropped, derived and assumed; also in the provider's ``mfgru.json``.

    Raises
    ------
    InputError
        On a structural fault of an input, more bad rows than `mapping.max_dropped`, or numbers that contradict each
        other on more days than `mapping.max_inconsistent`.
    """
    source, target = Path(source).expanduser(), Path(target).expanduser().resolve()
    check_replaceable(target)
    vendor = Vendor.find(mapping, source, chunk_rows=chunk_rows, quiet=quiet)
    vendor.check_apart(target)
    seen = seen_files(vendor)
    n_buckets = min(max(1, -(-sum(vendor.n_rows.values()) // slice_rows)), MOST_BUCKETS)
    keep = {name: each.keep for name, each in mapping.inputs().items()}
    with (
        locked(target, wait=False),
        scratch(target) as folder,
        Processes(n_jobs if n_buckets >= PARALLEL_BUCKETS else 1) as processes,
    ):
        spool = Spool(folder, n_buckets, vendor.registry, keep)
        read_vendor(vendor, spool, processes, part_rows=slice_rows)
        vendor.report.check(mapping.max_dropped)
        if not spool.days:
            raise InputError(f"no usable row\n{vendor.report}")
        _write_provider(vendor, seen, spool, target, processes)
    return vendor.report


def _write_provider(vendor: Vendor, seen: Mapping[str, Seen], spool: Spool, target: Path, processes: Processes) -> None:
    """Write everything; nothing is left of it when something fails."""
    mapping, report = vendor.mapping, vendor.report
    calendars = Calendars.of(spool)
    conventions = with_evidence(Conventions.of(mapping, report), vendor, spool, calendars)
    for note in conventions.notes():
        report.note(note)
    weights = read_all_weights(vendor)
    weighted = {code for table in weights.values() for code in table.columns}
    freqs = conventions.freqs if len(calendars.bar_days) else ()
    intraday = dict.fromkeys(freqs, calendars.dates[calendars.bar_span])
    with new_provider(target, calendars.dates, intraday, mapping.session) as writer:
        write = BucketWriter(spool, calendars, conventions, writer, weighted, mapping.max_inconsistent)
        written, buckets = write.nothing(report, writer), range(spool.n_buckets)
        for outcome in tqdm(
            processes.map(write, buckets), "writing", len(buckets), unit="bucket", disable=vendor.quiet or None
        ):
            written.add(outcome)
        stocks = written.stocks
        written.codes.warn(report, calendars.days, has_exchanges=mapping.session.codes == "ashare")
        report.check(mapping.max_dropped)
        written.verdict.check()
        report.add_verdict(written.verdict)
        if not stocks.lives:
            raise InputError(f"no stock has any usable day\n{report}")
        writer.write_members("all", stocks.codes, stocks.alive())
        write_indices(vendor, stocks, weights).warn(stocks, written.verdict.shifts, report)
        report.check(mapping.max_dropped)
        check_lone_days(stocks)
        if mapping.industry:
            write_industries(writer, spool.industries)
        write_manifest(stocks, spool, mapping, report)
        write_state(vendor, seen, spool, stocks, conventions, written.verdict.payouts)
