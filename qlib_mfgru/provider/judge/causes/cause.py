"""An explanation, and what to write in the mapping where it holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

NAMED = 3
"""Stocks that are named."""
_NEAR = 0.1
"""How near, as a logarithm, a stock's median ratio is to that of a cause: vwaps and closes differ within a day."""


class Unit(NamedTuple):
    """A setting of the mapping: what it should be where the cause holds, and what it is there, and right elsewhere."""

    setting: str
    value: str
    other: str


class Cause(NamedTuple):
    """An explanation, the units that mend it, and the stocks from which on it is likely."""

    what: str
    units: tuple[Unit, ...] = ()
    advice: str = ""
    least: int = 1

    def advised(self, source: str, boards: Sequence[str] = ()) -> str:
        """What to write for the input `source`; for some boards only, where these are given."""
        if not self.units:
            return self.advice
        settings = []
        for unit in self.units:
            parts = ", ".join(f"{board}: {unit.value}" for board in boards)
            value = f'{{{parts}, "*": {unit.other}}}' if boards else unit.value
            settings.append(f"{unit.setting}: {value}")
        return f"write {source}: {{{', '.join(settings)}}}"


def named(codes: Sequence[str]) -> str:
    """The first few codes and how many more there are."""
    more = len(codes) - NAMED
    return ", ".join(codes[:NAMED]) + (f" and {more} more" if more > 0 else "")


def is_near(distance: np.ndarray) -> bool:
    """Whether most cases are that near; logarithms, of shape (n_cases,)."""
    return bool(np.median(np.abs(distance)) < _NEAR)
