"""Realised exposures of a portfolio to its index, day by day."""

from __future__ import annotations

import numpy as np
import pandas as pd

from qlib_mfgru.portfolio import constraints as rules
from qlib_mfgru.portfolio.settings import IndexEnhancementSettings
from qlib_mfgru.portfolio.snapshot import MarketSnapshot, MarketView


def realised(snapshot: MarketSnapshot, positions: pd.DataFrame) -> pd.DataFrame:
    """What a portfolio held at each day's close, beside its index.

    Parameters
    ----------
    snapshot : MarketSnapshot
    positions : DataFrame
        By (datetime, instrument), column ``weight``: shares of the account.

    Returns
    -------
    DataFrame
        A row a day that has positions: ``names``, ``cash`` (share of the account), and of the value in stocks, each
        as the largest or summed deviation from the index: ``constituent_weight`` (in members), ``max_deviation`` (of a
        stock), ``max_industry_exposure`` (of an industry), ``<field>_exposure`` for each numeric exposure, and
        ``active_share`` (half the sum of all stocks' deviations).
    """
    rows = {}
    for day, held in positions["weight"].groupby(level="datetime"):
        market, weights = snapshot.known_at(pd.Timestamp(str(day))), np.zeros(len(snapshot.stocks))
        weights[[snapshot.column(code) for code in held.index.get_level_values("instrument")]] = held.to_numpy()
        names, invested = int((weights > 0).sum()), weights.sum()
        rows[market.date] = {"names": names, "cash": 1 - invested, **_beside_index(weights / invested, market)}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("datetime")


def limits(settings: IndexEnhancementSettings) -> dict[str, float]:
    """The limits of what `realised` serves, under the same names; what has no limit is left out."""
    found = {}
    for one in settings.limits(0.0):
        match one:
            case rules.ConstituentFloor(floor):
                found["constituent_weight"] = floor
            case rules.WeightDeviation(limit):
                found["max_deviation"] = limit
            case rules.IndustryExposure(limit):
                found["max_industry_exposure"] = limit
            case rules.FactorExposure(_, limit):
                found[one.name] = limit
    return found


def _beside_index(weights: np.ndarray, market: MarketView) -> dict[str, float]:
    active = weights - market.weight
    _, industry = np.unique(np.nan_to_num(market.industry, nan=-1.0), return_inverse=True)
    return {
        "constituent_weight": float(weights[market.member].sum()),
        "max_deviation": float(np.abs(active).max()),
        "max_industry_exposure": float(np.abs(np.bincount(industry, active)).max()),
        **{f"{name}_exposure": float(values @ active) for name, values in market.exposures.items()},
        "active_share": float(np.abs(active).sum() / 2),
    }
