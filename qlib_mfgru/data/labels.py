"""The label: any qlib expression over daily data, its horizon read off the expression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from qlib.data import D
from qlib.data.data import ExpressionD

from qlib_mfgru.errors import InputError

REPORT_LABEL = "Ref($close, -11) / Ref($close, -1) - 1"
"""Return over the next ten trading days, entered at the close of t+1 (REPORT sections 1 and 8)."""


@dataclass(frozen=True)
class Label:
    """One label expression and the name of its column."""

    expression: str
    name: str = "LABEL0"

    @classmethod
    def parse(cls, label: str | Sequence[Any]) -> Label:
        """Accept qlib's ways to write a label: an expression, ``[expression]``, or ``([expression], [name])``."""
        parts = [label] if isinstance(label, str) else list(label)
        if len(parts) == 2 and not isinstance(parts[0], str):
            expressions, names = parts
        else:
            expressions, names = parts, [cls.name]
        if len(expressions) != 1 or len(names) != 1 or not isinstance(expressions[0], str):
            raise InputError(f"the label must be one qlib expression, not {label!r}")
        return cls(expressions[0], names[0])

    @property
    def horizon(self) -> int:
        """Trading days after t that the label at t needs; 11 for the report's label."""
        _, ahead = ExpressionD.get_expression_instance(self.expression).get_extended_window_size()
        return int(ahead)

    def load(self, days: pd.DatetimeIndex, instruments: Sequence[str]) -> np.ndarray:
        """Values of the label, float32 of shape (len(days), len(instruments)), NaN where it cannot be known."""
        frame = D.features(list(instruments), [self.expression], days[0], days[-1], freq="day")
        values = np.full((len(days), len(instruments)), np.nan, dtype=np.float32)
        codes, stamps = (frame.index.get_level_values(level) for level in ("instrument", "datetime"))
        rows, columns = days.get_indexer(stamps), pd.Index(instruments).get_indexer(codes)
        values[rows, columns] = frame.iloc[:, 0].to_numpy(np.float32)
        values[~np.isfinite(values)] = np.nan
        return values


def z_score(values: np.ndarray) -> np.ndarray:
    """Standardise one date's labels over those that are known (population deviation); float32, 0 if they agree."""
    known = values[np.isfinite(values)].astype(np.float64)
    std = known.std() if len(known) else 0.0
    if std == 0.0:
        return np.where(np.isfinite(values), 0.0, np.nan).astype(np.float32)
    return ((values.astype(np.float64) - known.mean()) / std).astype(np.float32)
