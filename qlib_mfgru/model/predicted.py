"""What a model predicts, in the one form that means are made of and units keep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from qlib_mfgru.data.dataset import MultiFreqDataset
from qlib_mfgru.errors import InputError

_NAMES = ["datetime", "instrument"]


def predicted(model: Any, dataset: MultiFreqDataset, segment: str | slice | Sequence[Any] = "test") -> pd.Series:
    """A model's scores of a segment, as `by_date` has them."""
    return by_date(model.predict(dataset, segment))


def by_date(scores: Any) -> pd.Series:
    """Scores over (datetime, instrument), by date; those whose dates ascend already are left as they are.

    Parameters
    ----------
    scores : Series
        As a model's ``predict``, which may be a user's own, returns them.

    Raises
    ------
    InputError
        They are something else.
    """
    names = list(getattr(getattr(scores, "index", None), "names", []))
    if not isinstance(scores, pd.Series) or names not in (_NAMES, _NAMES[::-1]):
        raise _wrong("a Series over (datetime, instrument)", f"a {type(scores).__name__} over {names}")
    if scores.dtype.kind not in "fiu":
        raise _wrong("numbers", f"scores of type {scores.dtype}")
    series = scores if names == _NAMES else scores.swaplevel()
    dates = series.index.get_level_values("datetime")
    if len(dates) and (not isinstance(dates, pd.DatetimeIndex) or dates.tz is not None or dates.hasnans):
        raise _wrong("dates that are timestamps without a time zone", f"dates such as {dates[0]!r}")
    return series if dates.is_monotonic_increasing else series.sort_index()


def _wrong(wanted: str, found: str) -> InputError:
    return InputError(f"the model's predict must return {wanted}, and returns {found}")
