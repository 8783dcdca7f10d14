"""What portfolios deviate from their index by, day by day, and the limits that their settings put on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from tqdm import tqdm

from qlib_mfgru.errors import InputError
from qlib_mfgru.portfolio.optimise import constraints as rules
from qlib_mfgru.portfolio.settings import IndexEnhancementSettings
from qlib_mfgru.portfolio.snapshot import MarketSnapshot, MarketView

COLUMNS = ("names", "cash", "constituent_weight", "max_deviation", "max_industry_exposure", "active_share")
"""Columns of `realised` beside the numeric exposures."""


@dataclass(frozen=True)
class Bound:
    """Where an exposure may lie.

    Attributes
    ----------
    least, most : float
        Infinite where there is no limit on that side.
    """

    least: float = -np.inf
    most: float = np.inf

    def margin(self, values: pd.Series) -> pd.Series:
        """Distance to the nearer limit, negative beyond it."""
        return pd.Series(np.minimum(values - self.least, self.most - values), values.index)

    def worst(self, values: pd.Series) -> float:
        """The value with the least `margin`; NaN without values."""
        return float(values.iloc[int(self.margin(values).argmin())]) if len(values) else np.nan

    def beyond(self, values: pd.Series) -> float:
        """Share of values outside the limits; NaN without values."""
        return float((self.margin(values) < 0).mean())


def bounds(settings: IndexEnhancementSettings) -> dict[str, Bound]:
    """Limits of the settings' constraints by the column of `realised` that they are about."""
    found = {}
    for one in settings.limits(turnover=0.0):
        match one:
            case rules.ConstituentFloor(floor):
                found["constituent_weight"] = Bound(least=floor)
            case rules.WeightDeviation(limit):
                found["max_deviation"] = Bound(most=limit)
            case rules.IndustryExposure(limit):
                found["max_industry_exposure"] = Bound(most=limit)
            case rules.FactorExposure(field, limit):
                found[field] = Bound(-limit, limit)
    return found


def realised(snapshot: MarketSnapshot, positions: pd.DataFrame) -> pd.DataFrame:
    """What a portfolio held at each close, beside its index on that day.

    Parameters
    ----------
    snapshot : MarketSnapshot
    positions : DataFrame
        By (datetime, instrument), with ``weight`` as a share of the account: see `PortfolioRun`.

    Returns
    -------
    DataFrame
        A row a day on which anything is held, index ``datetime``:

        - ``names``: stocks held,
        - ``cash``: share of the account that is not in stocks; all the following are of weights w in the value of
          stocks (1 in sum), the index's weights m and what `MarketSnapshot.known_at` the day,
        - ``constituent_weight``: sum of w over the index's members,
        - ``max_deviation``: largest ``|w_i - m_i|``,
        - ``max_industry_exposure``: largest ``|sum of (w_i - m_i)|`` over an industry; stocks of unknown industry are
          one of their own,
        - ``active_share``: half the sum of ``|w_i - m_i|``,
        - each numeric exposure by its name: ``sum of (w_i - m_i) z_i``.

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
    return pd.DataFrame(rows.values(), index, [*COLUMNS, *snapshot.exposures])


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
