"""Where an exposure may lie, and how close to a limit it came."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.portfolio import FullInvestment, IndexEnhancementSettings
from qlib_mfgru.portfolio.results.bounds import Bound, bounds


def test_a_value_beside_its_bounds() -> None:
    values = pd.Series([0.1, -0.3, 0.2])
    both = Bound(-0.2, 0.2)
    assert (both.worst(values), both.beyond(values)) == (-0.3, pytest.approx(1 / 3))
    assert (Bound(least=0.0).worst(values), Bound(most=0.0).worst(values)) == (-0.3, 0.2)
    assert np.isnan(Bound(0.0).worst(values[:0]))


def test_bounds_are_those_of_the_constraints() -> None:
    exposures = {"market_cap": 0.2, "beta": 0.1}
    settings = IndexEnhancementSettings(index="csi300", industry_exposure=0.02, exposures=exposures)
    assert bounds(settings) == {
        "constituent_weight": Bound(least=0.8),
        "max_deviation": Bound(most=0.008),
        "max_industry_exposure": Bound(most=0.02),
        "market_cap": Bound(-0.2, 0.2),
        "beta": Bound(-0.1, 0.1),
    }
    assert bounds(IndexEnhancementSettings(index="csi300", constraints=[FullInvestment()])) == {}
    of_none = bounds(IndexEnhancementSettings(index="csi300", exposures={"market_cap": 0.0}))["market_cap"]
    assert not np.signbit(of_none.least)
