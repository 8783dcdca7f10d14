"""How long a time annual figures are of, said where that is less than a year."""

from __future__ import annotations

import pandas as pd


def extrapolated(days: pd.DatetimeIndex, days_per_year: int) -> list[str]:
    """One sentence where annual figures extrapolate, none where they are of a year or more.

    Parameters
    ----------
    days : DatetimeIndex
        Trading days that the figures are of.
    days_per_year : int
        Of the market's `Session`.
    """
    if not 0 < len(days) < days_per_year:
        return []
    span = f"{len(days)} trading days, {days[0]:%Y-%m-%d} .. {days[-1]:%Y-%m-%d}"
    return [
        f"What is annual here extrapolates {span}, to a year of {days_per_year}: so short a time says little of a year."
    ]
