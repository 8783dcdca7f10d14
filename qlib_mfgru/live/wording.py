"""Numbers and cases as the accounts of an evening say them."""

from __future__ import annotations

from collections.abc import Sequence

NAMED = 3
"""Cases that a line names."""


def counted(number: int, what: str) -> str:
    """``1 day``, ``2 days``."""
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def named(cases: Sequence[str], n_all: int) -> str:
    """The first of so many cases."""
    return ", ".join(cases[:NAMED]) + (", .." if n_all > NAMED else "")
