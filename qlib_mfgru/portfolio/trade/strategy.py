"""``IndexEnhancementStrategy``: weekly rebalancing towards the optimiser's weights, for qlib's own backtest."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from qlib.backtest.decision import TradeDecisionWO
from qlib.contrib.strategy.signal_strategy import BaseSignalStrategy

from qlib_mfgru.errors import InputError
from qlib_mfgru.portfolio.optimise.constraints import Decision
from qlib_mfgru.portfolio.optimise.optimizer import IndexEnhancementOptimizer, Solution
from qlib_mfgru.portfolio.settings import IndexEnhancementSettings
from qlib_mfgru.portfolio.snapshot import MarketSnapshot, MarketView
from qlib_mfgru.portfolio.trade.orders import make_orders, rest_of, to_amounts


class IndexEnhancementStrategy(BaseSignalStrategy):
    """Rebalances on the first trading day of each calendar week, and builds on the first day with a score before it.

    Everything is decided from the close of the day before: scores, prices, weights, limits. It goes into any qlib
    backtest, as into PortAnaRecord's, with a daily executor.

    Parameters
    ----------
    signal : object
        As of qlib's strategies, e.g. ``<PRED>``.
    turnover_limit : float
    snapshot : MarketSnapshot, optional
        Shared by several strategies; by default it is read.
    trade_exchange, level_infra, common_infra : object, optional
        As of qlib's strategies.
    **settings
        Attributes of `IndexEnhancementSettings`; those of the exchange and the account are not used here.

    Attributes
    ----------
    log : list of dict
        A row a rebalance: see `PortfolioRun.rebalances`.
    """

    def __init__(
        self,
        *,
        signal: Any,
        turnover_limit: float,
        snapshot: MarketSnapshot | None = None,
        trade_exchange: Any = None,
        level_infra: Any = None,
        common_infra: Any = None,
        **settings: Any,
    ) -> None:
        self.settings = IndexEnhancementSettings(**settings, turnover_limits=[turnover_limit])
        super().__init__(
            signal=signal,
            risk_degree=self.settings.risk_degree,
            trade_exchange=trade_exchange,
            level_infra=level_infra,
            common_infra=common_infra,
        )
        self.snapshot = snapshot or MarketSnapshot.of(self.settings)
        self.optimizer = IndexEnhancementOptimizer(self.settings.limits(turnover_limit), self.settings.relaxation)
        self.log: list[dict[str, Any]] = []
        self._unfilled: dict[str, float] = {}

    def generate_trade_decision(self, execute_result: Any = None) -> TradeDecisionWO:
        """Orders of the day: a rebalance's, else those that are carried."""
        step = self.trade_calendar.get_trade_step()
        span = self.trade_calendar.get_step_time(step)
        known, _ = self.trade_calendar.get_step_time(step, shift=1)
        if known >= span[0]:  # qlib's calendar goes round
            raise InputError(f"nothing is known before the provider's first day, {span[0]:%Y-%m-%d}: start later")
        new_week = span[0].to_period("W-SUN") != known.to_period("W-SUN")
        expected = self._expected(known) if new_week or not self._built else None
        if new_week or expected is not None:
            amounts = self._rebalance(span[0], known, expected)
        else:
            amounts = self._unfilled if self.settings.unfilled == "carry" else {}
        return TradeDecisionWO(make_orders(amounts, span), self)

    def post_exe_step(self, execute_result: list[Any] | None) -> None:
        """Note what was not dealt."""
        if execute_result:
            rests = {order.stock_id: rest_of(order, self.trade_exchange) for order, *_ in execute_result}
            self._unfilled = {code: rest for code, rest in rests.items() if rest}
            self._note_unfilled()

    @property
    def _built(self) -> bool:
        return any(row["status"] != "failed" for row in self.log)

    def _expected(self, known: pd.Timestamp) -> np.ndarray | None:
        """A day's scores, (n_stocks,), NaN where there is none; None if none is of the market's stocks."""
        score = self.signal.get_signal(start_time=known, end_time=known)
        if score is None:
            return None
        series = score.iloc[:, 0] if isinstance(score, pd.DataFrame) else score
        values = series.reindex(self.snapshot.stocks).to_numpy(np.float64)
        finite = np.isfinite(values)
        return np.where(finite, values, np.nan) if finite.any() else None

    def _rebalance(self, day: pd.Timestamp, known: pd.Timestamp, expected: np.ndarray | None) -> dict[str, float]:
        """Amounts to trade; the log gets its row."""
        market = self.snapshot.known_at(known)
        invested = self.risk_degree * self.trade_position.calculate_value()
        held = self.trade_position.get_stock_amount_dict()
        current = self._weights(market, held, invested)
        decision = Decision(market, np.full(len(current), np.nan) if expected is None else expected, current)
        if expected is None:
            message = f"there is no score of the market's stocks on {known:%Y-%m-%d}"
            solution = Solution(current, "failed", message=message)
        else:
            solution = self.optimizer.solve(decision)
        amounts = to_amounts(decision, solution.weights, held, invested, self.trade_exchange)
        self._unfilled = {}
        self.log.append(
            {
                "datetime": day,
                "decided": known,
                "status": solution.status,
                "message": solution.message,
                "turnover_planned": float(np.abs(solution.weights - current).sum()),
                "names": int((solution.weights > 0).sum()),
                "orders": len(amounts),
                "unfilled": 0,
                "unfilled_value": 0.0,
                "index_covered": market.covered,
                **{f"relaxed.{name}": solution.relaxed.get(name, 0.0) for name in self.optimizer.constraints},
            }
        )
        return amounts

    def _weights(self, market: MarketView, held: dict[str, float], invested: float) -> np.ndarray:
        """Current weights on the snapshot's stocks, as of the close before the trade."""
        weights = np.zeros(len(market.stocks))
        for code, amount in held.items():
            stock = self.snapshot.column(code)
            weights[stock] = amount * market.close[stock] / invested
        return weights

    def _note_unfilled(self) -> None:
        value = self.trade_position.calculate_value()
        close = self.snapshot.last_known["close"][self.snapshot.position(self.log[-1]["decided"])]
        rest = sum(abs(amount) * close[self.snapshot.column(code)] for code, amount in self._unfilled.items())
        self.log[-1] |= {"unfilled": len(self._unfilled), "unfilled_value": float(rest / value)}
