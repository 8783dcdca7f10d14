"""From target weights to qlib orders, with the prices and lots of the day before the trade."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from qlib.backtest.decision import Order
from qlib.backtest.exchange import Exchange

from qlib_mfgru.errors import InputError
from qlib_mfgru.portfolio.optimise.base import Decision

_NO_TRADE = 1e-9
"""A change of weight below it is rounding."""

Span = tuple[pd.Timestamp, pd.Timestamp]


def to_amounts(
    decision: Decision, weights: np.ndarray, held: Mapping[str, float], invested: float, exchange: Exchange
) -> dict[str, float]:
    """Amounts to trade, in adjusted shares, purchases positive: sales first, then purchases, best expected first.

    Whole lots, but a holding that is given up goes in full. The order matters where cash runs short: what is bought
    last is then cut.

    Parameters
    ----------
    weights : ndarray of shape (n_stocks,)
        Targets, shares of `invested`.
    held : mapping of str to float
        Adjusted shares by stock.
    invested : float
        Yuan.
    exchange : Exchange
        Rounds to lots.

    Raises
    ------
    InputError
        A target for a stock that never had a price: `FrozenSuspended` is missing in the constraints.
    """
    market = decision.market
    change = weights - decision.current
    moved = np.flatnonzero(np.abs(change) > _NO_TRADE)
    expected = np.nan_to_num(decision.expected[moved], nan=-np.inf)
    amounts = {}
    for stock in moved[np.lexsort((-expected, change[moved] > 0))]:
        code = market.stocks[stock]
        if weights[stock] == 0:
            amounts[code] = -held[code]
            continue
        if np.isnan(market.close[stock]):
            raise InputError(f"{code} is to be bought, but has no price by {market.date:%Y-%m-%d}: add FrozenSuspended")
        shares = invested * abs(change[stock]) / market.close[stock]
        if np.isfinite(market.factor[stock]):  # if not, the exchange rounds by the factor of its day
            shares = exchange.round_amount_by_trade_unit(shares, market.factor[stock])
        if shares > 0:
            amounts[code] = float(np.copysign(shares, change[stock]))
    return amounts


def make_orders(amounts: Mapping[str, float], span: Span) -> list[Order]:
    """Orders of one day, in the order of `amounts`."""
    return [
        Order(
            stock_id=code,
            amount=abs(amount),
            direction=Order.BUY if amount > 0 else Order.SELL,
            start_time=span[0],
            end_time=span[1],
        )
        for code, amount in amounts.items()
    ]


def unfilled_amount(order: Order, exchange: Exchange) -> float:
    """What is left of an order after its day, purchases positive; less than a lot is nothing."""
    amount = order.amount - order.deal_amount
    if order.deal_amount > 0 and amount < 1e-6 * order.amount:
        return 0.0
    if order.deal_amount > 0 and order.factor is not None:
        amount = exchange.round_amount_by_trade_unit(amount, order.factor)
    return float(amount if order.direction == Order.BUY else -amount)
