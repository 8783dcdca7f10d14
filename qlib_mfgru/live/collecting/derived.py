"""What is made of a vendor's rows before they are kept."""

from __future__ import annotations

import numpy as np
import pandas as pd

_TURN_STEP = 1e-6
"""Turnover is given in percent to six digits."""


def with_first_day(events: pd.DataFrame, listed: str) -> pd.DataFrame:
    """Events from the first day on, on which the factor is 1 unless they say another."""
    if len(events) and events["date"].iloc[0] <= listed:
        return events
    return pd.concat([pd.DataFrame({"date": [listed], "factor": [1.0]}), events], ignore_index=True)


def with_float_shares(rows: pd.DataFrame | None) -> pd.DataFrame | None:
    """Fill the float shares of days without from volume and turnover, looking at earlier rows only.

    Turnover is rounded, so a number of shares is kept as long as it is within the rounding of each day's.
    """
    if rows is None:
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        low = 100 * rows["volume"] / (rows["turn"] + _TURN_STEP / 2)
        high = 100 * rows["volume"] / (rows["turn"] - _TURN_STEP / 2).clip(lower=0)
        middle = (100 * rows["volume"] / rows["turn"]).round()
    known = rows["float_shares"].to_numpy()
    shares, current = np.full(len(rows), np.nan), np.nan
    for row, (least, most, best) in enumerate(zip(low, high, middle, strict=True)):
        if np.isfinite(known[row]):
            current = known[row]
        elif np.isfinite(best) and best > 0 and not least <= current <= most:
            current = best
        shares[row] = current
    return rows.assign(float_shares=shares)
