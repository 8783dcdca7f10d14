"""Every provider that a test ingests, checked: for what always holds, and against plain pandas bar by bar."""

from pathlib import Path

from qlib_mfgru.ingest.mapping import IngestMapping

from .market import Reference, check_provider
from .plain import market
from .sound import check_sound

MENDED = "days whose factor was lost, early or late"
REPLACED = (
    MENDED,
    "made from amount and price",
    "made from volume and price",
    "volume alone is far beyond the day's",
    "a price far beyond any limit",
    "a price far outside those of its",
)
"""What a report says of values that are not the vendor's."""

__all__ = ["Reference", "check_provider", "check_sound", "check_stored", "market"]


def check_stored(target: Path, mapping: IngestMapping, source: Path) -> None:
    """Assert that a provider is sound, and where pandas alone can read the files, that it holds what they say.

    It does not where the report says that values were put right or left out.
    """
    check_sound(target)
    report = (target / "mfgru.json").read_text("utf-8")
    if (expected := market(mapping, source)) and not any(what in report for what in REPLACED):
        check_provider(target, expected, mapping.bars.store if mapping.bars else ())
