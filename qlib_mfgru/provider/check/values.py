"""Rules on single stored values, whatever the others say: what no price, volume, factor or flag can be."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from qlib_mfgru.provider.check.stored import Stored, StoredStock
from qlib_mfgru.provider.check.table import Ledger
from qlib_mfgru.provider.judge.series import PRICES

_NOT_NEGATIVE = (*PRICES, "vwap", "volume", "amount", "limit_up", "limit_down", "market_cap")
_UNITS = {"day": "days"}


def judge_values(stock: StoredStock, stored: Stored, ledger: Ledger) -> None:
    """Prices with a volume and a positive factor, nothing negative, no vwap of 0 on trade, flags of 0 or 1."""
    for freq in stock.freqs:
        days, values = stored.judged(stock, freq)
        unit, code = _UNITS.get(freq, f"{freq} bars"), stock.code
        priced = values.get("close", np.full(len(days), np.nan)) > 0
        n_priced = int(priced.sum())
        if "factor" in values:
            without = priced & ~(values["factor"] > 0)
            ledger.note_days(
                "error", f"{unit} with a price and no positive $factor", code, days, without, n_priced, _RAW
            )
        if "volume" in values:
            without = priced & np.isnan(values["volume"])
            ledger.note_days(
                "warning", f"{unit} with a price and no $volume", code, days, without, n_priced, _SUSPENDED
            )
        for name, faulty in _impossible(values).items():
            judged = int((~np.isnan(values[name])).sum())
            kind = f"{unit} with a value that cannot be: negative, a vwap of 0 on trade, a flag that is not 0 or 1"
            ledger.note_days("error", kind, f"{code} ${name}", days, faulty, judged)


def _impossible(values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Faulty places of each field that has its own bounds."""
    faulty = {name: values[name] < 0 for name in _NOT_NEGATIVE if name in values}
    if "vwap" in values and "volume" in values:
        faulty["vwap"] |= (values["vwap"] == 0) & (values["volume"] > 0)
    if "is_st" in values:
        faulty["is_st"] = ~np.isin(values["is_st"], (0, 1)) & ~np.isnan(values["is_st"])
    return faulty


_RAW = "raw prices and volumes cannot be told: make the provider again"
_SUSPENDED = "a day without trade has no price, or a volume of 0"
