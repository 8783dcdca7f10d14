"""Rules on all stocks together: days on which few of them trade, and stocks under two codes."""

from __future__ import annotations

import numpy as np

from qlib_mfgru.provider.attendance import SPARSE_DAYS, sparse_days
from qlib_mfgru.provider.check.stored import DAY, Stored, StoredStock
from qlib_mfgru.provider.check.table import Ledger
from qlib_mfgru.provider.judge.series import PRICES
from qlib_mfgru.provider.twins import TWINS, Twins

_SPARSE = "the vendor was late, or files are not complete: mfgru update takes in what comes late"


class Market:
    """Remembers on which days each stock trades, and at what prices."""

    def __init__(self, stored: Stored) -> None:
        self._stored, self._twins = stored, Twins()
        self._n_trading = np.zeros(len(stored.all_days), dtype=int)

    def add(self, stock: StoredStock) -> None:
        """Remember a stock that has daily prices and volumes."""
        columns = [stock.values.get((DAY, name)) for name in (*PRICES, "volume")]
        known = [values for values in columns if values is not None]
        if len(known) == len(columns):
            self._n_trading += known[-1] > 0
            self._twins.add(stock.code, self._stored.all_days.astype("i8"), known)

    def judge(self, ledger: Ledger) -> None:
        """Half of the usual stocks trade on each day that is judged, and no two have the same days."""
        days = self._stored.all_days
        sparse = np.flatnonzero(sparse_days(self._n_trading))
        cases = [f"{days[day]}: {self._n_trading[day]}" for day in sparse if day >= self._stored.first]
        ledger.note("warning", SPARSE_DAYS, cases, _SPARSE, judged=len(self._stored.days))
        ledger.note("warning", TWINS, list(self._twins.pairs()))
