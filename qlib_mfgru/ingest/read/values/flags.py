"""Flags of special treatment as vendors write them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from qlib_mfgru.ingest.read.files.numbers import MISSING
from qlib_mfgru.ingest.read.slices import Check, Slice

_FLAGS = {
    **dict.fromkeys(("1", "1.0", "true", "t", "yes", "y", "是"), 1.0),
    **dict.fromkeys(("0", "0.0", "false", "f", "no", "n", "否"), 0.0),
    **dict.fromkeys(("", *(word.lower() for word in MISSING)), np.nan),
}
"""Words in lower case, and what they say; NaN where they say nothing."""
_OTHER = -1.0


def flags_of(piece: Slice) -> tuple[np.ndarray, Check]:
    """``is_st`` of each row, 1 or 0, NaN where it is absent; and which rows have anything else there, shape (n,)."""
    flags = _as_flags(piece.frame["is_st"]) if "is_st" in piece.frame else np.full(len(piece.frame), np.nan)
    is_other = flags == _OTHER
    return np.where(is_other, np.nan, flags), ("a flag of special treatment that is neither 0 nor 1", is_other)


def _as_flags(column: pd.Series) -> np.ndarray:
    """1, 0, NaN, or `_OTHER`; shape (n,)."""
    if column.dtype.kind in "fiub":
        values = column.to_numpy(dtype="f8", na_value=np.nan)
        return np.where(np.isin(values, (0, 1)) | np.isnan(values), values, _OTHER)
    places, words = pd.factorize(column)
    # a missing value has position -1, which picks the last
    return np.array([*(_FLAGS.get(str(word).strip().lower(), _OTHER) for word in words), np.nan])[places]
