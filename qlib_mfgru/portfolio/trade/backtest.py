"""``run_index_enhancement``: from scores to the backtested portfolios of one index, through qlib's own backtest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
from qlib.backtest import backtest
from qlib.backtest.position import Position

from qlib_mfgru.errors import InputError
from qlib_mfgru.portfolio.optimise.base import needed_fields
from qlib_mfgru.portfolio.settings import IndexEnhancementSettings
from qlib_mfgru.portfolio.snapshot import MarketSnapshot
from qlib_mfgru.portfolio.trade.exchange import IndexEnhancementExchange
from qlib_mfgru.portfolio.trade.exposures import realised
from qlib_mfgru.portfolio.trade.portfolios import IndexEnhancement, PortfolioRun
from qlib_mfgru.portfolio.trade.position import SortedPosition
from qlib_mfgru.portfolio.trade.strategy import IndexEnhancementStrategy
from qlib_mfgru.portfolio.trade.untradable import as_frame
from qlib_mfgru.provider import reader
from qlib_mfgru.provider.daily import is_stored
from qlib_mfgru.provider.index.returns import days_without_level, index_returns
from qlib_mfgru.report.scores import as_series, equal_days, on_axes

DAILY_EXECUTOR = {
    "class": "SimulatorExecutor",
    "module_path": "qlib.backtest.executor",
    "kwargs": {"time_per_step": "day", "generate_portfolio_metrics": True},
}
"""qlib's executor of daily orders, whose portfolios go by the name ``1day``."""
_POSITION = f"{SortedPosition.__module__}.{SortedPosition.__name__}"


def run_index_enhancement(scores: Any, settings: IndexEnhancementSettings, model: str = "model") -> IndexEnhancement:
    """Backtest a portfolio for each turnover limit on the initialised provider, all on one snapshot and one exchange.

    Parameters
    ----------
    scores : Series or DataFrame over (datetime, instrument)
        As ``pred.pkl`` holds them.
    settings : IndexEnhancementSettings
    model : str
        What tables call the model that made the scores.

    Raises
    ------
    InputError
        Unusable scores or settings, fields that the provider lacks, a benchmark whose levels do not cover the days,
        days outside its calendar.
    """
    signal = as_series(scores).sort_index()  # by date: else a look-up of each day goes through all of them
    start, end = _period(signal, settings, reader.calendar("day"))
    code = _benchmark(settings)
    benchmark, holes = index_returns(code, start, end), days_without_level(code, start, end)
    snapshot = settings.read_market()
    scores = on_axes(signal, snapshot.days, snapshot.stocks)  # refuses several of one stock, and counts those of none
    prices = {name: getattr(settings, name) for name in ("deal_price", "buy_cost", "sell_cost")}
    exchange = IndexEnhancementExchange(snapshot, start, end, **prices)
    runs = [_run(signal, limit, settings, exchange, snapshot, benchmark) for limit in settings.turnovers]
    changes = snapshot.member_changes(start, end)
    equal = float(equal_days(scores).sum() / np.isfinite(scores).any(axis=1).sum())
    provider = reader.provider_name()
    return IndexEnhancement(settings, model, runs, snapshot.session, holes, changes, provider, equal)


def check_provider(settings: IndexEnhancementSettings) -> None:
    """Refuse a provider without the index, a field, a stock of the blacklist or the benchmark, before there are scores;
    and a `start_time` or `end_time` that its calendar does not hold.

    Without both of these the backtest's days are not known yet, nor whether the levels cover them.

    Raises
    ------
    InputError
        As of `run_index_enhancement`.
    """
    MarketSnapshot.check(settings.index, settings.index_weights, needed_fields(settings.limits(turnover=0.0)))
    settings.check_blacklist(reader.member_spans("all", "day"))
    code, days = _benchmark(settings), reader.calendar("day")
    dates = [date for date in (settings.start_time, settings.end_time) if date is not None]
    if dates:
        _check_inside(days, dates)
    if len(dates) == 2:
        index_returns(code, *dates)
    elif len(days_without_level(code, days[0], days[-1])) == len(days):
        raise InputError(f"benchmark is {code!r}: the provider {reader.provider_path('day')} has no $close of it")


def _benchmark(settings: IndexEnhancementSettings) -> str:
    """The benchmark's code: as it was written where the provider has that, else as an A-share index's."""
    code = settings.benchmark
    assert code is not None
    return code.among([code.written] if is_stored([code.written], "close") else [])


def _run(
    signal: pd.Series,
    limit: float,
    settings: IndexEnhancementSettings,
    exchange: IndexEnhancementExchange,
    snapshot: MarketSnapshot,
    benchmark: pd.Series,
) -> PortfolioRun:
    """Backtest one portfolio on the days of the exchange."""
    start, end = exchange.start_time, exchange.end_time
    strategy = IndexEnhancementStrategy(signal=signal, turnover_limit=limit, snapshot=snapshot, **settings.shared())
    portfolios, _ = backtest(
        start_time=start,
        end_time=end,
        strategy=strategy,
        executor=DAILY_EXECUTOR,
        benchmark=benchmark,
        account=settings.account,
        exchange_kwargs={"exchange": exchange},
        pos_type=_POSITION,
    )
    report, history = portfolios["1day"]
    if not strategy.log:
        raise InputError(f"between {start:%Y-%m-%d} and {end:%Y-%m-%d} no week begins and no day has a score before it")
    positions = to_frame(history)
    log = pd.DataFrame(strategy.log).set_index("datetime")
    stuck = as_frame(strategy.untradable)
    return PortfolioRun(limit, report, positions, log, realised(snapshot, positions), stuck)


def to_frame(history: Mapping[pd.Timestamp, Position]) -> pd.DataFrame:
    """qlib's positions by day as a frame: `PortfolioRun.positions`."""
    holdings = [sorted(position.get_stock_list()) for position in history.values()]
    days = pd.DatetimeIndex(list(history)).repeat([len(stocks) for stocks in holdings])
    index = pd.MultiIndex.from_arrays([days, list(chain(*holdings))], names=["datetime", "instrument"])
    by_day = zip(history.values(), holdings, strict=True)
    held = [position.position[code] for position, stocks in by_day for code in stocks]
    columns = ("amount", "price", "weight")
    return pd.DataFrame({name: [each[name] for each in held] for name in columns}, index, dtype=np.float64)


def _period(
    signal: pd.Series, settings: IndexEnhancementSettings, days: pd.DatetimeIndex
) -> tuple[pd.Timestamp, pd.Timestamp]:
    """First and last day of the backtest; qlib needs another day in the calendar after the last one."""
    scored = pd.DatetimeIndex(signal.index.unique("datetime"))
    first, last = int(days.searchsorted(scored.min())) + 1, int(days.searchsorted(scored.max(), side="right"))
    start = days[min(first, len(days) - 1)] if settings.start_time is None else settings.start_time
    end = days[min(last, len(days) - 2)] if settings.end_time is None else settings.end_time
    _check_inside(days, [start, end])
    return start, end


def _check_inside(days: pd.DatetimeIndex, dates: Sequence[pd.Timestamp]) -> None:
    """Refuse a first and a last day, or one of them, that the calendar does not hold with a day on both sides."""
    if not days[0] < dates[0] <= dates[-1] < days[-1]:
        raise InputError(
            f"the backtest's days {' .. '.join(f'{date:%Y-%m-%d}' for date in dates)} must lie inside the provider's "
            f"calendar, {days[0]:%Y-%m-%d} .. {days[-1]:%Y-%m-%d}, with a day before and one after them"
        )
