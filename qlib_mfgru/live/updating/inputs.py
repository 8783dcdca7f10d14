"""Which files an update reads: those that are new or have changed since they were read, and all small tables."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import BY_MARKET, IngestMapping, RowInput
from qlib_mfgru.ingest.read.sources import matching, named
from qlib_mfgru.ingest.read.spool import Registry
from qlib_mfgru.ingest.read.vendor import CHUNK_ROWS, Vendor
from qlib_mfgru.ingest.report import IngestReport
from qlib_mfgru.ingest.state import STATE, State
from qlib_mfgru.ingest.state.store import TABLES, Seen, place_of, seen_now, table_file
from qlib_mfgru.live.updating.gather import KnownCodes, gathered
from qlib_mfgru.live.updating.plan import AGAIN
from qlib_mfgru.provider.manifest import MANIFEST, read_manifest
from qlib_mfgru.provider.storage.series import sums_of
from qlib_mfgru.refusals import within

PRICES = ("bars", "daily")
"""Inputs of which an evening's files must be there."""


@dataclass(frozen=True)
class NewFiles:
    """What is read of each input.

    Attributes
    ----------
    folder : Path
        That of the source.
    paths : dict of str to list of Path
        Files by input; of a table all, copies of those that are not in the folder among them.
    seen : dict of str to Seen
        All that were read so far, and those that are read now.
    grown : dict of str to set of Path
        Those of the files that were read before and have changed.
    copies : dict of str to Path
        Tables' files that are new or have changed, by where their copies belong in the provider.
    """

    folder: Path
    paths: dict[str, list[Path]]
    seen: dict[str, Seen]
    grown: dict[str, set[Path]]
    copies: dict[str, Path]

    @classmethod
    def of(cls, mapping: IngestMapping, folder: Path, provider: Path, state: State) -> NewFiles:
        """Look for the files of every input.

        Raises
        ------
        InputError
            None of the bars, or of the daily bars, is there; or a table's copy is lost, and its file is not there.
        """
        tables, damaged = mapping.tables(), damaged_copies(provider)
        paths: dict[str, list[Path]] = {}
        seen: dict[str, Seen] = {}
        grown: dict[str, set[Path]] = {}
        copies: dict[str, Path] = {}
        for name, source in mapping.inputs().items():
            if name in PRICES and not source.optional:
                matching(folder, source.patterns, name)
            known, names = state.seen.get(name, {}), named(folder, source.patterns)
            now = seen_now(names)
            changed = [path for path, called in names.items() if known.get(called) != now.get(called)]
            seen[name] = known | now
            grown[name] = {path for path in changed if names[path] in known}
            if source.provider:
                paths[name] = [folder / source.provider.expanduser()]
                continue
            if name not in tables:
                paths[name] = list(names) if source.wide and changed else changed
                continue
            paths[name] = _with_copies(folder, source, provider / TABLES / name)
            places = {table_file(name, called): path for path, called in names.items()}
            copies |= {place: path for place, path in places.items() if path in changed or place in damaged}
            for place in damaged.keys() - places.keys():
                if place.startswith(table_file(name, "")):
                    raise InputError(f"{damaged[place]}: give the file of {name} again, or {AGAIN}")
        return cls(folder, paths, seen, grown, copies)

    def vendor(
        self, mapping: IngestMapping, since: np.datetime64, codes: Collection[str], folder: Path, *, quiet: bool
    ) -> Vendor:
        """The vendor of what is read: the mapping without inputs of which there is nothing.

        Of files that have grown, rows from the day `since` on are enough, as long as they have no other `codes` than
        those that are known; they may be put together in `folder`.
        """
        read = {name for name, source in mapping.inputs().items() if self.paths[name] or source.sql}
        sections: dict[str, Any] = {name: None for name in mapping.inputs() if name not in read and "." not in name}
        for kind in BY_MARKET:
            markets: dict[str, RowInput] = getattr(mapping, kind)
            sections[kind] = {market: each for market, each in markets.items() if f"{kind}.{market}" in read}
        report = IngestReport()
        reading = mapping.model_copy(update=sections)
        stocks = {name: self.paths[name] for name in mapping.inputs() if name not in mapping.tables()}
        known = KnownCodes(codes, mapping.session.codes)
        paths = self.paths | gathered(mapping.inputs(), stocks, self.grown, since, known, folder)
        so_far = {name: {PurePath(called).name for called in each} for name, each in self.seen.items()}
        return Vendor(reading, paths, Registry(mapping.session.codes), CHUNK_ROWS, quiet, self.folder, report, so_far)

    def without_prices(self, mapping: IngestMapping) -> bool:
        """Whether no file of prices is new."""
        prices: Mapping[str, RowInput] = {name: mapping.inputs()[name] for name in PRICES if name in mapping.inputs()}
        return not any(self.paths[name] or source.sql for name, source in prices.items())


def check_kept(provider: Path) -> None:
    """Refuse to go on from a calendar, or from rows and closes in the state, that are not what was written.

    Raises
    ------
    InputError
        The first such file.
    """
    sums = sums_of(provider)
    starts = ("calendars/", f"{STATE}/")
    names = [name for name in sums.files if name.startswith(starts) and not name.startswith(f"{TABLES}/")]
    for fault in sums.damaged(provider, names):
        raise InputError(f"{fault}: {AGAIN}")


def damaged_copies(provider: Path) -> dict[str, str]:
    """Copies of tables' files that are not what was written, with what is wrong with them."""
    sums = sums_of(provider)
    copies = [name for name in sums.files if name.startswith(f"{TABLES}/")]
    return {name: fault for name in copies for fault in sums.damaged(provider, (name,))}


def mapping_of(provider: Path) -> IngestMapping:
    """The mapping that a provider was ingested by.

    Raises
    ------
    InputError
        It was made otherwise, or its record hides a secret that is needed to read again.
    """
    manifest = read_manifest(provider)
    if manifest.get("made_by") != "mfgru ingest":
        raise InputError(f"{provider}: not made by mfgru ingest, so there is no mapping to read new files by")
    content = dict(manifest["mapping"])
    vendor = content.pop("vendor", None)
    with within(str(provider / MANIFEST)):
        mapping = IngestMapping.of(**content)
    hidden = [name for name, source in mapping.inputs().items() if "***" in f"{source.sql or ''}{source.url or ''}"]
    if hidden:
        raise InputError(
            f"{provider}: the record of {hidden[0]} hides a password or text: give the mapping (--mapping)"
        )
    return mapping.model_copy(update={"vendor": vendor})


def _with_copies(folder: Path, source: RowInput, copies: Path) -> list[Path]:
    """The files of a table, those of the source folder before copies of the same name, in the order of reading."""
    paths: dict[str, Path] = {}
    for pattern in source.patterns:
        old = named(copies, [place_of(Path(pattern).expanduser().as_posix())])
        new = named(folder, [pattern])
        both = {place_of(called): path for path, called in (*old.items(), *new.items())}
        paths |= {place: both[place] for place in sorted(both, key=Path) if place not in paths}
    return list(dict.fromkeys(paths.values()))
