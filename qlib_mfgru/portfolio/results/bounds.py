"""Limits that an enhancement's constraints put on what its portfolios hold, as tables and plots compare the two."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from qlib_mfgru.portfolio.optimise import constraints as rules
from qlib_mfgru.portfolio.settings import PortfolioSettings


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


def bounds(settings: PortfolioSettings) -> dict[str, Bound]:
    """Limits of the settings' constraints by the column of `exposures.realised` that they are about."""
    by_column = {}
    for constraint in settings.limits(turnover=0.0):
        match constraint:
            case rules.ConstituentFloor(floor):
                by_column["constituent_weight"] = Bound(least=floor)
            case rules.WeightDeviation(limit):
                by_column["max_deviation"] = Bound(most=limit)
            case rules.IndustryExposure(limit):
                by_column["max_industry_exposure"] = Bound(most=limit)
            case rules.FactorExposure(field, limit):
                by_column[field] = Bound(0.0 - limit, limit)  # of 0 no -0
    return by_column
