"""Realised exposures against plain loops."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.portfolio import FactorExposure, IndexEnhancementSettings, LongOnly, MarketSnapshot
from qlib_mfgru.portfolio.exposures import limits, realised


def test_realised_exposures_equal_loops(market: MarketSnapshot) -> None:
    days, random = market.days[[50, 51]], np.random.default_rng(0)
    codes = sorted(random.choice(market.stocks, 30, replace=False))
    index = pd.MultiIndex.from_product([days, codes], names=["datetime", "instrument"])
    weights = pd.Series(random.random(60) / 16, index)
    table = realised(market, weights.to_frame("weight"))
    assert list(table.index) == list(days)
    for day in days:
        view, held = market.known_at(day), weights[day]
        total = sum(held)
        active, members, size, industries = [], 0.0, 0.0, {}
        for i, code in enumerate(market.stocks):
            own = held[code] / total if code in codes else 0.0
            active.append(own - view.weight[i])
            members += own if view.member[i] else 0.0
            size += active[-1] * view.exposures["market_cap"][i]
            industries[view.industry[i]] = industries.get(view.industry[i], 0.0) + active[-1]
        expected = {
            "names": 30,
            "cash": 1 - total,
            "constituent_weight": members,
            "max_deviation": max(abs(one) for one in active),
            "max_industry_exposure": max(abs(one) for one in industries.values()),
            "market_cap_exposure": size,
            "active_share": sum(abs(one) for one in active) / 2,
        }
        assert table.loc[day].to_dict() == pytest.approx(expected)


def test_limits_have_the_names_of_what_they_limit(market: MarketSnapshot) -> None:
    assert limits(IndexEnhancementSettings("csi1000")) == {
        "constituent_weight": 0.8,
        "max_deviation": 0.008,
        "max_industry_exposure": 0.02,
        "market_cap_exposure": 0.2,
    }
    own = IndexEnhancementSettings("csi1000", constraints=[LongOnly(), FactorExposure("market_cap", 0.5)])
    assert limits(own) == {"market_cap_exposure": 0.5}
