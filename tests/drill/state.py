"""What lies in folders: contents to compare, and what should not be there any more."""

from __future__ import annotations

from pathlib import Path

Content = dict[str, bytes]
"""Relative path -> bytes."""


def content(folder: Path) -> Content:
    """All files below a folder; empty where there is none."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def assert_equal(got: Content, *allowed: Content) -> None:
    """A content is one of those allowed, byte for byte; the message says in which files it is not."""
    if got in allowed:
        return
    one = allowed[-1]
    missing, more = sorted(one.keys() - got.keys()), sorted(got.keys() - one.keys())
    other = sorted(name for name in one.keys() & got.keys() if one[name] != got[name])
    raise AssertionError(f"half: {missing[:3]} missing, {more[:3]} besides, {other[:3]} differ ({len(other)})")


def assert_clean(folder: Path) -> None:
    """Nothing lies about below a folder: our boxes, locks and marks all begin with a dot."""
    left = sorted(str(path.relative_to(folder)) for path in folder.rglob(".*"))
    assert not left, f"left behind: {left[:5]}"
