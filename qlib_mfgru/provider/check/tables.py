"""Rules on what stands beside the prices: names of industries, weights of indices, the shares of them that are held."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.provider.check.stored import DAY, Stored, StoredStock
from qlib_mfgru.provider.check.table import Ledger
from qlib_mfgru.provider.index.coverage import index_held
from qlib_mfgru.provider.industries import read_industries

MOST_WEIGHT = 1.01
"""What an index's weights add up to at most, rounded as they are published."""
_WEIGHT = "_weight"


class Tables:
    """Reads the side files, and adds up the weights of each index over all stocks."""

    def __init__(self, stored: Stored, ledger: Ledger) -> None:
        self._stored = stored
        self._totals: dict[str, np.ndarray] = {}
        self._names: dict[int, str] | None = None
        damage = [*stored.damaged_lists.values(), *self._read()]
        ledger.note("error", "tables that are damaged", damage, _AGAIN, judged=len(stored.lists) + 2)

    def _read(self) -> Iterator[str]:
        """Read the names of industries and the shares of indices; yield what is wrong with the files."""
        path, days = self._stored.files.path, pd.DatetimeIndex(self._stored.days)
        try:
            self._names = read_industries(path) or None
        except InputError as error:
            yield str(error)
        try:
            for market in self._stored.files.markets:
                index_held(path, market, days)
        except InputError as error:
            yield str(error)

    def judge(self, stock: StoredStock, ledger: Ledger) -> None:
        """A stock's industries have names, and its weights lie between 0 and 1."""
        days, values = self._stored.judged(stock, DAY)
        for name, weights in values.items():
            known = ~np.isnan(weights)
            if name == "industry" and self._names is not None:
                faulty = known & ~np.isin(weights, list(self._names))
                kind = "days with an $industry that industries.csv does not name"
                ledger.note_days("error", kind, stock.code, days, faulty, int(known.sum()), _AGAIN)
            if name.endswith(_WEIGHT):
                faulty = known & ~((weights >= 0) & (weights <= 1))
                kind = "days with a weight in an index that is not between 0 and 1"
                ledger.note_days("error", kind, f"{stock.code} ${name}", days, faulty, int(known.sum()), _FRACTIONS)
                total = self._totals.setdefault(name, np.zeros(len(days)))
                total += np.where(known & ~faulty, weights, 0)

    def judge_totals(self, ledger: Ledger) -> None:
        """The weights of an index add up to no more than `MOST_WEIGHT` on any day."""
        for name, total in self._totals.items():
            kind = "days on which the weights of an index add up to more than 1"
            faulty, judged = total > MOST_WEIGHT, int((total > 0).sum())
            ledger.note_days("warning", kind, f"${name}", self._stored.days, faulty, judged, _FRACTIONS)


_AGAIN = "written half, overwritten, or of another provider: make it again"
_FRACTIONS = "weights are fractions of the index: look at the unit, and for stocks under two codes"
