"""``Account``: what is held as the strategy sees it, and what of it the strategy cannot see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from qlib.backtest.position import BasePosition

from qlib_mfgru.errors import InputError
from qlib_mfgru.live.rebalancing.holdings.holdings import Held, Holdings, read_holdings
from qlib_mfgru.portfolio.snapshot import MarketSnapshot, MarketView
from qlib_mfgru.portfolio.trade.position import SortedPosition

_TOO_MUCH = 1e16
"""In any currency; at a price of 0.01 the shares are still whole numbers of 64 bits."""


@dataclass(frozen=True)
class Account:
    """Holdings on a market.

    Attributes
    ----------
    position : BasePosition
        qlib's: adjusted shares at adjusted closes, and cash.
    shares : mapping of str to float
        Not adjusted, by stock of the provider.
    sellable : mapping of str to float
        How many of them may be sold; all of a stock that is not there.
    names : mapping of str to str
    prices : mapping of str to float
        The list's, by stock of the provider; NaN where it has none.
    outside : sequence of Held
        What the provider does not know, at the list's prices: it is kept, and no part of what is invested.
    notes : sequence of str
        A sentence each on what of the list was left out, and on what was assumed.
    """

    position: BasePosition
    shares: Mapping[str, float]
    sellable: Mapping[str, float] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    prices: Mapping[str, float] = field(default_factory=dict)
    outside: Sequence[Held] = ()
    notes: Sequence[str] = ()

    @property
    def frozen(self) -> float:
        """Value of what is outside."""
        return float(sum(held.shares * held.price for held in self.outside))


def read_account(holdings: Any, cash: float | None, market: MarketView, snapshot: MarketSnapshot) -> Account:
    """The account of some holdings.

    Parameters
    ----------
    holdings : path, DataFrame, BasePosition or None
        A broker's list (`read_holdings`), or qlib's position at the close; None: cash only.
    cash : float, optional
        Where the list has no row of it; by default none.
    market : MarketView
        The close at which holdings are valued.
    snapshot : MarketSnapshot

    Raises
    ------
    InputError
        No holdings and no cash, cash from two sides, more than any account is worth, or as of `read_holdings`; a
        holding that the provider does not know, or has no price of, and that the list has no price of either.
    """
    if isinstance(holdings, BasePosition):
        account = _of_position(holdings, cash, market, snapshot)
    else:
        source = Path(holdings) if isinstance(holdings, str) else holdings
        listed = Holdings() if source is None else read_holdings(source, snapshot.session)
        if listed.cash is not None and cash is not None:
            raise InputError(f"the list of holdings has {listed.cash:,.2f} in cash, and cash is {cash:,.2f}: keep one")
        notes = [] if source is None else [*listed.notes, *_assumed(listed, cash)]
        account = _of_list(listed, (cash if listed.cash is None else listed.cash) or 0.0, market, snapshot, notes)
    if not account.position.calculate_value() > 0:
        raise InputError("there is nothing to invest: name holdings, or the cash to build from")
    return account


def _assumed(listed: Holdings, cash: float | None) -> list[str]:
    """Sentences on what neither a list nor the caller says."""
    notes = []
    if not listed.stocks:
        notes.append("the list has no stocks: it is taken as a portfolio without any, whose first turnover is free")
    if listed.cash is None and cash is None:
        notes.append("no cash is named, by a row of the list or as cash: it is taken as 0")
    return notes


def _check_worth(worth: Mapping[str, float]) -> None:
    """Refuse what no account is worth: orders of it could not be counted in whole shares."""
    total = sum(worth.values())
    if not total < _TOO_MUCH:
        most = max(worth, key=worth.__getitem__)
        raise InputError(f"{most} is worth {worth[most]:.3g}: an account must be below {_TOO_MUCH:.0e}")


def _of_position(position: BasePosition, cash: float | None, market: MarketView, snapshot: MarketSnapshot) -> Account:
    if cash is not None:
        raise InputError("a position has its own cash: leave cash out")
    amounts = position.get_stock_amount_dict()
    unknown = sorted(amounts.keys() - set(market.stocks))
    if unknown:
        raise InputError(f"the position holds {', '.join(unknown)}, which the provider does not know")
    worth = {code: n * market.close[snapshot.column(code)] for code, n in amounts.items()}
    _check_worth({"cash": position.get_cash(), **worth})
    return Account(position, {code: n * market.factor[snapshot.column(code)] for code, n in amounts.items()})


def _of_list(
    holdings: Holdings, cash: float, market: MarketView, snapshot: MarketSnapshot, notes: Sequence[str]
) -> Account:
    """Known stocks become a position; the others are outside."""
    known = set(np.array(market.stocks)[np.isfinite(market.close) & np.isfinite(market.factor)])
    inside = [held for held in holdings.stocks if held.code in known]
    outside = [held for held in holdings.stocks if held.code not in known]
    for held in outside:
        if np.isnan(held.price):
            raise InputError(
                f"{held.place}: the provider has no price of {held.code} by {market.date:%Y-%m-%d}, and the list has "
                "none: add a column of prices (最新价, price), or leave the row out"
            )
    worth, stocks = {f"{held.place}: {held.code}": held.shares * held.price for held in outside}, {}
    for held in inside:
        column = snapshot.column(held.code)
        amount, price = held.shares / market.factor[column], market.close[column]
        worth[f"{held.place}: {held.code}"] = amount * price
        stocks[held.code] = {"amount": amount, "price": price}
    _check_worth({"cash": cash, **worth})
    return Account(
        SortedPosition(cash=cash, position_dict=stocks),
        {held.code: held.shares for held in inside},
        {held.code: held.sellable for held in inside},
        {held.code: held.name for held in holdings.stocks if held.name},
        {held.code: held.price for held in inside},
        outside,
        notes,
    )
