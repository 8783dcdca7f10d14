"""``RebalancePlan``: a rebalance in frames that people and order systems read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from qlib_mfgru.live.rebalancing.account import Account
from qlib_mfgru.live.rebalancing.flags import Flags
from qlib_mfgru.live.rebalancing.limits import constraint_table
from qlib_mfgru.live.rebalancing.notes import notes_on
from qlib_mfgru.live.rebalancing.orders import Orders, raw_price, weights_after
from qlib_mfgru.portfolio.trade.rebalance import Rebalance, Rebalancer
from qlib_mfgru.portfolio.trade.untradable import in_words
from qlib_mfgru.report.show.shown import Shown, View


@dataclass(frozen=True, repr=False)
class RebalancePlan(Shown):
    """A rebalance for the trading day after `decided`.

    Attributes
    ----------
    decided : Timestamp
        Day whose close it is decided from.
    summary : dict
        ``decided``, ``index``, ``recorder`` (its id, empty where none is named), ``settings`` (where they are from),
        ``turnover_limit``, ``status`` (``solved``, ``forced``, ``relaxed``, ``failed``: see `Solution`), ``message``,
        ``relaxed`` (constraints that the targets break, and by how much), ``infeasible`` (those that no portfolio could
        meet, likewise), ``contradicted`` (stocks of which no weight meets all limits on it), ``untradable`` (the stocks
        that force it, in words), ``turnover`` (planned; a share of the capital, two-sided), ``turnover_ordered``,
        ``bought``, ``sold``, ``cost`` (expected), ``index_covered``, ``scored`` (stocks with a score).
    account : DataFrame
        Index ``item``: ``value``, ``stocks``, ``cash``, ``frozen`` (what the provider does not know), ``invested``
        (what weights are shares of), ``names``; columns ``before`` and ``after`` the orders, at the close and at
        expected costs.
    constraints : DataFrame
        Every constraint with its value beside its limit: see `constraint_table`.
    orders : DataFrame
        In the order in which they should be sent: ``instrument``, ``name``, ``side``, ``shares`` (that an order may
        have, not adjusted), ``asked`` (that the strategy asks for), ``price`` (close, not adjusted), ``value``,
        ``cost``, ``weight_before``, ``weight_target``, ``weight_after`` (of the shares), ``index_weight``, ``score``,
        ``flags``, ``amount`` (the strategy's, in adjusted shares, purchases positive). A row whose ``shares`` are 0 is
        no order; its flags say why.
    weights : DataFrame
        All stocks that are held, targeted or in the index: ``instrument``, ``name``, ``shares_before``,
        ``shares_after``, ``price``, ``weight_before``, ``weight_target``, ``weight_after``, ``index_weight``,
        ``score``, ``flags``; largest target first.
    notes : list of str
        What to know before orders are sent: see `notes_on`.
    """

    decided: pd.Timestamp
    summary: dict[str, Any]
    account: pd.DataFrame
    constraints: pd.DataFrame
    orders: pd.DataFrame
    weights: pd.DataFrame
    notes: list[str]

    @property
    def sendable(self) -> pd.DataFrame:
        """The orders that have shares."""
        return self.orders[self.orders["shares"] > 0]

    def view(self) -> View:
        """The orders in few columns, the largest first."""
        summary, n_sales = self.summary, int((self.sendable["side"] == "sell").sum())
        title = (
            f"Rebalance of {summary['index']} decided {summary['decided']}, {summary['status']}: {n_sales} sales, "
            f"{len(self.sendable) - n_sales} purchases, turnover {summary['turnover_ordered']:.1%}"
        )
        columns = ["instrument", *(["name"] if self.orders["name"].any() else []), "side", "shares", "price", "value"]
        orders = self.sendable.sort_values("value", ascending=False)[columns]
        return View(title, orders.astype({"shares": "Int64"}).round({"price": 3, "value": 0}))


def make_plan(
    rebalance: Rebalance,
    rebalancer: Rebalancer,
    account: Account,
    flags: Flags,
    orders: Orders,
    settings: str,
    recorder: str,
) -> RebalancePlan:
    """Put the frames together; `settings` says where the settings are from, `recorder` is an id or empty."""
    after, figures = weights_after(rebalance, orders.traded), _account(rebalance, account, orders)
    return RebalancePlan(
        rebalance.decision.market.date,
        _summary(rebalance, rebalancer, orders) | {"recorder": recorder, "settings": settings},
        figures,
        constraint_table(rebalance, rebalancer.optimizer.constraints, after),
        orders.frame,
        _weights(rebalance, account, flags, orders, after),
        notes_on(rebalance, rebalancer.snapshot, account, orders, float(figures["after"]["cash"])),
    )


def _summary(rebalance: Rebalance, rebalancer: Rebalancer, orders: Orders) -> dict[str, Any]:
    decision, solution, frame = rebalance.decision, rebalance.solution, orders.frame
    by_side = frame.groupby("side")["value"].sum()
    return {
        "decided": f"{decision.market.date:%Y-%m-%d}",
        "index": rebalancer.settings.index,
        "turnover_limit": rebalancer.settings.turnover_limit,
        "status": solution.status,
        "message": solution.message,
        "relaxed": dict(solution.relaxed),
        "infeasible": dict(solution.why.infeasible),
        "contradicted": list(solution.why.contradicted),
        "untradable": [in_words(each) for each in solution.why.untradable],
        "turnover": float(np.abs(solution.weights - decision.current).sum()),
        "turnover_ordered": float(frame["value"].sum() / rebalance.invested),
        "bought": float(by_side.get("buy", 0.0)),
        "sold": float(by_side.get("sell", 0.0)),
        "cost": float(frame["cost"].sum()),
        "index_covered": decision.market.covered,
        "scored": int(np.isfinite(decision.expected).sum()),
    }


def _account(rebalance: Rebalance, account: Account, orders: Orders) -> pd.DataFrame:
    """Figures before the orders, and after them at the close and at expected costs."""
    cash, value, frame = account.position.get_cash(), account.position.calculate_value(), orders.frame
    paid = float(frame["value"].where(frame["side"] == "buy", -frame["value"]).sum())
    cost, held = float(frame["cost"].sum()), _held(rebalance, account)
    rows = {
        "value": (value + account.frozen, value + account.frozen - cost),
        "stocks": (value - cash, value - cash + paid),
        "cash": (cash, cash - paid - cost),
        "frozen": (account.frozen, account.frozen),
        "invested": (rebalance.invested, rebalance.invested),
        "names": tuple(int((shares > 0).sum()) + len(account.outside) for shares in (held, held + orders.traded)),
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=["before", "after"]).rename_axis("item")


def _held(rebalance: Rebalance, account: Account) -> np.ndarray:
    return np.array([account.shares.get(code, 0.0) for code in rebalance.decision.market.stocks])


def _weights(rebalance: Rebalance, account: Account, flags: Flags, orders: Orders, after: np.ndarray) -> pd.DataFrame:
    decision, market, target = rebalance.decision, rebalance.decision.market, rebalance.solution.weights
    held = _held(rebalance, account)
    stocks = np.flatnonzero((held > 0) | (target > 0) | (market.weight > 0)).tolist()
    codes = [market.stocks[stock] for stock in stocks]
    frame = pd.DataFrame(
        {
            "instrument": codes,
            "name": [account.names.get(code, "") for code in codes],
            "shares_before": held[stocks],
            "shares_after": (held + orders.traded)[stocks],
            "price": [raw_price(market.close[stock], market.factor[stock]) for stock in stocks],
            "weight_before": decision.current[stocks],
            "weight_target": target[stocks],
            "weight_after": after[stocks],
            "index_weight": market.weight[stocks],
            "score": decision.expected[stocks],
            "flags": [";".join(flags.of(stock)) for stock in stocks],
        }
    ).sort_values(["weight_target", "instrument"], ascending=[False, True])
    return pd.concat([frame, _outside(account)], ignore_index=True) if account.outside else frame.reset_index(drop=True)


def _outside(account: Account) -> pd.DataFrame:
    """Rows of what the provider does not know."""
    names = account.names
    rows = [
        (held.code, names.get(held.code, ""), held.shares, held.shares, held.price, "not_in_provider")
        for held in account.outside
    ]
    return pd.DataFrame(rows, columns=["instrument", "name", "shares_before", "shares_after", "price", "flags"])
