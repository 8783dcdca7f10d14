"""What the models of several folds predict, each the days that are its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.model.predicted import predicted


def stitched(
    models: Sequence[Any], starts: pd.DatetimeIndex, dataset: MultiFreqDataset, days: pd.DatetimeIndex
) -> pd.Series:
    """Scores of days, each by the model whose test begins last before it.

    Parameters
    ----------
    models : sequence
    starts : DatetimeIndex of the same length
        First days of their tests, ascending, the first of them not after any of `days`.
    dataset : MultiFreqDataset
    days : DatetimeIndex
        Ascending.
    """
    model_of = starts.searchsorted(days, side="right") - 1
    parts = {number: days[model_of == number] for number in sorted(set(model_of.tolist()))}
    return pd.concat([predicted(models[number], dataset, (part[0], part[-1])) for number, part in parts.items()])
