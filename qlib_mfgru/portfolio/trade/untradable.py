"""Stocks that could not be traded and forced constraints to be broken, in rows and words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from qlib_mfgru.numerals import numeral
from qlib_mfgru.portfolio.optimise.explanation import Untradable

COLUMNS = ("instrument", "action", "needed", "banned_by", "constraint", "broken_by")
"""Of `PortfolioRun.untradable`."""


def rows(day: pd.Timestamp, untradable: Iterable[Untradable]) -> list[dict[str, Any]]:
    """A row for each stock and constraint of one rebalance: see `PortfolioRun.untradable`."""
    return [
        {
            "datetime": day,
            "instrument": each.stock,
            "action": action_of(each),
            "needed": abs(each.trade),
            "banned_by": " ".join(each.banned_by),
            "constraint": constraint,
            "broken_by": amount,
        }
        for each in untradable
        for constraint, amount in each.breaks.items()
    ]


def as_frame(found: list[dict[str, Any]]) -> pd.DataFrame:
    """Rows of all rebalances by day; without any, a frame of the same columns."""
    return pd.DataFrame(found, columns=["datetime", *COLUMNS]).set_index("datetime")


def action_of(each: Untradable) -> str:
    """What would have to be done: ``buy`` or ``sell``."""
    return "buy" if each.trade > 0 else "sell"


def in_words(each: Untradable) -> str:
    """A stock, what would have to be traded of it and why that cannot be, and what is broken for it."""
    needed, banned = numeral(abs(each.trade), ".2g"), ", ".join(each.banned_by)
    return f"{each.stock} (to {action_of(each)} {needed}, but {banned}): {amounts(each.breaks)}"


def amounts(broken: Mapping[str, float]) -> str:
    """Constraints and by how much they are broken."""
    return ", ".join(f"{name} by {amount:.2g}" for name, amount in broken.items())
