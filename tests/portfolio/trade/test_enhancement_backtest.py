"""From scores and settings to portfolios, in Python."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.portfolio import ConstituentFloor, FullInvestment, IndexEnhancementSettings, LongOnly, MarketSnapshot
from qlib_mfgru.portfolio.trade.backtest import run_index_enhancement

INDEX, START, END = "csi500", 42, 56


def settings(market: MarketSnapshot, **chosen: Any) -> IndexEnhancementSettings:
    span = {"start_time": market.days[START], "end_time": market.days[END]}
    return IndexEnhancementSettings(INDEX, turnover_limits=[0.4], **span, **chosen)


def test_own_constraints_as_objects_or_configs(market: MarketSnapshot, random_scores: pd.Series) -> None:
    objects = [FullInvestment(), LongOnly(), ConstituentFloor(0.9)]
    configs = [
        {"class": "FullInvestment", "module_path": "qlib_mfgru.portfolio"},
        {"class": "LongOnly", "module_path": "qlib_mfgru.portfolio"},
        {"class": "ConstituentFloor", "module_path": "qlib_mfgru.portfolio", "kwargs": {"floor": 0.9}},
    ]
    first, second = (
        run_index_enhancement(random_scores, settings(market, constraints=own)).runs[0] for own in (objects, configs)
    )
    relaxed = [f"relaxed.{name}" for name in ("full_investment", "long_only", "constituent_floor", "turnover")]
    assert [column for column in first.rebalances if column.startswith("relaxed.")] == relaxed
    pd.testing.assert_frame_equal(first.report, second.report)
    assert first.report["turnover"].iloc[0] > 0.9


def test_scores_that_cannot_be_used_are_refused(market: MarketSnapshot, random_scores: pd.Series) -> None:
    with pytest.raises(InputError, match="no score is of a test date and a stock of the provider"):
        run_index_enhancement(random_scores.rename(index=str.lower, level="instrument"), settings(market))
    with pytest.raises(InputError, match="several scores of"):
        run_index_enhancement(pd.concat([random_scores, random_scores.iloc[:10]]), settings(market))


def test_days_without_any_rebalance_are_refused(market: MarketSnapshot, random_scores: pd.Series) -> None:
    """Two days in the middle of a week, before the first score."""
    span = {"start_time": market.days[START], "end_time": market.days[START + 1]}
    assert market.days[START].weekday() == 1
    late = random_scores[random_scores.index.get_level_values("datetime") > market.days[END]]
    with pytest.raises(InputError, match="no week begins and no day has a score before it"):
        run_index_enhancement(late, IndexEnhancementSettings(INDEX, turnover_limits=[0.4], **span))
