"""The orders of a rebalance in shares, with what they cost and what stands in their way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from qlib_mfgru.live.rebalancing.account import Account
from qlib_mfgru.live.rebalancing.flags import Flags
from qlib_mfgru.portfolio.settings import ExchangeSettings
from qlib_mfgru.portfolio.trade.rebalance import Rebalance
from qlib_mfgru.provider.lots import bought, lots_of, sold
from qlib_mfgru.provider.session import Session

COLUMNS = (
    "instrument", "name", "side", "shares", "asked", "price", "value", "cost", "weight_before", "weight_target",
    "weight_after", "index_weight", "score", "flags", "amount",
)  # fmt: skip


class _Trade(NamedTuple):
    """One order: the market's column of the stock, shares asked for and shares to send, and why these are fewer."""

    stock: int
    amount: float
    asked: float
    shares: float
    hindered: str


@dataclass(frozen=True)
class Orders:
    """The orders of one rebalance.

    Attributes
    ----------
    frame : DataFrame
        `COLUMNS`, in the order in which they should be sent: sales, then purchases from the best score down.
    traded : ndarray of shape (n_stocks,)
        Shares, purchases positive.
    """

    frame: pd.DataFrame
    traded: np.ndarray


def make_orders(
    rebalance: Rebalance, account: Account, flags: Flags, session: Session, costs: ExchangeSettings
) -> Orders:
    """Orders of whole lots for the amounts of a rebalance, never more than it asks for.

    Parameters
    ----------
    rebalance : Rebalance
    account : Account
    flags : Flags
        Of the market's stocks.
    session : Session
        Of the market.
    costs : ExchangeSettings
        `buy_cost` and `sell_cost` are expected.
    """
    decision = rebalance.decision
    columns = {code: column for column, code in enumerate(decision.market.stocks)}
    trades = [
        _trade(columns[code], code, amount, rebalance, account, session) for code, amount in rebalance.amounts.items()
    ]
    stocks, codes = [trade.stock for trade in trades], list(rebalance.amounts)
    traded = np.zeros(len(columns))
    traded[stocks] = [np.copysign(trade.shares, trade.amount) for trade in trades]
    frame = pd.DataFrame(
        {
            "instrument": codes,
            "name": [account.names.get(code, "") for code in codes],
            "side": ["buy" if trade.amount > 0 else "sell" for trade in trades],
            "shares": np.array([trade.shares for trade in trades], np.float64 if session.lot is None else np.int64),
            "asked": [trade.asked for trade in trades],
            "price": [raw_price(decision.market.close[stock], decision.market.factor[stock]) for stock in stocks],
            "weight_before": decision.current[stocks],
            "weight_target": rebalance.solution.weights[stocks],
            "weight_after": weights_after(rebalance, traded)[stocks],
            "index_weight": decision.market.weight[stocks],
            "score": decision.expected[stocks],
            "amount": [trade.amount for trade in trades],
        }
    )
    frame["value"] = (frame["shares"] * frame["price"].fillna(0.0)).round(4)
    frame["cost"] = frame["value"] * np.where(frame["side"] == "buy", costs.buy_cost, costs.sell_cost)
    short = _beyond(frame, account.position.get_cash())
    hindered = [[trade.hindered, "beyond_cash" if late else ""] for trade, late in zip(trades, short, strict=True)]
    frame["flags"] = [
        ";".join(filter(None, [*flags.of(stock), *more])) for stock, more in zip(stocks, hindered, strict=True)
    ]
    return Orders(frame[list(COLUMNS)], traded)


def _beyond(frame: pd.DataFrame, cash: float) -> np.ndarray:
    """Which orders, (n_orders,), are purchases for which there is no more cash, at reference prices and costs."""
    buys = frame["side"] == "buy"
    left = cash - (frame["value"].where(buys, -frame["value"]) + frame["cost"]).cumsum()
    return (buys & (frame["shares"] > 0) & (left < 0)).to_numpy()


def _trade(stock: int, code: str, amount: float, rebalance: Rebalance, account: Account, session: Session) -> _Trade:
    """The order for one amount."""
    factor, lots = float(rebalance.decision.market.factor[stock]), lots_of(code, session)
    if np.isnan(factor):
        return _Trade(stock, amount, np.nan, 0.0, "no_factor")
    held, sellable = account.shares.get(code, 0.0), account.sellable.get(code, np.inf)
    asked = held if -amount == rebalance.held.get(code) else abs(amount) * factor
    if lots is not None:
        asked = round(asked, 4)  # a lot's factor is not exact
    shares = bought(asked, lots) if amount > 0 else sold(min(asked, sellable), held, lots)
    is_short = amount < 0 and sellable < asked
    hindered = ["not_sellable"] if is_short else ["below_lot"] if not shares else []
    if lots is not None and shares > lots.most:
        hindered.append("above_largest")
    return _Trade(stock, amount, asked, shares, ";".join(hindered))


def raw_price(close: float, factor: float) -> float:
    """Price that is not adjusted, as the exchange shows it: stored prices have seven digits, and this keeps six."""
    return float(f"{close / factor:.6g}")


def weights_after(rebalance: Rebalance, traded: np.ndarray) -> np.ndarray:
    """Weights (n_stocks,) once shares (n_stocks,) are traded at the close."""
    market = rebalance.decision.market
    value = np.where(traded != 0, traded / market.factor * market.close, 0.0)
    return rebalance.decision.current + value / rebalance.invested
