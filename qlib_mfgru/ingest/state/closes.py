"""Closes of the stocks with a weight in some index, in full precision: weights move with them."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from qlib_mfgru.provider.fill import carried_forward


@dataclass
class Closes:
    """Adjusted closes, the last one carried over days without trade.

    Attributes
    ----------
    by_code : dict of str to ndarray of shape (n_days,)
        From the calendar's first day on.
    """

    by_code: dict[str, np.ndarray] = field(default_factory=dict)

    def content(self) -> bytes:
        """As bytes."""
        codes = sorted(self.by_code)
        file = io.BytesIO()
        np.savez(file, codes=np.array(codes, dtype="U64"), closes=np.array([self.by_code[code] for code in codes]))
        return file.getvalue()

    @classmethod
    def read(cls, file: Any) -> Closes:
        """From a file of `content`."""
        with np.load(file) as arrays:
            return cls(dict(zip(arrays["codes"].tolist(), arrays["closes"], strict=True)))

    def extended(self, n_days: int, ends: Mapping[str, tuple[int, np.ndarray]]) -> Closes:
        """With a longer calendar, and other values from a position on of some stocks; others keep their last close."""
        closes = {}
        for code in self.by_code.keys() | ends.keys():
            old = self.by_code.get(code, np.empty(0))
            start, values = ends.get(code, (len(old), np.empty(0)))
            whole = np.full(n_days, np.nan)
            whole[: min(start, len(old))] = old[:start]
            whole[start : start + len(values)] = values
            closes[code] = carried_forward(whole)
        return Closes(closes)
