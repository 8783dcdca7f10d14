"""``rebalance``: from scores and holdings of one close to the orders of the next trading day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from qlib.backtest.position import BasePosition
from qlib.workflow.recorder import Recorder

from qlib_mfgru.errors import InputError
from qlib_mfgru.live.names import stock_names
from qlib_mfgru.live.opening import opened, saved, start_without_recorder
from qlib_mfgru.live.rebalancing.account import read_account
from qlib_mfgru.live.rebalancing.flags import Flags
from qlib_mfgru.live.rebalancing.orders import make_orders
from qlib_mfgru.live.rebalancing.plan import RebalancePlan, make_plan
from qlib_mfgru.live.rebalancing.sources.scores import read_scores, scores_of_day
from qlib_mfgru.live.rebalancing.sources.settings import choose_settings, fitting
from qlib_mfgru.portfolio.settings import IndexEnhancementSettings
from qlib_mfgru.portfolio.trade.exchange import IndexEnhancementExchange
from qlib_mfgru.portfolio.trade.rebalance import Rebalancer, StrategySettings
from qlib_mfgru.provider import reader
from qlib_mfgru.report.recorders import PREDICTION, load_prediction
from qlib_mfgru.settings import Date, NonNegative, checked


def rebalance(
    recorder: str | Recorder | None = None,
    index: str | None = None,
    *,
    scores: str | Path | pd.Series | pd.DataFrame | None = None,
    holdings: str | Path | pd.DataFrame | BasePosition | None = None,
    cash: float | None = None,
    date: Any = None,
    limit: float | None = None,
    config: str | Path | Mapping[str, Any] | None = None,
    provider: str | Path | None = None,
    store: str | None = None,
) -> RebalancePlan:
    """Target weights and orders for the trading day after `date`; nothing is sent anywhere.

    It is decided by the code of `IndexEnhancementStrategy`: on a day of a backtest, from the backtest's holding, it
    asks for the backtest's amounts.

    Parameters
    ----------
    recorder : str or Recorder, optional
        A recorder, its id, or an experiment's name: its newest finished one with settings of the index, else of all.
    index : str, optional
        By default the only one that the settings name.
    scores : path, Series or DataFrame, optional
        A file with the columns datetime, instrument and score, or a prediction as ``pred.pkl`` has it; by default the
        recorder's.
    holdings : path, DataFrame or BasePosition, optional
        A broker's list, or qlib's position at the close; None: a first purchase from cash.
    cash : float, optional
        In the market's currency.
    date : date, optional
        Day whose close it is decided from; by default the provider's last.
    limit : float, optional
        Two-sided turnover limit; by default the first of the settings.
    config : path or mapping, optional
        A YAML of qrun with an `IndexEnhancementRecord`, or the settings alone; by default those of the recorder's task,
        else the Huatai report's.
    provider, store : optional
        As of `opened`: without them an initialised qlib stays as it is.

    Returns
    -------
    RebalancePlan

    Raises
    ------
    InputError
        Neither recorder nor scores, scores older than the bars, a day that is none, or as of `opened`, `fitting`,
        `read_account`, `choose_settings` and `PortfolioSettings.read_market`.
    """
    if recorder is None and scores is None:
        raise InputError("name a recorder, or scores: a rebalance needs a prediction")
    if isinstance(recorder, str):
        found = opened(recorder, PREDICTION, provider, store, partial(fitting, index) if config is None else None)
    else:
        start_without_recorder(provider, store)
        found = recorder
    task = {} if found is None else saved(found, "task")
    settings, origin = choose_settings(index, Path(config) if isinstance(config, str) else config, task)
    money, (day, newest) = checked(NonNegative | None, "cash", cash), _day(date)
    snapshot = settings.read_market()
    holder = "RECORDER" if found is None or scores is not None else found.id
    score = scores_of_day(_prediction(found, scores), day, snapshot.stocks, newest, holder)
    account = read_account(holdings, money, snapshot.known_at(day), snapshot)
    account = replace(account, names=stock_names(reader.provider_path("day")) | dict(account.names))
    rebalancer = Rebalancer(_strategy(settings, limit), snapshot)
    costs = {name: getattr(settings, name) for name in ("deal_price", "buy_cost", "sell_cost")}
    exchange = IndexEnhancementExchange(snapshot, day, day, **costs)
    decided = rebalancer.decide(day, rebalancer.expected(score), account.position, exchange)
    listed = reader.member_mask("all", pd.DatetimeIndex([day]), snapshot.stocks)[0]
    flags = Flags.on(decided.decision, listed)
    orders = make_orders(decided, account, flags, snapshot.session, settings)
    return make_plan(decided, rebalancer, account, flags, orders, origin, "" if found is None else found.id)


def _prediction(recorder: Recorder | None, scores: Any) -> Any:
    if scores is None:
        assert recorder is not None
        return load_prediction(recorder)
    return read_scores(Path(scores)) if isinstance(scores, (str, Path)) else scores


def _strategy(settings: IndexEnhancementSettings, limit: float | None) -> StrategySettings:
    """Settings of one portfolio of an enhancement."""
    return StrategySettings.of(turnover_limit=settings.turnovers[0] if limit is None else limit, **settings.shared())


def _day(date: Any) -> tuple[pd.Timestamp, bool]:
    """The day of the decision, and whether it is the provider's last."""
    days = reader.calendar("day")
    day = days[-1] if date is None else checked(Date, "date", date)
    if day not in days:
        span = f"{days[0]:%Y-%m-%d} .. {days[-1]:%Y-%m-%d}"
        raise InputError(f"{day:%Y-%m-%d} is no trading day of the provider, whose days are {span}")
    return day, day == days[-1]
