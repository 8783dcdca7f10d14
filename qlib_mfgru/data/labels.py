"""The label: any qlib expression over daily data that looks ahead; how far is read off the expression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from qlib_mfgru.data.expressions import DailyExpression
from qlib_mfgru.errors import InputError

REPORT_LABEL = "Ref($close, -11) / Ref($close, -1) - 1"
"""Return over the next ten trading days, entered at the close of t+1."""


@dataclass(frozen=True, repr=False)
class Label(DailyExpression):
    """One label expression and the name of its column."""

    name: str = "LABEL0"

    @classmethod
    def parse(cls, label: str | Sequence[Any] | Label) -> Label:
        """Accept qlib's ways to write a label: an expression, ``[expression]``, or ``([expression], [name])``.

        Raises
        ------
        InputError
            If it is anything else; whether qlib can read the expression is what `check` says.
        """
        if isinstance(label, Label):
            return label
        items = list(label) if isinstance(label, (list, tuple)) else [label]
        if len(items) == 2 and not isinstance(items[0], str):
            expressions, names = items
        else:
            expressions, names = items, [cls.name]
        texts = [*expressions, *names] if isinstance(expressions, (list, tuple)) else []
        if len(texts) != 2 or len(names) != 1 or not all(isinstance(text, str) and text for text in texts):
            raise InputError("must be one qlib expression, as text, [text] or ([text], [name])")
        return cls(*texts)

    def check(self) -> None:
        """Ask the initialised qlib and its provider whether this can be a label.

        Raises
        ------
        InputError
            If it is not readable (`DailyExpression.check_readable`), or does not look ahead.
        """
        ahead = self.check_readable()
        if ahead < 1 or ahead != int(ahead):
            raise InputError("must look at least one whole day ahead, as Ref($close, -1) does")
        self.check_fields()

    @property
    def horizon(self) -> int:
        """Trading days after t that the label at t needs; 11 for the report's label."""
        return int(self.ahead)


def z_score(values: np.ndarray, groups: np.ndarray | None = None) -> np.ndarray:
    """Standardise one date's labels over those that are known (population deviation); float32, 0 if all are equal.

    With `groups` of the same shape, numbers such as industries, each is first taken as the distance from its group's
    mean; those whose group is NaN are one group.
    """
    if groups is not None:
        series = pd.Series(values, dtype=np.float64)
        values = (series - series.groupby(groups, dropna=False).transform("mean")).to_numpy()
    finite = values[np.isfinite(values)].astype(np.float64)
    std = finite.std() if len(finite) else 0.0
    if std == 0.0:
        return np.where(np.isfinite(values), 0.0, np.nan).astype(np.float32)
    return ((values.astype(np.float64) - finite.mean()) / std).astype(np.float32)
