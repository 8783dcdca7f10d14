"""``coverage.csv``: the share of each index that a provider holds, by date."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from qlib_mfgru.errors import InputError

COVERAGE_FILE = "coverage.csv"
_COLUMNS = ["market", "date", "members", "weight"]


def coverage_text(markets: Mapping[str, pd.DataFrame]) -> str:
    """The file's content: a row for each market and day on which a share changes, which holds until the next.

    Parameters
    ----------
    markets : mapping of str to DataFrame
        By day: ``members``, members here / members listed; ``weight``, known weights of the stocks here / those of all.
        NaN where unknown.
    """
    changes = []
    for market, shares in markets.items():
        shares = shares.reindex(columns=_COLUMNS[2:])
        before = shares.shift()
        changed = ((shares != before) & ~(shares.isna() & before.isna())).any(axis=1)
        changes.append(shares[changed].rename_axis("date").reset_index().assign(market=market))
    table = pd.concat(changes, ignore_index=True) if changes else pd.DataFrame()
    text = io.StringIO()
    table.reindex(columns=_COLUMNS).to_csv(text, index=False, float_format="%.6f", date_format="%Y-%m-%d")
    return text.getvalue()


def index_held(provider: Path, market: str, days: pd.DatetimeIndex) -> np.ndarray | None:
    """Share of an index that a provider holds on each day: by weight where known, else by number of members.

    Returns
    -------
    ndarray of shape (n_days,), float64
        NaN before the first share. None where the provider does not say.

    Raises
    ------
    InputError
        A file that is damaged.
    """
    path = provider / COVERAGE_FILE
    if not path.exists():
        return None
    try:
        table = pd.read_csv(path, parse_dates=["date"])
        rows = table[table["market"] == market].set_index("date").sort_index()
        held = rows["weight"].fillna(rows["members"]).reindex(days, method="ffill").to_numpy(np.float64)
    except (OSError, ValueError, TypeError, KeyError) as error:  # a TypeError: dates that are none beside dates
        raise InputError(f"{path}: not a table of {', '.join(_COLUMNS)}: {error}") from error
    return held if len(rows) else None
