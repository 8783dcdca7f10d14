"""What a model of a unit predicts, in the one form that units keep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.errors import InputError

_NAMES = ["datetime", "instrument"]


def predicted(model: Any, dataset: MultiFreqDataset, segment: str | slice | Sequence[Any] = "test") -> pd.Series:
    """A model's scores over (datetime, instrument), by date; those whose dates ascend already are left as they are.

    Raises
    ------
    InputError
        Its ``predict``, which may be a user's own, returns something else.
    """
    scores = model.predict(dataset, segment)
    names = list(getattr(getattr(scores, "index", None), "names", []))
    if not isinstance(scores, pd.Series) or names not in (_NAMES, _NAMES[::-1]):
        raise _wrong("a Series over (datetime, instrument)", f"a {type(scores).__name__} over {names}")
    if scores.dtype.kind not in "fiu":
        raise _wrong("numbers", f"scores of type {scores.dtype}")
    by_date = scores if names == _NAMES else scores.swaplevel()
    dates = by_date.index.get_level_values("datetime")
    if len(dates) and (not isinstance(dates, pd.DatetimeIndex) or dates.tz is not None or dates.hasnans):
        raise _wrong("dates that are timestamps without a time zone", f"dates such as {dates[0]!r}")
    return by_date if dates.is_monotonic_increasing else by_date.sort_index()


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


def _wrong(wanted: str, found: str) -> InputError:
    return InputError(f"the model's predict must return {wanted}, and returns {found}")
