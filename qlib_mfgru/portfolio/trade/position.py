"""``SortedPosition``: qlib's holdings in the order of their codes: an account has the same bytes in every run."""

from __future__ import annotations

from copy import copy
from typing import Any

from qlib.backtest.position import Position


class SortedPosition(Position):
    """qlib's Position, whose stocks come sorted.

    qlib's own hands them out as a set, in an order that changes with ``PYTHONHASHSEED``: sums over them, such as the
    account's value, then differ in their last digits from run to run, and so do the lots that follow from them. In
    PortAnaRecord's config it is ``backtest: {pos_type: qlib_mfgru.portfolio.SortedPosition, ...}``.
    """

    def get_stock_list(self) -> list[str]:
        """Codes of the stocks that are held, sorted."""
        return sorted(super().get_stock_list())

    def __deepcopy__(self, memo: dict[int, Any]) -> SortedPosition:
        """Holdings are dicts of numbers: qlib, which copies them at every close, need not look for more."""
        other = copy(self)
        other.position = {name: copy(held) for name, held in self.position.items()}
        return other
