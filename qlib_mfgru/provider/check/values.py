"""Rules on single stored values, whatever the others say: what no price, volume, factor or flag can be."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from qlib_mfgru.provider.check.stored import Stored, StoredStock
from qlib_mfgru.provider.check.table import Ledger
from qlib_mfgru.provider.judge.series import PRICES

_NOT_NEGATIVE = ("vwap", "volume", "amount", "limit_up", "limit_down", "market_cap")
_UNITS = {"day": "days"}
IMPOSSIBLE = "with a value that cannot be: negative, a price or a vwap on trade of 0, a flag that is not 0 or 1"


def judge_values(stock: StoredStock, stored: Stored, ledger: Ledger) -> None:
    """Prices above 0, with a volume and a positive factor, nothing negative, a vwap above 0, flags of 0 or 1."""
    for freq in stock.freqs:
        days, values = stored.judged(stock, freq)
        unit, code = _UNITS.get(freq, f"{freq} bars"), stock.code
        unknown = np.full(len(days), np.nan)
        priced, traded = (values.get(name, unknown) > 0 for name in ("close", "volume"))
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
        if "vwap" in values:
            idle = ~np.isnan(values["vwap"]) & (values.get("volume", unknown) == 0)
            faulty = idle & (values["vwap"] == 0)
            kind = f"{unit} without trade and with a vwap of 0"
            ledger.note_days("warning", kind, code, days, faulty, int(idle.sum()), _NO_PRICE)
        for name, faulty in _impossible(values, traded).items():
            judged = int((~np.isnan(values[name])).sum())
            ledger.note_days("error", f"{unit} {IMPOSSIBLE}", f"{code} ${name}", days, faulty, judged)


def _impossible(values: Mapping[str, np.ndarray], traded: np.ndarray) -> dict[str, np.ndarray]:
    """Faulty places of each field that has its own bounds."""
    faulty = {name: values[name] <= 0 for name in PRICES if name in values}
    faulty |= {name: values[name] < 0 for name in _NOT_NEGATIVE if name in values}
    if "vwap" in values:
        faulty["vwap"] |= (values["vwap"] == 0) & traded
    if "is_st" in values:
        faulty["is_st"] = ~np.isin(values["is_st"], (0, 1)) & ~np.isnan(values["is_st"])
    return faulty


_NO_PRICE = "there is no price without trade: nothing should be stored"
_RAW = "raw prices and volumes cannot be told: make the provider again"
_SUSPENDED = "a day without trade has no price, or a volume of 0"
