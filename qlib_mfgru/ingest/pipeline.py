"""The whole ingest: read the vendor's files once into a spool, then write the provider from it."""

from __future__ import annotations

from pathlib import Path

from qlib_mfgru.ingest.mapping import IngestMapping
from qlib_mfgru.ingest.read.inputs import CHUNK_ROWS, Vendor
from qlib_mfgru.ingest.read.intake import Intake
from qlib_mfgru.ingest.read.spool import Spool
from qlib_mfgru.ingest.report import IngestReport
from qlib_mfgru.ingest.write.provider import write_provider
from qlib_mfgru.provider.writer import check_replaceable

SLICE_ROWS = 500_000
"""Rows of a bucket, about: what is held in memory at a time."""


def ingest(
    mapping: IngestMapping,
    source: Path,
    target: Path,
    *,
    slice_rows: int = SLICE_ROWS,
    chunk_rows: int = CHUNK_ROWS,
    quiet: bool = False,
) -> IngestReport:
    """Turn vendor files into a qlib provider.

    Parameters
    ----------
    mapping : IngestMapping
        What the files are and mean.
    source : Path
        The folder that the mapping's files are relative to.
    target : Path
        The provider's folder; written whole or not at all.
    slice_rows, chunk_rows : int
        Rows worked on, and rows read, at a time: what memory grows with.
    quiet : bool
        No progress bars.

    Returns
    -------
    IngestReport
        What was read, kept, dropped, derived and assumed; also in the provider's ``mfgru.json``.

    Raises
    ------
    InputError
        On a structural fault of an input, or more bad rows than `mapping.max_dropped`.
    """
    target = target.expanduser().resolve()
    check_replaceable(target)
    vendor = Vendor.find(mapping, source, chunk_rows=chunk_rows, quiet=quiet)
    n_buckets = max(1, -(-vendor.estimated_rows // slice_rows))
    with Spool(target.with_name(target.name + ".spool"), n_buckets) as spool:
        intake = Intake(vendor, spool)
        intake.read()
        vendor.report.check(mapping.max_dropped)
        write_provider(intake, target)
    return vendor.report
