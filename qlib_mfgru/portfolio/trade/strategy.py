"""``IndexEnhancementStrategy``: weekly rebalancing towards the optimiser's weights, for qlib's own backtest."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from qlib.backtest.decision import TradeDecisionWO
from qlib.contrib.strategy.signal_strategy import BaseSignalStrategy

from qlib_mfgru.errors import InputError
from qlib_mfgru.portfolio.snapshot import MarketSnapshot
from qlib_mfgru.portfolio.trade import untradable
from qlib_mfgru.portfolio.trade.orders import make_orders, unfilled_amount
from qlib_mfgru.portfolio.trade.rebalance import Rebalance, Rebalancer, StrategySettings


class IndexEnhancementStrategy(BaseSignalStrategy):
    """Rebalances on the first trading day of each calendar week, and builds on the first day with a score before it.

    Everything is decided from the close of the day before: scores, prices, weights, limits. It goes into any qlib
    backtest, as into PortAnaRecord's, with a daily executor.

    Parameters
    ----------
    signal : object
        As of qlib's strategies, e.g. ``<PRED>``.
    snapshot : MarketSnapshot, optional
        Shared by several strategies; by default it is read.
    trade_exchange, level_infra, common_infra : object, optional
        As of qlib's strategies.
    **settings
        Attributes of `StrategySettings`; those of the exchange, the account and the benchmark are not used here, but
        for ``buy_cost`` and ``sell_cost``, which a `cost_aversion` weighs: give it those of the exchange.

    Attributes
    ----------
    log : list of dict
        One row per rebalance: see `PortfolioRun.rebalances`.
    untradable : list of dict
        Stocks that could not be traded as constraints need it: see `PortfolioRun.untradable`.

    Raises
    ------
    UnknownSetting, InputError
        As of `IndexEnhancementSettings` and `PortfolioSettings.read_market`.
    """

    def __init__(
        self,
        *,
        signal: Any,
        snapshot: MarketSnapshot | None = None,
        trade_exchange: Any = None,
        level_infra: Any = None,
        common_infra: Any = None,
        **settings: Any,
    ) -> None:
        self.settings = StrategySettings(**settings)
        super().__init__(
            signal=signal,
            risk_degree=self.settings.risk_degree,
            trade_exchange=trade_exchange,
            level_infra=level_infra,
            common_infra=common_infra,
        )
        self.snapshot = snapshot or self.settings.read_market()
        self.rebalancer = Rebalancer(self.settings, self.snapshot)
        self.log: list[dict[str, Any]] = []
        self.untradable: list[dict[str, Any]] = []
        self._unfilled: dict[str, float] = {}

    def generate_trade_decision(self, execute_result: Any = None) -> TradeDecisionWO:
        """Orders of the day: a rebalance's, else those that are carried."""
        step = self.trade_calendar.get_trade_step()
        span = self.trade_calendar.get_step_time(step)
        day_before, _ = self.trade_calendar.get_step_time(step, shift=1)
        if day_before >= span[0]:  # shift=1 on the first step wraps to the last day
            raise InputError(f"nothing is known before the provider's first day, {span[0]:%Y-%m-%d}: start later")
        new_week = span[0].to_period("W-SUN") != day_before.to_period("W-SUN")
        expected = self._expected(day_before) if new_week or not self._built else None
        if new_week or expected is not None:
            amounts = self._rebalance(span[0], day_before, expected)
        else:
            amounts = self._unfilled if self.settings.unfilled == "carry" else {}
        return TradeDecisionWO(make_orders(amounts, span), self)

    def post_exe_step(self, execute_result: list[Any] | None) -> None:
        """Note what was not executed."""
        if execute_result:
            amounts = {order.stock_id: unfilled_amount(order, self.trade_exchange) for order, *_ in execute_result}
            self._unfilled = {code: amount for code, amount in amounts.items() if amount}
            self._note_unfilled()

    @property
    def _built(self) -> bool:
        return any(row["status"] != "failed" for row in self.log)

    def _expected(self, day: pd.Timestamp) -> np.ndarray | None:
        """As of `Rebalancer.expected`."""
        return self.rebalancer.expected(self.signal.get_signal(start_time=day, end_time=day))

    def _rebalance(self, day: pd.Timestamp, day_before: pd.Timestamp, expected: np.ndarray | None) -> dict[str, float]:
        """Amounts to trade; the log gets its row."""
        rebalance = self.rebalancer.decide(day_before, expected, self.trade_position, self.trade_exchange)
        self._unfilled = {}
        self.log.append(self._row(day, rebalance))
        self.untradable += untradable.rows(day, rebalance.solution.why.untradable)
        return rebalance.amounts

    def _row(self, day: pd.Timestamp, rebalance: Rebalance) -> dict[str, Any]:
        """A rebalance as the log tells it, before anything was executed."""
        decision, solution = rebalance.decision, rebalance.solution
        relaxed = {name: solution.relaxed.get(name, 0.0) for name in self.rebalancer.optimizer.constraints}
        return {
            "datetime": day,
            "decided": decision.market.date,
            "status": solution.status,
            "message": solution.message,
            "untradable": " ".join(each.stock for each in solution.why.untradable),
            "infeasible": untradable.amounts(solution.why.infeasible),
            "contradicted": " ".join(solution.why.contradicted),
            "turnover_planned": float(np.abs(solution.weights - decision.current).sum()),
            "names": int((solution.weights > 0).sum()),
            "orders": len(rebalance.amounts),
            "unfilled": 0,
            "unfilled_value": 0.0,
            "index_covered": decision.market.covered,
            **{f"relaxed.{name}": amount for name, amount in relaxed.items()},
        }

    def _note_unfilled(self) -> None:
        account = self.trade_position.calculate_value()
        close = self.snapshot.last_known["close"][self.snapshot.position(self.log[-1]["decided"])]
        value = sum(abs(amount) * close[self.snapshot.column(code)] for code, amount in self._unfilled.items())
        self.log[-1] |= {"unfilled": len(self._unfilled), "unfilled_value": float(value / account)}
