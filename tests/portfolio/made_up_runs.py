"""Results of index enhancements, made up: any number of days and limits, without qlib."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from qlib_mfgru.portfolio import IndexEnhancement, IndexEnhancementRecord, IndexEnhancementSettings, PortfolioRun
from qlib_mfgru.portfolio.trade.rebalance import NO_SCORE
from qlib_mfgru.portfolio.trade.untradable import as_frame
from qlib_mfgru.provider import ASHARE

STUCK = "SH600000"
"""The stock that forces each rebalance that is forced."""


def first_days_of_weeks(days: pd.DatetimeIndex) -> pd.DatetimeIndex:
    return days[np.append(True, np.diff(days.to_period("W").asi8) > 0)]


def result(n_days: int = 30, limits: Sequence[float] = (0.3, 0.5), index: str = "csi300") -> IndexEnhancement:
    """From Thursday 2021-12-16 on; the second rebalance is relaxed, the fourth failed, the sixth forced."""
    settings = IndexEnhancementSettings(
        index=index,
        turnover_limits=tuple(limits),
        min_constituent_weight=0.8,
        max_weight_deviation=0.008,
        industry_exposure=0.02,
        exposures={"market_cap": 0.2},
        benchmark="SH000300",
    )
    days = pd.bdate_range("2021-12-16", periods=n_days, name="datetime")
    bench = np.random.default_rng(0).normal(0.0, 0.012, n_days)
    runs = [_run(limit, days, bench, seed) for seed, limit in enumerate(limits, start=1)]
    return IndexEnhancement(settings, "SomeModel", runs, ASHARE)


def _run(limit: float, days: pd.DatetimeIndex, bench: np.ndarray, seed: int) -> PortfolioRun:
    random = np.random.default_rng(seed)
    log = _log(limit, first_days_of_weeks(days), random)
    turnover = pd.Series(0.0, days)
    turnover[log.index] = log["turnover_planned"] * random.uniform(0.9, 1.05, len(log))
    gross = bench + random.normal(0.0006, 0.0036, len(days))
    report = pd.DataFrame({"return": gross, "cost": 0.002 * turnover, "turnover": turnover, "bench": bench}, days)
    report["account"] = 1e8 * (1 + report["return"] - report["cost"]).cumprod()
    return PortfolioRun(limit, report, pd.DataFrame(), log, _exposures(days, random), _untradable(log))


def _log(limit: float, dates: pd.DatetimeIndex, random: np.random.Generator) -> pd.DataFrame:
    n = len(dates)
    log = pd.DataFrame(
        {
            "decided": dates - pd.offsets.BDay(1),
            "status": "solved",
            "message": "",
            "untradable": "",
            "contradicted": "",
        },
        dates,
    )
    log["turnover_planned"] = limit * random.uniform(0.8, 1.0, n)
    log["names"], log["orders"], log["unfilled"] = 100, random.integers(40, 80, n), random.integers(0, 3, n)
    log["unfilled_value"], log["index_covered"] = log["unfilled"] * 0.001, 0.97
    log["relaxed.industry_exposure"], log["relaxed.no_st"] = 0.0, 0.0
    log.iloc[0, log.columns.get_loc("turnover_planned")] = 0.99
    for place in range(1, n, 20):
        log.loc[dates[place], ["status", "relaxed.industry_exposure"]] = "relaxed", 0.004
    for place in range(3, n, 20):
        log.loc[dates[place], ["status", "message", "turnover_planned"]] = "failed", NO_SCORE, 0.0
        log.loc[dates[place], ["orders", "unfilled", "unfilled_value"]] = 0
    for place in range(5, n, 20):
        log.loc[dates[place], ["status", "untradable", "relaxed.no_st"]] = "forced", STUCK, 0.0015
    return log


def _untradable(log: pd.DataFrame) -> pd.DataFrame:
    forced = log.index[log["status"] == "forced"]
    row = {"instrument": STUCK, "action": "sell", "needed": 0.0015, "banned_by": "no_limit_down_sells"}
    return as_frame([{"datetime": day, **row, "constraint": "no_st", "broken_by": 0.0015} for day in forced])


def _exposures(days: pd.DatetimeIndex, random: np.random.Generator) -> pd.DataFrame:
    n = len(days)
    values = {
        "names": random.integers(95, 110, n),
        "cash": 0.01 + random.normal(0, 0.001, n),
        "constituent_weight": 0.81 + random.normal(0, 0.005, n),
        "max_deviation": 0.0085 + np.abs(random.normal(0, 0.0005, n)),
        "max_industry_exposure": np.abs(random.normal(0.015, 0.005, n)),
        "active_share": 0.4 + random.normal(0, 0.02, n),
        "market_cap": random.normal(0.05, 0.08, n),
    }
    return pd.DataFrame(values, days)


def compounded(returns: list[float]) -> float:
    return math.prod(1 + r for r in returns) - 1


def page_of(enhancement: IndexEnhancement) -> str:
    return IndexEnhancementRecord(None, index="csi300").document(enhancement)


def compounded_from_the_deal(run: PortfolioRun) -> list[float]:
    """1 at the deal, then what the costs of the first day and the differences of the later days leave."""
    value = [1.0, 1.0 - run.report["cost"].iloc[0]]
    for r in (run.returns - run.benchmark).iloc[1:]:
        value.append(value[-1] * (1 + r))
    return value
