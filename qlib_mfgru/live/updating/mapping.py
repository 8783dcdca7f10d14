"""The mapping of an update: it says what the files are, and nothing that only an ingest can take in."""

from __future__ import annotations

from pathlib import Path

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import IngestMapping
from qlib_mfgru.ingest.read.present import without
from qlib_mfgru.ingest.read.sources import named
from qlib_mfgru.live.updating.plan import AGAIN
from qlib_mfgru.provider.manifest import MANIFEST, read_manifest
from qlib_mfgru.refusals import within


def as_ingested(mapping: IngestMapping, provider: Path, folder: Path) -> IngestMapping:
    """The mapping without optional inputs of which the ingest found nothing, and of which nothing is in `folder`.

    Raises
    ------
    InputError
        Its inputs, its session or the stored frequencies are not those of the ingest.
    """
    content = dict(read_manifest(provider)["mapping"])
    content.pop("vendor", None)
    with within(str(provider / MANIFEST)):
        ingested = IngestMapping.of(**content)
    inputs, before = mapping.inputs(), ingested.inputs()
    new = {name: source for name, source in inputs.items() if name not in before}
    absent = {
        name
        for name, source in new.items()
        if source.optional and not (source.sql or source.provider or named(folder, source.patterns))
    }
    if added := sorted(new.keys() - absent):
        raise InputError(f"the mapping has {', '.join(added)}, which the ingest of {provider} did not read: {AGAIN}")
    if lost := sorted(before.keys() - inputs.keys()):
        raise InputError(f"the mapping lacks {', '.join(lost)}, which the ingest of {provider} read: add it or {AGAIN}")
    if mapping.session != ingested.session:
        raise InputError(f"the mapping's session is not that of the ingest of {provider}: {AGAIN}")
    if mapping.bars and ingested.bars and mapping.bars.store != ingested.bars.store:
        stores = (", ".join(each.store) for each in (mapping.bars, ingested.bars))
        raise InputError(f"the mapping's bars.store is {next(stores)}, that of the ingest {next(stores)}: {AGAIN}")
    return without(mapping, absent)
