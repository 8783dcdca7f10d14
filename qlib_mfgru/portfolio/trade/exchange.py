"""``IndexEnhancementExchange``: qlib's Exchange on a market snapshot, with the boards' own price limits."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from qlib.backtest.exchange import Exchange

from qlib_mfgru.errors import InputError
from qlib_mfgru.portfolio.needs import TRADE_FIELDS
from qlib_mfgru.portfolio.settings import ExchangeSettings
from qlib_mfgru.portfolio.snapshot import MarketSnapshot
from qlib_mfgru.portfolio.trade.quote import DenseQuote
from qlib_mfgru.provider import reader
from qlib_mfgru.provider.daily import AT_LIMIT, read_daily
from qlib_mfgru.provider.session import Session
from qlib_mfgru.settings import Count, Fraction, Listed, NonNegative, Text

_NOT_OURS = ("limit_threshold", "extra_quote", "subscribe_fields")
"""Keywords of qlib's Exchange that would have no effect here."""


VolumeLimit = Annotated[tuple[Literal["cum", "current"], Text], Listed]


class QlibExchangeSettings(ExchangeSettings):
    """Keywords of `IndexEnhancementExchange`, with those that it leaves to qlib's.

    Attributes
    ----------
    min_cost : float
        Yuan an order.
    trade_unit : int or None
        Shares in a lot; None: none are rounded. By default that of the market's session.
    volume_threshold : (str, str) or mapping
        As of qlib, e.g. ``[current, $volume]``, over one of `TRADE_FIELDS`; or such by ``buy``, ``sell`` and ``all``.
    impact_cost : float
        Share of the traded value.
    """

    min_cost: NonNegative = 0.0
    trade_unit: Count | None = None
    volume_threshold: VolumeLimit | dict[Literal["all", "buy", "sell"], VolumeLimit] | None = None
    impact_cost: Fraction = 0.0

    def keywords(self, session: Session) -> dict[str, Any]:
        """As qlib's Exchange calls them, in a market of this session."""
        return {
            "start_time": self.start_time,
            "end_time": self.end_time,
            "deal_price": self.deal_price,
            "open_cost": self.buy_cost,
            "close_cost": self.sell_cost,
            "min_cost": self.min_cost,
            "impact_cost": self.impact_cost,
            "volume_threshold": self.volume_threshold,
            "trade_unit": self.trade_unit if "trade_unit" in self.model_fields_set else session.lot,
        }


class IndexEnhancementExchange(Exchange):
    """Trades at the day's vwap and the Huatai report's costs, within the limit prices `$limit_up` and `$limit_down`.

    A stock that opens at its upper limit cannot be bought that day, one that opens at its lower limit cannot be sold,
    one without a trade neither; a day or a market without limit prices has no limit. All else is qlib's Exchange.
    Quotes are read once and densely, in seconds where `Exchange` takes minutes; one object can serve several backtests.

    In a YAML it must be the only key, since qlib ignores all others next to it::

        exchange_kwargs:
          exchange:
            class: IndexEnhancementExchange
            module_path: qlib_mfgru.portfolio
            kwargs: {}

    Parameters
    ----------
    snapshot : MarketSnapshot, optional
        Whose fields are traded on; by default the provider's are read.
    start_time, end_time : stamp, optional
        First and last day; by default all.
    **settings
        Attributes of `QlibExchangeSettings` and `ExchangeSettings`: deal_price, buy_cost, sell_cost, min_cost (here 0),
        trade_unit, volume_threshold, impact_cost.

    Raises
    ------
    InputError
        A value that is not allowed, a keyword for other limits or quotes than the provider's, a field that the provider
        lacks, or a volume threshold over another field than `TRADE_FIELDS`.
    """

    def __init__(
        self, snapshot: MarketSnapshot | None = None, start_time: Any = None, end_time: Any = None, **settings: Any
    ) -> None:
        unused = [name for name in _NOT_OURS if settings.pop(name, None) is not None]
        if unused:
            raise InputError(f"{unused} cannot be set: limits and quotes are the provider's; or use qlib's Exchange")
        checked = QlibExchangeSettings(start_time=start_time, end_time=end_time, **settings)
        self._snapshot = snapshot
        session = snapshot.session if snapshot is not None else reader.market_session()
        super().__init__(freq="day", codes=[], quote_cls=self._make_quote, **checked.keywords(session))

    def get_quote_from_qlib(self) -> None:
        """Take the quotes from the snapshot; `quote_df` stays empty."""
        self.quote_df = pd.DataFrame()
        days, self.codes, fields = self._read()
        inside = days.slice_indexer(self.start_time, self.end_time)
        self._days, self._fields = days[inside], {name: values[inside] for name, values in fields.items()}
        close, factor = self._fields["close"], self._fields["factor"]
        self.trade_w_adj_price = bool((np.isnan(factor) & ~np.isnan(close)).any())
        if self.trade_w_adj_price:
            self.logger.warning("$factor is missing where there is a $close: lots are not rounded")

    def _read(self) -> tuple[pd.DatetimeIndex, list[str], dict[str, np.ndarray]]:
        if self._snapshot is not None:
            return self._snapshot.days, self._snapshot.stocks, dict(self._snapshot.fields)
        stocks = list(reader.member_spans("all", "day"))
        return reader.calendar("day"), stocks, read_daily(stocks, TRADE_FIELDS)

    def _make_quote(self, *_: Any) -> DenseQuote:
        fields, opened = self._fields, self._fields["open"]
        idle = np.isnan(fields["close"]) | ~(fields["volume"] > 0)
        named = {"$close", "$factor", "$volume", self.buy_price, self.sell_price}
        named |= {name for _, name in [*(self.buy_vol_limit or ()), *(self.sell_vol_limit or ())]}
        unknown = sorted(name for name in named if name.removeprefix("$") not in fields)
        if unknown:
            raise InputError(f"{unknown} cannot be quoted; the exchange has {['$' + name for name in fields]}")
        quotes = {name: fields[name.removeprefix("$")].astype(np.float64) for name in named}
        quotes["limit_buy"] = idle | (opened >= AT_LIMIT * fields["limit_up"])
        quotes["limit_sell"] = idle | (opened * AT_LIMIT <= fields["limit_down"])
        return DenseQuote.of_arrays(self._days, self.codes, quotes)
