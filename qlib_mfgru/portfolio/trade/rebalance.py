"""``Rebalancer``: from what is held, known and expected at one close to the amounts to trade; backtests and `mfgru
rebalance` share it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from qlib.backtest.exchange import Exchange
from qlib.backtest.position import BasePosition

from qlib_mfgru.portfolio.optimise.base import Decision
from qlib_mfgru.portfolio.optimise.optimizer import IndexEnhancementOptimizer, Solution
from qlib_mfgru.portfolio.settings import PortfolioSettings
from qlib_mfgru.portfolio.snapshot import MarketSnapshot
from qlib_mfgru.portfolio.trade.orders import to_amounts
from qlib_mfgru.portfolio.value_types import TwoSidedTurnover

NO_SCORE = "no stock of the market has a score that day"
"""Why a rebalance keeps the holding: the log has the day."""


class StrategySettings(PortfolioSettings):
    """Settings of one portfolio.

    Attributes
    ----------
    turnover_limit : float
        Two-sided, per rebalance, from 0 to 2.
    ... : all others as of `PortfolioSettings`
    """

    turnover_limit: TwoSidedTurnover


@dataclass(frozen=True)
class Rebalance:
    """One rebalance, before anything is executed.

    Attributes
    ----------
    decision : Decision
        What it was decided from.
    solution : Solution
    held : dict of str to float
        Adjusted shares by stock.
    invested : float
        Capital that weights are shares of, in the market's currency.
    amounts : dict of str to float
        To trade, in adjusted shares, purchases positive; in the order of `to_amounts`.
    """

    decision: Decision
    solution: Solution
    held: dict[str, float]
    invested: float
    amounts: dict[str, float]


class Rebalancer:
    """Decides rebalances of one portfolio, each from the close of a day and nothing later.

    Parameters
    ----------
    settings : StrategySettings
    snapshot : MarketSnapshot
        With the fields that the settings' constraints need: see `PortfolioSettings.read_market`.
    """

    def __init__(self, settings: StrategySettings, snapshot: MarketSnapshot) -> None:
        self.settings, self.snapshot = settings, snapshot
        self.optimizer = IndexEnhancementOptimizer(
            settings.limits(settings.turnover_limit), settings.relaxation, settings.objective
        )

    def expected(self, score: pd.Series | pd.DataFrame | None) -> np.ndarray | None:
        """One day's scores by stock on the market's stocks, (n_stocks,), NaN where there is none; None if none is of
        them."""
        if score is None:
            return None
        series = score.iloc[:, 0] if isinstance(score, pd.DataFrame) else score
        values = series.reindex(self.snapshot.stocks).to_numpy(np.float64)
        finite = np.isfinite(values)
        return np.where(finite, values, np.nan) if finite.any() else None

    def decide(
        self, day: pd.Timestamp, expected: np.ndarray | None, position: BasePosition, exchange: Exchange
    ) -> Rebalance:
        """The rebalance of the trading day after `day`.

        Parameters
        ----------
        day : Timestamp
            Trading day whose close it is decided from.
        expected : ndarray of shape (n_stocks,) or None
            As `expected` makes it; without one the holding is kept.
        position : BasePosition
            qlib's holding at that close: adjusted shares at adjusted prices, and cash.
        exchange : Exchange
            Rounds to lots.

        Raises
        ------
        InputError
            As of `MarketSnapshot.known_at` and `to_amounts`.
        """
        market = self.snapshot.known_at(day)
        invested = self.settings.risk_degree * position.calculate_value()
        held = position.get_stock_amount_dict()
        current = np.zeros(len(market.stocks))
        for code, amount in held.items():
            stock = self.snapshot.column(code)
            current[stock] = amount * market.close[stock] / invested
        decision = Decision(market, np.full(len(current), np.nan) if expected is None else expected, current)
        unscored = Solution(current, "failed", message=NO_SCORE)
        solution = unscored if expected is None else self.optimizer.solve(decision)
        amounts = to_amounts(decision, solution.weights, held, invested, exchange)
        return Rebalance(decision, solution, held, invested, amounts)
