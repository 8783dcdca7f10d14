"""``explain``: look at files, say what they hold, and propose the mapping that reads them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.explain.findings import Findings, findings_on
from qlib_mfgru.ingest.explain.kind import kind_of, market_of
from qlib_mfgru.ingest.explain.places import existing, files_of, is_provider, provider_freqs, tables_of
from qlib_mfgru.ingest.explain.proposal import origin_of, proposed
from qlib_mfgru.ingest.explain.sample import read_sample, readable
from qlib_mfgru.ingest.explain.text import describe
from qlib_mfgru.ingest.explain.wide import is_wide, wide_field, wide_options, wide_section, wide_stamps
from qlib_mfgru.ingest.mapping import BY_MARKET, RowInput
from qlib_mfgru.ingest.read.files import VendorFile
from qlib_mfgru.ingest.read.stamps import DateOrder

_FEW_ROWS = 1_000
"""Rows by which a file's kind is known, about."""

Explained = tuple[str, Findings]
"""A paragraph, and what it rests on."""
Refused = dict[Path, InputError]
"""Files that are no tables, and why."""


@dataclass(frozen=True)
class Explanation:
    """What files hold.

    Attributes
    ----------
    paragraphs : list of str
        One for each layout.
    mapping : str
        The proposed mapping, YAML.
    source : Path
        The folder that its files are relative to.
    """

    paragraphs: list[str]
    mapping: str
    source: Path

    def __str__(self) -> str:
        return "\n\n".join([*self.paragraphs, f"mapping, with --source {self.source}:", self.mapping])


def explain(files: Sequence[Path | str], source: Path | str | None = None) -> Explanation:
    """What files hold: layout, columns, stocks, dates, stamps, units and adjustment by evidence, and a mapping.

    Parameters
    ----------
    files : sequence of Path or str
        Files, folders, databases that are files, or a qlib provider; of files with the same columns in one folder, the
        first ones are looked at.
    source : Path or str, optional
        The folder that the mapping's files are relative to; by default the one that all files are in.

    Returns
    -------
    Explanation
        Its text is the report, then the mapping.

    Raises
    ------
    InputError
        If a file is not there, none is a table, or the order of a table's dates cannot be told.
    """
    named = [existing(Path(file).expanduser()) for file in files]
    if any(map(is_provider, named)):
        return _explain_provider(named)
    paths = files_of(named)
    folder = Path(source).expanduser().resolve() if source is not None else _common(named)
    outside = next((path for path in paths if not path.is_relative_to(folder)), None)
    if outside is not None:
        raise InputError(f"{outside}: not in {folder} (--source)")
    databases = {path: tables for path in paths if (tables := tables_of(path)) is not None}
    found = [_explain_rows([path], folder, table) for path, tables in databases.items() for table in tables]
    refused: Refused = {}
    for header, alike in _by_layout([path for path in paths if path not in databases], refused):
        with _refusing(alike[0], refused):
            found += [_explain_wide(alike, folder)] if is_wide(header) else _explain_files(alike, folder)
    if refused and not found:
        raise refused[min(refused)]
    return Explanation(
        [*(text for text, _ in found), *_left_out(refused)], proposed([findings for _, findings in found]), folder
    )


@contextmanager
def _refusing(path: Path, refused: Refused) -> Iterator[None]:
    """Note a file that cannot be read as a table; one whose dates cannot be told is a table, and an error."""
    try:
        yield
    except DateOrder:
        raise
    except InputError as error:
        refused[path] = error


def _left_out(refused: Refused) -> list[str]:
    """A paragraph on what is no table; none where all files are."""
    lines = [
        f"{path}: no table, left out ({str(error).removeprefix(f'{path}: ')})"
        for path, error in sorted(refused.items())
    ]
    return ["\n".join(lines)] if lines else []


def _explain_provider(paths: Sequence[Path]) -> Explanation:
    if len(paths) > 1:
        raise InputError(f"{paths[0]}: explain a provider alone")
    text = f"{paths[0]}: a qlib provider with values of {provider_freqs(paths[0])}"
    return Explanation([text], "vendor: qlib", paths[0])


def _common(paths: Sequence[Path]) -> Path:
    return Path(os.path.commonpath([path if path.is_dir() else path.parent for path in paths]))


def _by_layout(paths: Sequence[Path], refused: Refused) -> list[tuple[list[str], list[Path]]]:
    """Header and files of each layout: those of one folder with the same columns; other files are `refused`."""
    layouts: dict[tuple[Path, tuple[str, ...]], list[Path]] = {}
    sources: dict[Path, RowInput] = {}
    for path in paths:
        with _refusing(path, refused):
            header = _header(path, sources)
            layouts.setdefault((path.parent, tuple(header)), []).append(path)
    return [(list(header), alike) for (_, header), alike in layouts.items()]


def _header(path: Path, sources: dict[Path, RowInput]) -> list[str]:
    """A file's columns, read as the first one of its kind in its folder, which is kept in `sources`, or else anew."""
    first = sources.setdefault(path.parent / path.suffix, readable(path))
    try:
        return VendorFile.all_in(path, first)[0].header()
    except InputError:
        return VendorFile.all_in(path, readable(path))[0].header()


def _explain_files(paths: Sequence[Path], folder: Path) -> list[Explained]:
    """Files of one layout; those of members or weights of several indices, which their names tell, one by one."""
    sample = read_sample(paths[:1], max_rows=_FEW_ROWS)
    if kind_of(sample) not in BY_MARKET or "index" in sample.columns:
        return [_explain_rows(paths, folder)]
    by_market: dict[str, list[Path]] = {}
    for path in paths:
        by_market.setdefault(market_of(path), []).append(path)
    return [_explain_rows(alike, folder) for alike in by_market.values()]


def _explain_rows(paths: Sequence[Path], folder: Path, table: RowInput | None = None) -> Explained:
    sample = read_sample(paths, table)
    kind = kind_of(sample)
    findings = findings_on(kind, sample, origin_of(paths, sample.source, folder)) if kind else Findings()
    return describe(sample, kind, findings), findings


def _explain_wide(paths: Sequence[Path], folder: Path) -> Explained:
    """Wide tables are recognised by their columns, names and stamps; the ingest judges their values."""
    findings, lines = Findings(), []
    for path in paths:
        source = readable(path)
        field, stamps = wide_field(path), wide_stamps(path, source)
        said = f"field {field}" if field else "its name tells no field"
        lines.append(f"{path}: dates down, codes across; {said}")
        if field:
            section = wide_section(field, stamps)
            origin = findings.sections.setdefault(section, {"wide": {}, **wide_options(section, source, stamps)})
            origin["wide"][field] = path.relative_to(folder).as_posix()
            findings.has_factor |= field == "factor"
    return "\n".join(lines), findings
