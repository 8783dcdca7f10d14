"""A user's own constraint, in a file of the user's."""

from __future__ import annotations

from dataclasses import dataclass

from qlib_mfgru.portfolio import Constraint, Decision, Terms
from qlib_mfgru.settings import Positive


@dataclass(frozen=True)
class TradedAmountFloor(Constraint):
    """``w_i <= v_i`` for stocks that traded less than `least` that day: buy only what is liquid."""

    least: Positive  # yuan; checked when the setting is made
    needs = ("amount",)

    def terms(self, decision: Decision) -> Terms:
        return Terms(no_buy=~(decision.market.fields["amount"] >= self.least))
