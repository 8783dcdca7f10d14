"""The label: any qlib expression over daily data that looks ahead; how far is read off the expression."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from qlib.data import D
from qlib.data.base import Expression, Feature
from qlib.data.data import ExpressionD
from qlib.log import set_global_logger_level_cm

from qlib_mfgru.errors import InputError
from qlib_mfgru.provider import reader
from qlib_mfgru.provider.storage.stored import SeriesReader

REPORT_LABEL = "Ref($close, -11) / Ref($close, -1) - 1"
"""Return over the next ten trading days, entered at the close of t+1."""


@dataclass(frozen=True, repr=False)
class Label:
    """One label expression and the name of its column."""

    expression: str
    name: str = "LABEL0"

    def __repr__(self) -> str:
        return repr(self.expression)

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
            If qlib cannot read it, a field of it is not in the provider, or it does not look ahead.
        """
        with set_global_logger_level_cm(logging.CRITICAL):  # qlib logs a traceback of what it cannot read
            try:
                ahead = self._ahead()
            except (TypeError, AttributeError) as error:  # an operator's operand of another kind
                raise InputError(f"qlib cannot read it ({error})") from error
        if ahead < 1 or ahead != int(ahead):
            raise InputError("must look at least one whole day ahead, as Ref($close, -1) does")
        codes, stored = list(reader.member_spans("all", "day")), SeriesReader("day")
        for field in self.fields:
            if all(stored.whole(code, field) is None for code in codes):
                raise InputError(f"the provider {reader.provider_path('day')} has no ${field} at day")

    @property
    def horizon(self) -> int:
        """Trading days after t that the label at t needs; 11 for the report's label."""
        return int(self._ahead())

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the daily fields that the label is computed from, without their ``$``, ascending."""
        nodes = _nodes(self._parsed())
        return tuple(sorted({node._name.lower() for node in nodes if type(node) is Feature}))

    def load(self, days: pd.DatetimeIndex, instruments: Sequence[str]) -> np.ndarray:
        """Values of the label, float32 of shape (len(days), len(instruments)), NaN where it cannot be known."""
        frame = D.features(list(instruments), [self.expression], days[0], days[-1], freq="day")
        values = np.full((len(days), len(instruments)), np.nan, dtype=np.float32)
        codes, stamps = (frame.index.get_level_values(level) for level in ("instrument", "datetime"))
        rows, columns = days.get_indexer(stamps), pd.Index(instruments).get_indexer(codes)
        values[rows, columns] = frame.iloc[:, 0].to_numpy(np.float32)
        values[~np.isfinite(values)] = np.nan
        return values

    def _ahead(self) -> float:
        return float(self._parsed().get_extended_window_size()[1])

    def _parsed(self) -> Expression:
        """The expression as qlib reads it, which is by running it: anything may be raised."""
        try:
            parsed = ExpressionD.get_expression_instance(self.expression)
        except Exception as error:
            raise InputError(f"qlib cannot read it ({error})") from error
        if not isinstance(parsed, Expression):
            raise InputError("must be a qlib expression over fields such as $close")
        return parsed


def _nodes(expression: Any) -> Iterator[Expression]:
    """An expression and every expression within it."""
    if isinstance(expression, Expression):
        yield expression
        for value in vars(expression).values():
            yield from _nodes(value)


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
