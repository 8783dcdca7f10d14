"""``ExpressionModel``: a qlib expression in the place of a model, so that any factor stands in the same tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from qlib.config import C
from qlib.model.base import Model
from qlib.workflow import R

from qlib_mfgru.data.dataset import MultiFreqDataset, multi_freq
from qlib_mfgru.data.expressions import DailyExpression
from qlib_mfgru.data.settings import bounds_of, span
from qlib_mfgru.errors import InputError
from qlib_mfgru.model.training.callbacks import recorder_is_active
from qlib_mfgru.settings import Text, checked


class ExpressionModel(Model):
    """A model that trains nothing: its score of a stock and day is a qlib expression over daily fields up to that day.

    Parameters
    ----------
    expression : str
        For example ``1 - $close / Ref($close, 20)``, the reversal of twenty days.

    Raises
    ------
    InputError
        If qlib is initialised and cannot read it, the provider lacks a field, or it looks ahead.
    """

    def __init__(self, expression: str) -> None:
        self.expression: str = checked(Text, "expression", expression)
        if C.registered:
            self._checked()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.expression}>"

    def fit(self, dataset: MultiFreqDataset, *_: Any, **__: Any) -> None:
        """Check the expression, and name the running recorder by it."""
        multi_freq(dataset, type(self).__name__)
        self._checked()
        if recorder_is_active():
            from qlib_mfgru.report.store.runs import keep_params, name_run  # as in `begin_run`

            name_run(R.get_recorder(), self.expression)
            keep_params(R.get_recorder(), {"model": type(self).__name__, "expression": self.expression})

    def predict(self, dataset: MultiFreqDataset, segment: str | slice | Sequence[Any] = "test") -> pd.Series:
        """Scores of the market's members on every trading day of a segment, where the expression is known.

        Returns
        -------
        Series
            Named ``score``, over (datetime, instrument).
        """
        panels = multi_freq(dataset, type(self).__name__).handler.panels
        days = dataset.segment_days(segment)
        if not len(days):
            raise InputError(f"there is no trading day in {span(bounds_of(segment, dataset.segments))}")
        values = self._checked().load(panels.days[days], panels.instruments)
        rows, columns = np.nonzero(np.isfinite(values) & panels.members[days])
        codes = np.array(panels.instruments, dtype=object)[columns]
        index = pd.MultiIndex.from_arrays([panels.days[days][rows], codes], names=["datetime", "instrument"])
        return pd.Series(values[rows, columns], index=index, name="score")

    def _checked(self) -> DailyExpression:
        parsed = DailyExpression(self.expression)
        try:
            ahead = parsed.check_readable()
            parsed.check_fields()
        except InputError as error:
            raise InputError(f"expression is {self.expression!r}: {error}") from error
        if ahead > 0:
            raise InputError(f"expression is {self.expression!r}: it looks {ahead:g} days ahead")
        return parsed
