"""``Broker``: executes orders on the next day, at the prices, limits and costs of the backtest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from qlib.backtest.decision import Order

from qlib_mfgru.portfolio import IndexEnhancementExchange, IndexEnhancementSettings, MarketSnapshot, SortedPosition
from qlib_mfgru.portfolio.trade.orders import make_orders

WHOLE = 0.01
"""Shares that factors of seven digits may leave short of a whole one."""


class Broker:
    """An account with a broker, on the initialised provider.

    Parameters
    ----------
    settings : IndexEnhancementSettings
        Deal price and costs.
    cash : float
        Yuan at first.

    Attributes
    ----------
    position : SortedPosition
        Adjusted shares at adjusted closes, and cash.
    """

    def __init__(self, settings: IndexEnhancementSettings, cash: float) -> None:
        self.settings, self.position = settings, SortedPosition(cash=cash)

    @property
    def value(self) -> float:
        """Yuan at the last close."""
        return float(self.position.calculate_value())

    def day(self, market: MarketSnapshot, day: pd.Timestamp, amounts: Mapping[str, float]) -> float:
        """Execute orders on a day whose bars are known, and value the holding at its close; the traded value."""
        costs = {name: getattr(self.settings, name) for name in ("deal_price", "buy_cost", "sell_cost")}
        exchange = IndexEnhancementExchange(market, day, day, **costs)
        traded = sum(self._dealt(order, exchange) for order in make_orders(amounts, (day, day)))
        for code in self.position.get_stock_list():
            if not exchange.check_stock_suspended(code, day, day):
                self.position.update_stock_price(code, exchange.get_close(code, day, day))
        return traded

    def _dealt(self, order: Order, exchange: IndexEnhancementExchange) -> float:
        value, _, _ = exchange.deal_order(order, position=self.position)
        return float(value)

    def write_holdings(self, market: MarketSnapshot, day: pd.Timestamp, file: Path) -> float:
        """What is held after a day, as brokers list it: whole shares that are not adjusted; and the cash beside them.

        The backtest reinvests what an ex-date pays, in parts of shares, which no broker lists: here they are cash.
        """
        factor = dict(zip(market.stocks, market.known_at(day).factor, strict=True))
        rows, invested = [], 0.0
        for code, amount in sorted(self.position.get_stock_amount_dict().items()):
            shares = int(amount * factor[code] + WHOLE)
            rows.append(f"{code[2:]},{shares}\n")
            invested += shares / factor[code] * self.position.get_stock_price(code)
        file.write_text("证券代码,股票余额\n" + "".join(rows), encoding="utf-8")
        return float(self.value - invested)
