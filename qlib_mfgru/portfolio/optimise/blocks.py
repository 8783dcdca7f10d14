"""The blocks that a rebalance's linear program is put together from: its trades, its columns, its sums of weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

import numpy as np

from qlib_mfgru.portfolio.optimise.base import Constraint
from qlib_mfgru.portfolio.optimise.terms import Terms


@dataclass(frozen=True)
class Bans:
    """What must not be traded; both of shape (n_stocks,), bool.

    Attributes
    ----------
    buy, sell : ndarray
    """

    buy: np.ndarray
    sell: np.ndarray

    @classmethod
    def of(cls, terms: Sequence[Terms], n_stocks: int) -> Bans:
        """Those of all constraints."""
        nothing = np.zeros(n_stocks, dtype=bool)
        return cls(
            buy=np.logical_or.reduce([nothing, *(term.no_buy for term in terms if term.no_buy is not None)]),
            sell=np.logical_or.reduce([nothing, *(term.no_sell for term in terms if term.no_sell is not None)]),
        )

    def only(self, stocks: np.ndarray) -> Bans:
        """Those of some stocks, (n_stocks,), bool."""
        return Bans(self.buy & stocks, self.sell & stocks)

    def on_columns(self, columns: Columns, trades: Trades) -> np.ndarray:
        """1 for each column that trades what is banned, (n_columns,), else 0."""
        return columns.vector(buy=self.buy, sell=self.sell, forced=np.where(trades.direction > 0, self.buy, self.sell))


@dataclass(frozen=True)
class Trades:
    """Bounds of the columns of trades; all of shape (n_stocks,).

    Attributes
    ----------
    buy, sell : ndarray
        Largest purchases and sales beyond the forced ones; never both forced and the other way.
    forced : ndarray
        What must be traded to come back inside the bounds; 0 for stocks that cannot be traded that way.
    direction : ndarray
        Of the forced trades, 1 or -1.
    """

    buy: np.ndarray
    sell: np.ndarray
    forced: np.ndarray
    direction: np.ndarray

    @classmethod
    def within(cls, terms: Sequence[Terms], current: np.ndarray, bans: Bans) -> Trades:
        """Intersect the bounds of all constraints; where they contradict each other, the upper ones hold."""
        anything = np.full(len(current), np.inf)
        upper = np.minimum.reduce([anything, *(term.upper for term in terms if term.upper is not None)])
        lower = np.maximum.reduce([-anything, *(term.lower for term in terms if term.lower is not None)])
        lower = np.minimum(lower, upper)
        inside = np.clip(current, lower, upper)
        rising, falling = inside > current, inside < current
        return cls(
            buy=np.where(bans.buy | falling, 0.0, upper - inside),
            sell=np.where(bans.sell | rising, 0.0, inside - lower),
            forced=np.where(np.where(rising, bans.buy, bans.sell), 0.0, np.abs(inside - current)),
            direction=np.where(rising, 1.0, -1.0),
        )


@dataclass(frozen=True)
class Columns:
    """Which column is what: blocks of purchases, sales and forced trades, then what is missing ``below`` and ``above``
    each sum.

    A stock has a column only where it can be traded that way: most of a market is neither held nor forced, so that two
    thirds of its columns would stand at 0.

    Attributes
    ----------
    n_stocks, n_sums : int
    stocks : mapping of str to ndarray of int
        The stocks of the blocks ``buy``, ``sell`` and ``forced``, by their numbers.
    """

    n_stocks: int
    n_sums: int
    stocks: Mapping[str, np.ndarray]

    @classmethod
    def of(cls, trades: Trades, n_sums: int) -> Columns:
        """Those that trades and sums need."""
        blocks = {"buy": trades.buy, "sell": trades.sell, "forced": trades.forced}
        return cls(len(trades.buy), n_sums, {name: np.flatnonzero(most) for name, most in blocks.items()})

    def __len__(self) -> int:
        return self.spans["above"].stop

    @cached_property
    def spans(self) -> dict[str, slice]:
        """Where each block is."""
        lengths = {name: len(stocks) for name, stocks in self.stocks.items()}
        lengths |= {"below": self.n_sums, "above": self.n_sums}
        ends = accumulate(lengths.values())
        return {name: slice(end - length, end) for (name, length), end in zip(lengths.items(), ends, strict=True)}

    def vector(self, **blocks: np.ndarray | float) -> np.ndarray:
        """A number for each column, (n_columns,), from those of blocks by their names, of trades one for each of all
        stocks; 0 elsewhere."""
        values = np.zeros(len(self))
        for name, block in blocks.items():
            one_each = name in self.stocks and np.ndim(block)
            values[self.spans[name]] = np.asarray(block)[self.stocks[name]] if one_each else block
        return values

    def traded(self, block: str, solution: np.ndarray) -> np.ndarray:
        """What a solution (n_columns,) trades of each stock in a block, (n_stocks,)."""
        values = np.zeros(self.n_stocks)
        values[self.stocks[block]] = solution[self.spans[block]]
        return values

    def of_weights(self, coefficients: np.ndarray, direction: np.ndarray) -> np.ndarray:
        """Coefficients of weights (n_rows, n_stocks) as those of what is traded, (n_rows, columns of trades); forced
        trades go in a direction (n_stocks,)."""
        buy, sell, forced = (coefficients[:, stocks] for stocks in self.stocks.values())
        return np.hstack([buy, -sell, forced * direction[self.stocks["forced"]]])


@dataclass(frozen=True)
class Sums:
    """The sums of weights that constraints bound, one row each.

    Attributes
    ----------
    coefficients : ndarray of shape (n_sums, n_stocks)
    least, most : ndarray of shape (n_sums,)
    owners : list of Constraint, length n_sums
        Whose row it is.
    """

    coefficients: np.ndarray
    least: np.ndarray
    most: np.ndarray
    owners: list[Constraint]

    @classmethod
    def of(cls, constraints: Sequence[Constraint], terms: Sequence[Terms], n_stocks: int) -> Sums:
        """The rows of all constraints, one below the other."""
        return cls(
            np.concatenate([np.empty((0, n_stocks)), *(term.rows for term in terms if term.rows is not None)]),
            np.concatenate([term.least for term in terms]),
            np.concatenate([term.most for term in terms]),
            [owner for owner, term in zip(constraints, terms, strict=True) for _ in term.least],
        )

    def owned_by(self, group: Sequence[Constraint]) -> np.ndarray:
        """Which rows constraints of a group own, (n_sums,), bool."""
        return np.array([owner in group for owner in self.owners], dtype=bool)
