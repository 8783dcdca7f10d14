"""Numbers as vendors write them."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from qlib_mfgru.ingest.read.files.reader import Column, Words

MISSING = ("-", "--", "---", "停牌", "None", "none", "NONE", "nan", "NaN", "NAN", "null", "NULL", "N/A", "n/a", "\\N")
"""Words that stand where there is no number."""

_WORDS = frozenset(word.lower() for word in ("", *MISSING))
_THOUSANDS = r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?"


def as_numbers(column: Column) -> tuple[np.ndarray, np.ndarray]:
    """A column as float64, NaN where there is no number; and where there is text instead, or no finite number.

    Words for what is missing are no text, and commas may separate thousands: ``1,234.5``.

    Returns
    -------
    values, is_wrong : ndarray of shape (n,)
    """
    if column.dtype == np.float64:
        values = np.asarray(column)
        return values, np.isinf(values)
    column = pd.Series(column.categorical() if isinstance(column, Words) else column)
    if column.dtype.kind in "fiub":
        values = column.to_numpy(dtype="float64", na_value=np.nan)
        return values, np.isinf(values)
    values = pd.to_numeric(column, errors="coerce").to_numpy(dtype="float64", na_value=np.nan).copy()
    unread = np.isnan(values) & column.notna().to_numpy()
    is_text = np.zeros(len(values), dtype=bool)
    if unread.any():
        text = column[unread].astype("str").str.strip()
        grouped = text.str.fullmatch(_THOUSANDS, flags=re.ASCII)
        values[unread] = pd.to_numeric(text.where(grouped).str.replace(",", ""), errors="coerce")
        is_text[unread] = ~(grouped | text.str.lower().isin(_WORDS))
    return values, is_text | np.isinf(values)
