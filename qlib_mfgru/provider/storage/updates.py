"""What updates have changed in a provider since something was made from it."""

from __future__ import annotations

import zlib
from pathlib import Path

from qlib_mfgru.folders import SUMS
from qlib_mfgru.provider.manifest import read_manifest
from qlib_mfgru.provider.storage.series import JOURNAL

UPDATES = "updates"
"""The key of ``mfgru.json`` that lists them, each with the `content_key` before it and the first changed positions."""


def content_key(provider: Path) -> str:
    """A key of all content of a provider, by its list of checksums; empty where it has none, or is being updated."""
    file = provider / SUMS
    if not file.is_file() or (provider / JOURNAL).exists():
        return ""
    return f"{zlib.crc32(file.read_bytes()):08x}"


def changed_since(provider: Path, key: str, freq: str) -> int | None:
    """Position of the first stamp of a frequency of which any series has changed since the content had a key.

    Returns
    -------
    int or None
        None where that is not known; the end of the calendar as it was, or later, where only days were added.
    """
    updates = read_manifest(provider).get(UPDATES, [])
    keys = [update.get("before") for update in updates]
    if not key or key not in keys:
        return None
    since = updates[keys.index(key) :]
    return min((update["changed"][freq] for update in since if freq in update["changed"]), default=None)
