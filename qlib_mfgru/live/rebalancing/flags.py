"""``Flags``: what is special about stocks on the day of a decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from qlib_mfgru.portfolio.optimise.base import Decision


@dataclass(frozen=True)
class Flags:
    """Stocks by what is special about them.

    Attributes
    ----------
    masks : mapping of str to ndarray of shape (n_stocks,), bool
        ``suspended`` (no trade on the day), ``limit_up``, ``limit_down`` (closed at its limit price), ``st``,
        ``no_score``, ``not_listed`` (not in the provider's market ``all`` on the day).
    """

    masks: Mapping[str, np.ndarray]

    @classmethod
    def on(cls, decision: Decision, listed: np.ndarray) -> Flags:
        """Of a decision's market; `listed` says which stocks are in it on the day, (n_stocks,)."""
        market = decision.market
        return cls(
            {
                "suspended": market.suspended & listed,
                "limit_up": market.at_limit_up,
                "limit_down": market.at_limit_down,
                "st": market.is_st,
                "no_score": ~np.isfinite(decision.expected),
                "not_listed": ~listed,
            }
        )

    def of(self, stock: int) -> list[str]:
        """Names of a stock's flags, by its column."""
        return [name for name, mask in self.masks.items() if mask[stock]]
