"""``SortedPosition``: qlib's holdings in the order of their codes: an account has the same bytes in every run."""

from __future__ import annotations

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
