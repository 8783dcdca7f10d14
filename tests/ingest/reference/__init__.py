"""Every provider that a test ingests, checked: for what always holds, and against plain pandas bar by bar."""

from pathlib import Path

from qlib_mfgru.ingest.mapping import IngestMapping

from .market import Reference, check_provider
from .plain import market
from .sound import check_sound

MENDED = "days whose factor was lost, early or late"

__all__ = ["Reference", "check_provider", "check_sound", "check_stored", "market"]


def check_stored(target: Path, mapping: IngestMapping, source: Path) -> None:
    """Assert that a provider is sound, and where pandas alone can read the files, that it holds what they say.

    It does not where the report says that a factor was put right.
    """
    check_sound(target)
    if (expected := market(mapping, source)) and MENDED not in (target / "mfgru.json").read_text("utf-8"):
        check_provider(target, expected, mapping.bars.store if mapping.bars else ())
