"""``DailyExpression``: a qlib expression over daily fields, read for all stocks and days at once."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from qlib.data.base import Expression, Feature
from qlib.data.data import ExpressionD
from qlib.data.ops import EMA, PairRolling, Ref, Rolling
from qlib.log import set_global_logger_level_cm

from qlib_mfgru.errors import InputError
from qlib_mfgru.provider import reader
from qlib_mfgru.provider.storage.stored import SeriesReader


@dataclass(frozen=True, repr=False)
class DailyExpression:
    """An expression such as ``$close / Ref($close, 20) - 1``."""

    expression: str

    def __repr__(self) -> str:
        return repr(self.expression)

    def check_readable(self) -> float:
        """How many days the expression looks ahead, if the initialised qlib can read it, and counts that right.

        Raises
        ------
        InputError
            It cannot; or a window is none: qlib takes ``Delta($close, -3)`` for a look back, and one of 0 days begins
            wherever the data does.
        """
        with set_global_logger_level_cm(logging.CRITICAL):  # qlib logs a traceback of what it cannot read
            try:
                for node in _nodes(self._parsed()):
                    _check_window(node)
                return self.ahead
            except (TypeError, AttributeError) as error:  # an operator's operand of another kind
                raise InputError(f"qlib cannot read it ({error})") from error

    def check_fields(self) -> None:
        """Ask the provider for the fields.

        Raises
        ------
        InputError
            No stock has one of them.
        """
        codes, stored = list(reader.member_spans("all", "day")), SeriesReader("day")
        for field in self.fields:
            if all(stored.whole(code, field) is None for code in codes):
                raise InputError(f"the provider {reader.provider_path('day')} has no ${field} at day")

    @property
    def ahead(self) -> float:
        """Trading days after t that the value at t needs."""
        return float(self._parsed().get_extended_window_size()[1])

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the daily fields that it is computed from, without their ``$``, ascending."""
        nodes = _nodes(self._parsed())
        return tuple(sorted({node._name.lower() for node in nodes if type(node) is Feature}))

    def load(self, days: pd.DatetimeIndex, instruments: Sequence[str]) -> np.ndarray:
        """Values, float32 of shape (len(days), len(instruments)), NaN where they cannot be known.

        They are the same whatever day comes first: an exponential mean, which has no first day, begins with the data.
        """
        endless = any(isinstance(node, EMA) for node in _nodes(self._parsed()))
        calendar = reader.calendar("day")
        first, row_of = calendar[0] if endless else days[0], days.get_indexer(calendar)
        values = np.full((len(days), len(instruments)), np.nan, dtype=np.float32)
        for column, code in enumerate(instruments):  # D.features makes a frame of each, at four times the time
            series = ExpressionD.expression(code, self.expression, first, days[-1], freq="day")
            rows = row_of[series.index.to_numpy(np.int64)]
            asked = rows >= 0
            values[rows[asked], column] = series.to_numpy(np.float32)[asked]
        values[~np.isfinite(values)] = np.nan
        return values

    def _parsed(self) -> Expression:
        """The expression as qlib reads it, which is by running it: anything may be raised."""
        try:
            parsed = ExpressionD.get_expression_instance(self.expression)
        except Exception as error:
            raise InputError(f"qlib cannot read it ({error})") from error
        if not isinstance(parsed, Expression):
            raise InputError("must be a qlib expression over fields such as $close")
        return parsed


def _check_window(node: Expression) -> None:
    if not isinstance(node, (Rolling, PairRolling)):
        return
    name, days = type(node).__name__, node.N
    if isinstance(node, Ref) and (not isinstance(days, int) or days == 0):
        raise InputError(f"Ref is over {days} days: must be whole days, back or negative, and not 0")
    if not isinstance(node, Ref) and not days > 0:
        raise InputError(f"{name} is over {days} days: must be positive; only Ref may look ahead")


def _nodes(expression: Any) -> Iterator[Expression]:
    """An expression and every expression within it."""
    if isinstance(expression, Expression):
        yield expression
        for value in vars(expression).values():
            yield from _nodes(value)
