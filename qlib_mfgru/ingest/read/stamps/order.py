"""Dates whose year comes last, of which only the mapping knows whether the day or the month comes first."""

from __future__ import annotations

import re

import pandas as pd

from qlib_mfgru.errors import InputError

_YEAR_LAST = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{4})(?![0-9])(.*)", re.DOTALL)


class DateOrder(InputError):
    """Dates whose order is not known."""


def year_first(text: pd.Series, day_first: bool | None) -> pd.Series:
    """Text with dates as ``2025-07-16`` in place of ``16/07/2025``.

    Parameters
    ----------
    text : Series of str
        Stamps; other forms stay.
    day_first : bool, optional
        Whether the day comes before the month.

    Raises
    ------
    DateOrder
        If there are such dates and the order is not said. One of 12 days or less is read either way, so that what a
        part of an input shows must not decide how it is read.
    """
    found = text.str.fullmatch(_YEAR_LAST)
    if not found.any():
        return text
    if day_first is None:
        raise DateOrder(
            f"dates such as {text[found].iloc[0]}{_evidence(text[found])} do not say what comes first: write "
            "`day_first: true` or `day_first: false` at the input, or dates as 2025-07-16"
        )
    return text.str.replace(_YEAR_LAST, r"\4-\3-\1\5" if day_first else r"\4-\1-\3\5", regex=True)


def _evidence(text: pd.Series) -> str:
    """A date of more than 12 days, if there is one."""
    parts = text.str.extract(_YEAR_LAST)
    telling = text[(parts[[0, 2]].astype(int) > 12).any(axis=1)]
    return f" and {telling.iloc[0]}" if len(telling) else ""
