"""Every constraint of a rebalance with its value beside its limit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from qlib_mfgru.portfolio.optimise.base import Constraint, Decision, terms_of
from qlib_mfgru.portfolio.optimise.terms import Terms
from qlib_mfgru.portfolio.trade.rebalance import Rebalance

COLUMNS = ("constraint", "rule", "limit", "target", "after", "active", "bounded", "gave_way", "at")
_AT_LIMIT = 1e-7
"""Less is the solver's rounding."""


class _Side(NamedTuple):
    """One kind of limit of a constraint; arrays over what it bounds.

    `rule` says what `values` are: ``>=`` and ``<=`` a weight or a sum of weights, ``abs <=`` its distance from the
    middle of its band. `stocks` are columns where single stocks are bounded.
    """

    rule: str
    values: np.ndarray
    limits: np.ndarray
    stocks: np.ndarray | None = None

    @property
    def slack(self) -> np.ndarray:
        return self.values - self.limits if self.rule == ">=" else self.limits - self.values


def constraint_table(rebalance: Rebalance, constraints: Mapping[str, Constraint], after: np.ndarray) -> pd.DataFrame:
    """One row for each constraint and kind of limit.

    Parameters
    ----------
    rebalance : Rebalance
    constraints : mapping of str to Constraint
        By name.
    after : ndarray of shape (n_stocks,)
        Weights once the orders are executed.

    Returns
    -------
    DataFrame
        `COLUMNS`:

        - ``constraint``, ``rule``: ``>=``, ``<=``, or ``abs <=`` of a distance, as from the index; ``no buy``, ``no
          sell`` of trades,
        - ``limit``, ``target``: of the stock or sum that is nearest to its limit, or furthest beyond; ``at``: which
          stock that is,
        - ``after``: the worst once the orders are executed,
        - ``active``: how many of the ``bounded`` stocks or sums are at their limit,
        - ``gave_way``: by how much the target breaks the constraint, 0 where it holds.
    """
    decision, rows = rebalance.decision, []
    for name, constraint in constraints.items():
        terms = terms_of(constraint, decision)
        targets = _sides(terms, decision, rebalance.solution.weights)
        for target, reached in zip(targets, _sides(terms, decision, after), strict=True):
            row = _row(target, reached, decision.market.stocks)
            rows.append({"constraint": name, **row, "gave_way": rebalance.solution.relaxed.get(name, 0.0)})
    return pd.DataFrame(rows)[list(COLUMNS)]


def _row(target: _Side, reached: _Side, stocks: Sequence[str]) -> dict[str, Any]:
    """One kind of limit, at the targets and after the orders."""
    slack, places = target.slack, target.stocks
    row = {"rule": target.rule, "active": int((slack <= _AT_LIMIT).sum()), "bounded": len(slack)}
    if not len(slack):
        return row | {"limit": np.nan, "target": np.nan, "after": np.nan, "at": ""}
    worst = int(np.argmin(slack))
    return row | {
        "limit": target.limits[worst],
        "target": target.values[worst],
        "after": reached.values[np.argmin(reached.slack)],
        "at": "" if places is None else stocks[places[worst]],
    }


def _sides(terms: Terms, decision: Decision, weights: np.ndarray) -> Iterator[_Side]:
    """The kinds of limits that a constraint has, with the values of some weights."""
    n_stocks, change = len(weights), weights - decision.current
    if terms.rows is not None:
        yield from _band(terms.rows @ weights, terms.least, terms.most, None)
    if terms.lower is not None or terms.upper is not None:
        lower = np.full(n_stocks, -np.inf) if terms.lower is None else terms.lower
        upper = np.full(n_stocks, np.inf) if terms.upper is None else terms.upper
        yield from _band(weights, lower, upper, np.arange(n_stocks))
    for rule, mask, sign in (("no buy", terms.no_buy, 1), ("no sell", terms.no_sell, -1)):
        if mask is not None:
            stocks = np.flatnonzero(mask)
            yield _Side(rule, np.maximum(sign * change[stocks], 0.0), np.zeros(len(stocks)), stocks)
    is_turnover = all(part is None for part in (terms.rows, terms.lower, terms.upper, terms.no_buy, terms.no_sell))
    if is_turnover or np.isfinite(terms.turnover):  # the first purchase is free
        yield _Side("<=", np.array([np.abs(change).sum()]), np.array([terms.turnover]))


def _band(values: np.ndarray, least: np.ndarray, most: np.ndarray, stocks: np.ndarray | None) -> Iterator[_Side]:
    """Bounds from below and above together where both are finite, and one by one where only one is."""
    below, above = np.isfinite(least), np.isfinite(most)
    both = below & above
    middle, half = (least + most) / 2, (most - least) / 2
    for rule, which, sizes, limits in (
        ("abs <=", both, np.abs(values - np.where(both, middle, 0.0)), half),
        (">=", below & ~above, values, least),
        ("<=", above & ~below, values, most),
    ):
        if which.any():
            yield _Side(rule, sizes[which], limits[which], None if stocks is None else stocks[which])
