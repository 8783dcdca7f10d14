"""``run_index_enhancement``: from scores to the backtested portfolios of one index, through qlib's own backtest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from qlib.backtest import backtest
from qlib.backtest.position import Position

from qlib_mfgru.errors import InputError
from qlib_mfgru.portfolio.results.exposures import realised
from qlib_mfgru.portfolio.results.result import IndexEnhancement, PortfolioRun
from qlib_mfgru.portfolio.settings import IndexEnhancementSettings
from qlib_mfgru.portfolio.snapshot import MarketSnapshot
from qlib_mfgru.portfolio.trade.exchange import IndexEnhancementExchange
from qlib_mfgru.portfolio.trade.strategy import IndexEnhancementStrategy
from qlib_mfgru.report.scores import as_series, on_axes

DAILY_EXECUTOR = {
    "class": "SimulatorExecutor",
    "module_path": "qlib.backtest.executor",
    "kwargs": {"time_per_step": "day", "generate_portfolio_metrics": True},
}
"""qlib's executor of daily orders, whose portfolios go by the name ``1day``."""


def run_index_enhancement(scores: Any, settings: IndexEnhancementSettings) -> IndexEnhancement:
    """Backtest a portfolio for each turnover limit on the initialised provider, all on one snapshot and one exchange.

    Parameters
    ----------
    scores : Series or DataFrame over (datetime, instrument)
        As ``pred.pkl`` holds them.
    settings : IndexEnhancementSettings

    Raises
    ------
    InputError
        Unusable scores or settings, fields that the provider lacks, days outside its calendar.
    """
    signal, snapshot = as_series(scores), MarketSnapshot.of(settings)
    on_axes(signal, snapshot.days, snapshot.stocks)  # refuses scores of no stock and several of one, counts others
    start, end = _period(signal, settings, snapshot.days)
    exchange = IndexEnhancementExchange(
        snapshot=snapshot,
        start_time=start,
        end_time=end,
        deal_price=settings.deal_price,
        buy_cost=settings.buy_cost,
        sell_cost=settings.sell_cost,
    )
    runs = []
    for limit in settings.turnovers:
        chosen = {name: value for name, value in vars(settings).items() if name != "turnover_limits"}
        strategy = IndexEnhancementStrategy(signal=signal, turnover_limit=limit, snapshot=snapshot, **chosen)
        portfolios, _ = backtest(
            start_time=start,
            end_time=end,
            strategy=strategy,
            executor=DAILY_EXECUTOR,
            benchmark=settings.benchmark,
            account=settings.account,
            exchange_kwargs={"exchange": exchange},
        )
        report, history = portfolios["1day"]
        if not strategy.log:
            raise InputError(
                f"between {start:%Y-%m-%d} and {end:%Y-%m-%d} no week begins and no day has a score before it"
            )
        positions = to_frame(history)
        log = pd.DataFrame(strategy.log).set_index("datetime")
        runs.append(PortfolioRun(limit, report, positions, log, realised(snapshot, positions)))
    return IndexEnhancement(settings, runs)


def to_frame(history: Mapping[pd.Timestamp, Position]) -> pd.DataFrame:
    """qlib's positions by day as a frame: `PortfolioRun.positions`."""
    rows = [
        (day, code, held["amount"], held["price"], held["weight"])
        for day, position in history.items()
        for code, held in sorted(position.position.items())
        if isinstance(held, dict)
    ]
    frame = pd.DataFrame(rows, columns=["datetime", "instrument", "amount", "price", "weight"])
    return frame.set_index(["datetime", "instrument"])


def _period(
    signal: pd.Series, settings: IndexEnhancementSettings, days: pd.DatetimeIndex
) -> tuple[pd.Timestamp, pd.Timestamp]:
    """First and last day of the backtest; qlib needs another day in the calendar behind the last one."""
    scored = pd.DatetimeIndex(signal.index.unique("datetime"))
    first, last = int(days.searchsorted(scored.min())) + 1, int(days.searchsorted(scored.max(), side="right"))
    start = pd.Timestamp(settings.start_time) if settings.start_time is not None else days[min(first, len(days) - 1)]
    end = pd.Timestamp(settings.end_time) if settings.end_time is not None else days[min(last, len(days) - 2)]
    if not days[0] < start <= end < days[-1]:
        raise InputError(
            f"the backtest's days {start:%Y-%m-%d} .. {end:%Y-%m-%d} must lie inside the provider's calendar, "
            f"{days[0]:%Y-%m-%d} .. {days[-1]:%Y-%m-%d}, with a day before and one behind them"
        )
    return start, end
