"""What somebody should know before the orders of a plan are sent."""

from __future__ import annotations

import numpy as np
import pandas as pd

from qlib_mfgru.live.rebalancing.account import Account
from qlib_mfgru.live.rebalancing.orders import Orders, raw_price
from qlib_mfgru.portfolio.snapshot import MarketSnapshot
from qlib_mfgru.portfolio.trade.rebalance import Rebalance
from qlib_mfgru.provider import reader

_NEAR = 0.01
"""Difference between two prices of one close, as a fraction, that is still the same close."""
_HALF_YEAR = 126
"""Trading days: an index is revised twice a year, and loses then what no longer trades."""
_UNSENT = {
    "below_lot": "too few shares to be sent",
    "not_sellable": "too few shares that may be sold",
    "no_factor": "no known factor, and so no number of shares",
}
"""Why an order has 0 shares, by its flag."""


def notes_on(
    rebalance: Rebalance, snapshot: MarketSnapshot, account: Account, orders: Orders, cash_after: float
) -> list[str]:
    """One sentence each on what of the list was left out or assumed, members without a row, orders without shares,
    purchases beyond the cash, holdings that the provider does not know, and prices of the list that are not of this
    close."""
    return [
        *account.notes,
        *_without_rows(snapshot, rebalance.decision.market.date),
        *_unsent(orders),
        *_beyond_cash(cash_after),
        *_outside(account),
        *_other_prices(rebalance, account),
    ]


def _without_rows(snapshot: MarketSnapshot, day: pd.Timestamp) -> list[str]:
    """Stocks that were members up to the last day on which the provider lists them, and are replaced by none."""
    last = snapshot.position(day)
    days = snapshot.days[max(last - _HALF_YEAR, 0) : last + 1]
    member = snapshot.member[last + 1 - len(days) : last + 1]
    listed = reader.member_mask("all", days, snapshot.stocks)
    n_members = member.sum(axis=1)
    ended = member[:-1] & listed[:-1] & ~listed[1:] & (n_members[:-1] > n_members[-1])[:, None]
    cases = [f"{snapshot.stocks[stock]} ({days[row]:%Y-%m-%d})" for row, stock in np.argwhere(ended)]
    if not cases:
        return []
    return [
        f"members of {snapshot.index} that have no row since, and so no index weight: {', '.join(cases)}; delisted, or "
        "suspended where the vendor has no rows of suspended days"
    ]


def _unsent(orders: Orders) -> list[str]:
    unsent = [flags.split(";") for flags in orders.frame["flags"][orders.frame["shares"] == 0]]
    counts = {why: sum(flag in flags for flags in unsent) for flag, why in _UNSENT.items()}
    return [f"{count} of the orders have {why}, and are in no list of orders" for why, count in counts.items() if count]


def _beyond_cash(cash: float) -> list[str]:
    words = "the purchases exceed the cash by {:,.0f}: those that are flagged beyond_cash may not be filled"
    return [words.format(-cash)] if cash < 0 else []


def _outside(account: Account) -> list[str]:
    codes = ", ".join(held.code for held in account.outside)
    return [f"not in the provider, and kept at {account.frozen:,.0f} in all: {codes}"] if codes else []


def _other_prices(rebalance: Rebalance, account: Account) -> list[str]:
    """The list may be of another day, or the provider's factor wrong."""
    market = rebalance.decision.market
    closes = {code: raw_price(*pair) for code, *pair in zip(market.stocks, market.close, market.factor, strict=True)}
    known = {code: price for code, price in account.prices.items() if np.isfinite(price)}
    gaps = {code: abs(price / closes[code] - 1) for code, price in known.items()}
    far = [code for code, gap in gaps.items() if gap > _NEAR]
    if not far:
        return []
    worst = max(far, key=gaps.__getitem__)
    return [
        f"{len(far)} of {len(known)} prices of the list are not the provider's closes, such as {worst}: "
        f"{known[worst]:g} there, {closes[worst]:g} here; is the list of another day?"
    ]
