"""``Objective``: what a rebalance maximises, as coefficients of the program's columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qlib_mfgru.portfolio.optimise.blocks import Columns, Trades
from qlib_mfgru.report.scores import in_range

RETURN_PER_SCORE = 0.01
"""What one standard deviation of a day's scores is taken to earn where costs are weighed against it. Scores of a
network that was trained on IC have no unit of their own."""


@dataclass(frozen=True)
class Objective:
    """``sum_i w_i r_i``, as in the Huatai report, or the expected return less the expected cost of the trade.

    With a `cost_aversion` above 0 it is, for z the scores less their mean and in their standard deviations, both across
    the stocks with a score on the date, b and s what is bought and sold::

        sum_i w_i z_i - cost_aversion * (buy_cost * sum_i b_i + sell_cost * sum_i s_i) / RETURN_PER_SCORE

    Attributes
    ----------
    cost_aversion : float
        At least 0. 1 weighs costs in full if one standard deviation of the scores earns 1 % while a stock is held.
    buy_cost, sell_cost : float
        Shares of the traded value.
    """

    cost_aversion: float = 0.0
    buy_cost: float = 0.0
    sell_cost: float = 0.0

    def coefficients(self, columns: Columns, expected: np.ndarray, trades: Trades) -> np.ndarray:
        """Of each column, (n_columns,), to be maximised; a positive factor makes the largest size 1.

        Stocks without a score get the mean of all others: scores of a network have no level of their own.
        """
        expected = in_range(expected)
        scored = np.isfinite(expected)
        mean = expected[scored].mean() if scored.any() else 0.0
        completed = np.where(scored, expected, mean)
        if not self.cost_aversion:
            return _of_trades(columns, _scaled(completed), trades)
        spread = expected[scored].std() if scored.any() else 0.0
        standard = (completed - mean) / spread if spread > 0 else np.zeros_like(completed)
        buying, selling = (self.cost_aversion * cost / RETURN_PER_SCORE for cost in (self.buy_cost, self.sell_cost))
        costs = columns.vector(buy=buying, sell=selling, forced=np.where(trades.direction > 0, buying, selling))
        return _scaled(_of_trades(columns, standard, trades) - costs)


def _of_trades(columns: Columns, returns: np.ndarray, trades: Trades) -> np.ndarray:
    """Returns of stocks (n_stocks,) as those of what is traded of them."""
    return columns.vector(buy=returns, sell=-returns, forced=returns * trades.direction)


def _scaled(values: np.ndarray) -> np.ndarray:
    return np.asarray(values / np.abs(values).max(initial=np.finfo(np.float64).tiny))
