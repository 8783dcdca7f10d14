"""What a portfolio held at each close against its index: weights, industries, exposures."""

from __future__ import annotations

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from qlib_mfgru.errors import InputError
from qlib_mfgru.portfolio.snapshot import MarketSnapshot, MarketView

COLUMNS = ("names", "cash", "constituent_weight", "max_deviation", "max_industry_exposure", "active_share")
"""Columns of `realised` besides the exposures to daily fields."""


def realised(snapshot: MarketSnapshot, positions: pd.DataFrame) -> pd.DataFrame:
    """What a portfolio held at each close, against its index on that day.

    Parameters
    ----------
    snapshot : MarketSnapshot
    positions : DataFrame
        By (datetime, instrument), with ``weight`` as a share of the account: see `PortfolioRun`.

    Returns
    -------
    DataFrame
        One row per day on which anything is held, index ``datetime``:

        - ``names``: stocks held,
        - ``cash``: share of the account that is not in stocks; all the following are of weights w in the value of
          stocks (1 in sum), of the index's weights m, and of what is known at the day's close,
        - ``constituent_weight``: sum of w over the index's members,
        - ``max_deviation``: largest ``|w_i - m_i|``,
        - ``max_industry_exposure``: largest ``|sum of (w_i - m_i)|`` over an industry; stocks of unknown industry are
          one of their own,
        - ``active_share``: half the sum of ``|w_i - m_i|``,
        - each field that constraints need by its name: ``sum of (w_i - m_i) z_i`` over its z-scores.

    Raises
    ------
    InputError
        A stock or a day that the snapshot does not have.
    """
    held = positions["weight"][positions["weight"] > 0]
    columns = pd.Index(snapshot.stocks).get_indexer(held.index.get_level_values("instrument"))
    if (columns < 0).any():
        day, stock = held.index[columns < 0][0]
        raise InputError(
            f"{stock} is held on {day:%Y-%m-%d}, but the market snapshot lacks it: both must come from one provider"
        )
    rows = {}
    by_day = pd.DataFrame({"weight": held, "column": columns}).groupby(level="datetime")
    for key, stocks in tqdm(by_day, desc="realised exposures", unit="day", leave=False):
        day, weights = pd.Timestamp(str(key)), np.zeros(len(snapshot.stocks))
        weights[stocks["column"]] = stocks["weight"]
        rows[day] = _at_close(snapshot.known_at(day), weights)
    index = pd.DatetimeIndex(rows, name="datetime")
    return pd.DataFrame(rows.values(), index, [*COLUMNS, *snapshot.needs])


def _at_close(view: MarketView, of_account: np.ndarray) -> dict[str, float]:
    weights = of_account / of_account.sum()
    active = weights - view.weight
    _, industry = np.unique(np.nan_to_num(view.industry, nan=-1.0), return_inverse=True)
    return {
        "names": int((weights > 0).sum()),
        "cash": 1 - of_account.sum(),
        "constituent_weight": weights[view.member].sum(),
        "max_deviation": np.abs(active).max(),
        "max_industry_exposure": np.abs(np.bincount(industry, active)).max(),
        "active_share": np.abs(active).sum() / 2,
        **{name: active @ scores for name, scores in view.exposures.items()},
    }
