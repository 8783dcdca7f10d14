"""What is wrong with a row's numbers, of stocks and of indices alike."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from qlib_mfgru.ingest.read.slices import Check
from qlib_mfgru.provider.judge import outside_range


def beyond_float32(values: Mapping[str, np.ndarray]) -> Check:
    """Rows with a number that a float32 cannot hold: infinite there, or zero where a price or a factor is none."""
    limits, beyond = np.finfo("f4"), np.zeros(len(next(iter(values.values()))), dtype=bool)
    for name, column in values.items():
        size = np.abs(column)
        beyond |= size > limits.max
        if name not in ("volume", "amount"):
            beyond |= (size > 0) & (size < limits.tiny)
    return "beyond float32", beyond


def contradictions(values: Mapping[str, np.ndarray]) -> list[Check]:
    """Rows whose volume, amount and prices cannot be; prices that are missing or not positive say nothing."""
    prices = (values[name] for name in ("open", "high", "low", "close"))
    open_, high, low, close = (np.where(price > 0, price, np.nan) for price in prices)
    return [
        ("negative volume", values["volume"] < 0),
        ("negative amount", values["amount"] < 0),
        ("high < low", high < low),
        ("open or close outside [low, high]", outside_range(open_, low, high) | outside_range(close, low, high)),
    ]
