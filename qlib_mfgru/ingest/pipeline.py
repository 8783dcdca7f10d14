"""The whole ingest: read the input once into the spool, then build the provider from it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tqdm import tqdm

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import FileInput, IngestMapping
from qlib_mfgru.ingest.read.files import estimate_rows, expand_files
from qlib_mfgru.ingest.read.intake import Intake
from qlib_mfgru.ingest.read.slices import CHUNK_ROWS
from qlib_mfgru.ingest.read.spool import Registry, Spool
from qlib_mfgru.ingest.report import Account
from qlib_mfgru.ingest.write.build import Build
from qlib_mfgru.provider.writer import check_replaceable

SLICE_ROWS = 500_000
"""Rows of a bucket, about: what is held in memory at a time."""

SPOOLED = frozenset({"bars", "daily", "factors", "limits", "float_shares", "industry", "st"})
"""Inputs that are read into the spool; the others are small, and read when they are written."""


def ingest(
    mapping: IngestMapping,
    source: Path,
    target: Path,
    *,
    slice_rows: int = SLICE_ROWS,
    chunk_rows: int = CHUNK_ROWS,
    quiet: bool = False,
) -> Account:
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
    Account
        What was read, kept, dropped, derived and assumed; also in the provider's ``mfgru.json``.

    Raises
    ------
    InputError
        On a structural fault of an input, or more bad rows than `mapping.max_dropped`.
    """
    check_replaceable(target.expanduser().resolve())
    if not source.is_dir():
        raise InputError(f"{source}: no such folder (--source)")
    files = _find_files(mapping, source)
    rows = sum(estimate_rows(path) for name in ("bars", "daily") for path in files.get(name, ()))
    folder = target.expanduser().resolve().with_name(target.name + ".spool")
    account = Account()
    with Spool(folder, max(1, -(-rows // slice_rows))) as spool:
        registry = Registry()
        n_files = sum(len(paths) for name, paths in files.items() if name in SPOOLED)
        with tqdm(total=n_files, desc="reading", unit="file", disable=quiet) as bar:
            intake = Intake(spool, registry, account, chunk_rows, lambda path: bar.update())
            _take_in(intake, mapping, files)
        for part in account.inputs.values():
            part.check(mapping.max_dropped)
        Build(mapping, files, intake, target, quiet).run()
    return account


def _find_files(mapping: IngestMapping, source: Path) -> dict[str, list[Path]]:
    inputs: dict[str, FileInput] = {name: part for name, part in vars(mapping).items() if isinstance(part, FileInput)}
    for name, markets in (("members", mapping.members), ("weights", mapping.weights)):
        inputs |= {f"{name}.{market}": part for market, part in markets.items()}
    return {name: expand_files(source, part.files, name) for name, part in inputs.items()}


def _take_in(intake: Intake, mapping: IngestMapping, files: Mapping[str, list[Path]]) -> None:
    if mapping.bars:
        intake.bars(mapping.bars, files["bars"])
    if mapping.daily:
        intake.daily(mapping.daily, files["daily"])
    if mapping.factors:
        intake.values("factors", mapping.factors, files["factors"], ("factor",))
    if mapping.limits:
        intake.values("limits", mapping.limits, files["limits"], ("limit_up", "limit_down"))
    if mapping.float_shares:
        scale = 1e4 if mapping.float_shares.unit == "ten_thousand" else 1.0
        intake.values("float_shares", mapping.float_shares, files["float_shares"], ("float_shares",), scale)
    if mapping.industry:
        intake.industry(mapping.industry, files["industry"])
    if mapping.st:
        intake.st(mapping.st, files["st"])
