"""The orders of a rebalance in shares, with what they cost and what stands in their way."""

from __future__ import annotations

from dataclasses import dataclass

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
    market = rebalance.decision.market
    traded, cash, rows = np.zeros(len(market.stocks)), account.position.get_cash(), []
    columns = {code: column for column, code in enumerate(market.stocks)}
    for code, amount in rebalance.amounts.items():
        stock, price = columns[code], raw_price(market.close[columns[code]], market.factor[columns[code]])
        asked, shares, hindered = _shares(code, amount, float(market.factor[stock]), rebalance, account, session)
        traded[stock] = np.copysign(shares, amount)
        value = round(shares * price, 4) if shares else 0.0
        cost = value * (costs.buy_cost if amount > 0 else costs.sell_cost)
        cash -= np.copysign(value, amount) + cost
        short = ["beyond_cash"] if amount > 0 and shares and cash < 0 else []
        rows.append(
            {
                "instrument": code,
                "name": account.names.get(code, ""),
                "side": "buy" if amount > 0 else "sell",
                "shares": shares,
                "asked": asked,
                "price": price,
                "value": value,
                "cost": cost,
                "weight_before": rebalance.decision.current[stock],
                "weight_target": rebalance.solution.weights[stock],
                "index_weight": market.weight[stock],
                "score": rebalance.decision.expected[stock],
                "flags": ";".join([*flags.of(stock), *hindered, *short]),
                "amount": amount,
            }
        )
    after = weights_after(rebalance, traded)
    frame = pd.DataFrame(rows, columns=[name for name in COLUMNS if name != "weight_after"])
    if session.lot is not None:
        frame["shares"] = frame["shares"].astype("int64")
    frame["weight_after"] = after[[columns[code] for code in frame["instrument"]]]
    return Orders(frame[list(COLUMNS)], traded)


def _shares(
    code: str, amount: float, factor: float, rebalance: Rebalance, account: Account, session: Session
) -> tuple[float, float, list[str]]:
    """Shares that the strategy asks for, those that an order may have, and why they are fewer."""
    if np.isnan(factor):
        return np.nan, 0.0, ["no_factor"]
    held, lots = account.shares.get(code, 0.0), lots_of(code, session)
    asked = held if -amount == rebalance.held.get(code) else abs(amount) * factor
    if lots is not None:
        asked = round(asked, 4)  # a lot's factor is not exact
    if amount > 0:
        shares = bought(asked, lots)
        return asked, shares, ["below_lot"] if not shares else []
    sellable = account.sellable.get(code, np.inf)
    shares = sold(min(asked, sellable), held, lots)
    if sellable < asked:
        return asked, shares, ["not_sellable"]
    return asked, shares, ["below_lot"] if not shares else []


def raw_price(close: float, factor: float) -> float:
    """Price that is not adjusted, as the exchange shows it: stored prices have seven digits, and this keeps six."""
    return float(f"{close / factor:.6g}")


def weights_after(rebalance: Rebalance, traded: np.ndarray) -> np.ndarray:
    """Weights (n_stocks,) once shares (n_stocks,) are traded at the close."""
    market = rebalance.decision.market
    value = np.where(traded != 0, traded / market.factor * market.close, 0.0)
    return rebalance.decision.current + value / rebalance.invested
