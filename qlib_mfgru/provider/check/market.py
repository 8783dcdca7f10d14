"""Rules on all stocks together: one stock under two codes."""

from __future__ import annotations

from qlib_mfgru.provider.check.stored import DAY, Stored, StoredStock
from qlib_mfgru.provider.check.table import Ledger
from qlib_mfgru.provider.judge.market.twins import TWINS, Twins
from qlib_mfgru.provider.judge.series import PRICES


class Market:
    """Remembers on which days each stock trades, and at what prices."""

    def __init__(self, stored: Stored) -> None:
        self._stored, self._twins = stored, Twins()

    def add(self, stock: StoredStock) -> None:
        """Remember a stock that has daily prices and volumes."""
        columns = [stock.values.get((DAY, name)) for name in (*PRICES, "volume")]
        known = [values for values in columns if values is not None]
        if len(known) == len(columns):
            self._twins.add(stock.code, self._stored.all_days.astype("i8"), known)

    def judge(self, ledger: Ledger) -> None:
        """No two stocks have the same days."""
        ledger.note("warning", TWINS, list(self._twins.pairs()))
