"""What came of the rounds: counts by fault and by what it hit, printed as a table."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import pytest

Outcome = Literal["whole", "said"]
"""The result is whole, or one clear line said why there is none."""
Round = Callable[[int], Outcome]
"""Plays one round, given its number; raises AssertionError where neither holds."""

HEAD = ("fault", "on", "rounds", "whole", "one clear line", "failures")


@dataclass
class Ledger:
    """Counts of outcomes.

    Attributes
    ----------
    counts : dict of (str, str) to Counter
        Fault and what it hit -> ``whole``, ``said`` and ``failed``.
    """

    counts: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)

    def play(self, fault: str, on: str, n_rounds: int, play: Round) -> None:
        """Play rounds, all of them whatever fails; then fail with what went wrong first."""
        count = self.counts.setdefault((fault, on), Counter())
        failures = []
        for number in range(n_rounds):
            try:
                count[play(number)] += 1
            except AssertionError as error:
                count["failed"] += 1
                failures.append(f"round {number}: {error}")
        assert not failures, f"{fault}, {on}: {len(failures)} of {n_rounds} rounds failed\n{failures[0]}"

    def rows(self) -> list[dict[str, str | int]]:
        """The table: a value by each word of its head."""
        return [
            dict(zip(HEAD, (*what, count.total(), count["whole"], count["said"], count["failed"]), strict=True))
            for what, count in self.counts.items()
        ]

    def __str__(self) -> str:
        rows = [HEAD, *([str(value) for value in row.values()] for row in self.rows())]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join("  ".join(word.ljust(n) for word, n in zip(row, widths, strict=True)).rstrip() for row in rows)


ROUNDS = "MFGRU_DRILL_ROUNDS"


def rounds(short: int) -> int:
    """How many rounds to play: as the environment says, else `short`."""
    return int(os.environ.get(ROUNDS, short))


def only_long() -> None:
    """Skip what takes long, unless the environment asks for rounds: tests/rolling has short ones of its own."""
    if ROUNDS not in os.environ:
        pytest.skip(f"{ROUNDS} plays it")
