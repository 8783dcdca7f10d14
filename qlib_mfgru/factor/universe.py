"""Who takes part on each test date, and who does not, counted by reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Universe:
    """Stocks of one pool that are left after all exclusions.

    Attributes
    ----------
    kept : ndarray of shape (n_dates, n_stocks), bool
    counts : DataFrame of int, a row a test date
        ``members``, then each reason, then ``kept``: members = reasons + kept, since a stock counts for the first
        reason that meets it.
    """

    kept: np.ndarray
    counts: pd.DataFrame

    @classmethod
    def exclude(cls, members: np.ndarray, reasons: Mapping[str, np.ndarray], dates: pd.DatetimeIndex) -> Universe:
        """Take out of `members` who meets a reason.

        Parameters
        ----------
        members : ndarray of shape (n_dates, n_stocks), bool
        reasons : mapping of str to ndarray of shape (n_dates, n_stocks), bool
            In the order in which they count.
        dates : DatetimeIndex of length n_dates
        """
        kept, counts = members, {"members": members.sum(axis=1)}
        for reason, met in reasons.items():
            counts[reason] = (kept & met).sum(axis=1)
            kept = kept & ~met
        counts["kept"] = kept.sum(axis=1)
        return cls(kept, pd.DataFrame(counts, index=dates))
