"""The report's settings, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.portfolio import IndexEnhancementSettings, Turnover
from qlib_mfgru.portfolio.optimise import constraints as c


@pytest.mark.parametrize(
    ("index", "floor", "deviation", "industry", "size", "benchmark"),
    [
        ("csi300", 0.8, 0.008, 0.0, 0.0, "SH000300"),
        ("csi500", 0.6, 0.008, 0.0, 0.0, "SH000905"),
        ("csi1000", 0.8, 0.008, 0.02, 0.2, "SH000852"),
        ("cni2000", 0.8, 0.010, 0.02, 0.2, "SZ399303"),
    ],
)
def test_an_index_alone_means_the_reports_settings(
    index: str, floor: float, deviation: float, industry: float, size: float, benchmark: str
) -> None:
    settings = IndexEnhancementSettings(index)
    assert (settings.turnovers, settings.benchmark) == ([0.3, 0.4, 0.5], benchmark)
    limits = {one.name: one for one in settings.limits(0.4)}
    assert limits["constituent_floor"] == c.ConstituentFloor(floor)
    assert limits["weight_deviation"] == c.WeightDeviation(deviation)
    assert limits["industry_exposure"] == c.IndustryExposure(industry)
    assert limits["market_cap_exposure"] == c.FactorExposure("market_cap", size)
    assert limits["turnover"] == Turnover(0.4)
    assert settings.buy_cost + settings.sell_cost == 0.004
    assert settings.exposure_fields() == ["market_cap"]
    assert IndexEnhancementSettings(index.upper()).benchmark == benchmark


def test_own_constraints_take_the_reports_place() -> None:
    own = [c.FullInvestment(), {"class": "LongOnly", "module_path": "qlib_mfgru.portfolio"}]
    settings = IndexEnhancementSettings("csi300", constraints=own, turnover_limits=[0.2])
    assert settings.limits(0.2) == [c.FullInvestment(), c.LongOnly(), Turnover(0.2)]
    assert settings.exposure_fields() == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"index": "sse50"}, "the report has no sse50: set turnover_limits, benchmark, min_constituent_weight"),
        ({"index": "csi300", "deal_price": "high"}, "deal_price is 'high'; it must be one of"),
        ({"index": "csi300", "unfilled": "retry"}, "unfilled is 'retry'"),
        ({"index": "csi300", "index_weights": "equal"}, "index_weights is 'equal'"),
        ({"index": "csi300", "turnover_limits": 0.3}, "turnover_limits must be a list, not 0.3"),
        ({"index": "csi300", "turnover_limits": []}, "must not be empty or negative"),
        ({"index": "csi300", "turnover_limits": [-0.1]}, "must not be empty or negative"),
        ({"index": "csi300", "risk_degree": 1.5}, r"risk_degree must be in \(0, 1\]"),
    ],
)
def test_what_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        IndexEnhancementSettings(**settings)
