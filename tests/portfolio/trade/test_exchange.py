"""Our exchange and quotes beside qlib's own, and each of the exchange's rules on both sides."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from qlib.backtest import backtest, get_exchange
from qlib.backtest.decision import Order
from qlib.backtest.exchange import Exchange
from qlib.backtest.high_performance_ds import NumpyQuote
from qlib.backtest.position import Position
from qlib.data import D
from qlib.utils.index_data import SingleData

from qlib_mfgru.errors import InputError
from qlib_mfgru.portfolio import DenseQuote, IndexEnhancementExchange, IndexEnhancementStrategy, MarketSnapshot
from qlib_mfgru.portfolio.trade.backtest import DAILY_EXECUTOR
from qlib_mfgru.provider.daily import AT_LIMIT

START, END = 42, 90
QLIBS_OWN = {
    "limit_threshold": (f"$open >= {AT_LIMIT} * $limit_up", f"$open * {AT_LIMIT} <= $limit_down"),
    "deal_price": "vwap",
    "open_cost": 0.002,
    "close_cost": 0.002,
    "min_cost": 0,
}
"""Our exchange's rules in the words of qlib's own."""
TOPK = {"class": "TopkDropoutStrategy", "module_path": "qlib.contrib.strategy", "kwargs": {"topk": 15, "n_drop": 3}}


def account(market: MarketSnapshot, strategy: Any, exchange: dict[str, Any]) -> tuple[pd.DataFrame, dict[Any, Any]]:
    portfolios, _ = backtest(
        start_time=market.days[START],
        end_time=market.days[END],
        strategy=strategy,
        executor=DAILY_EXECUTOR,
        benchmark="SH000905",
        account=1e7,
        exchange_kwargs=exchange,
    )
    return portfolios["1day"]


@pytest.mark.parametrize("kind", ["topk", "enhancement"])
def test_the_account_is_that_of_qlibs_own_exchange(market: MarketSnapshot, random_scores: pd.Series, kind: str) -> None:
    """qlib's quotes are float32, and so may its sums be: 1e-6."""

    def strategy() -> Any:
        if kind == "topk":
            return {**TOPK, "kwargs": {**TOPK["kwargs"], "signal": random_scores}}
        return IndexEnhancementStrategy(signal=random_scores, index="csi500", turnover_limit=0.4, snapshot=market)

    theirs, their_positions = account(market, strategy(), QLIBS_OWN)
    config = {"class": "IndexEnhancementExchange", "module_path": "qlib_mfgru.portfolio", "kwargs": {}}
    shared = IndexEnhancementExchange(market, market.days[START], market.days[END])
    for exchange in (config, shared):
        ours, positions = account(market, strategy(), {"exchange": exchange})
        pd.testing.assert_frame_equal(ours, theirs, rtol=1e-6, atol=1e-9)
        assert ours["turnover"].gt(0).sum() > 5
        for day, position in positions.items():
            other = their_positions[day].get_stock_amount_dict()
            assert position.get_stock_amount_dict() == pytest.approx(other, rel=1e-6)


def test_the_quotes_give_qlibs_own_exchange_the_same_account_to_the_digit(
    market: MarketSnapshot, random_scores: pd.Series, monkeypatch: pytest.MonkeyPatch
) -> None:
    features = D.features

    def in_float64(*args: Any, **kwargs: Any) -> pd.DataFrame:
        return features(*args, **kwargs).astype(np.float64)

    monkeypatch.setattr(D, "features", in_float64)
    strategy = {**TOPK, "kwargs": {**TOPK["kwargs"], "signal": random_scores}}
    span = {"freq": "day", "start_time": market.days[START], "end_time": market.days[END], "codes": market.stocks}
    reports = []
    for quote in (NumpyQuote, DenseQuote):
        exchange = Exchange(**span, **QLIBS_OWN, quote_cls=quote)
        reports.append(account(market, strategy, {"exchange": exchange})[0])
    pd.testing.assert_frame_equal(*reports, check_exact=True)


def quote_frame() -> pd.DataFrame:
    """Three stocks, six days over a weekend; the second stock has no row on two of them and a NaN on another."""
    days = pd.to_datetime(["2024-03-06", "2024-03-07", "2024-03-08", "2024-03-11", "2024-03-12", "2024-03-13"])
    index = pd.MultiIndex.from_product([["SH600000", "SH600001", "SH600002"], days], names=["instrument", "datetime"])
    values = np.random.default_rng(0).random(18)
    frame = pd.DataFrame({"$close": values, "$volume": 100 * values, "limit_buy": values > 0.5}, index)
    frame.iloc[8, 0] = np.nan
    return frame.drop(index[[6, 10]])


def as_plain(value: Any) -> Any:
    return value.data.tolist() if isinstance(value, SingleData) else value


@pytest.mark.parametrize("method", ["ts_data_last", "all", "sum", "mean", "last", None])
def test_quotes_equal_qlibs(method: str | None) -> None:
    """On single days and spans; qlib gives a span that holds one day as a sequence of one, ours as its value."""
    frame = quote_frame()
    ours, theirs = DenseQuote(frame, "day"), NumpyQuote(frame, "day")
    assert sorted(ours.get_all_stock()) == sorted(theirs.get_all_stock())
    days = frame.index.unique("datetime")
    asked = 0
    for code, (first, last) in product([*ours.get_all_stock(), "SH000000"], product(range(6), range(6))):
        for field in ("$close", "$volume", "limit_buy"):
            if last < first or (field == "limit_buy") != (method == "all"):
                continue
            end = days[last] + pd.Timedelta(hours=23, minutes=59, seconds=59)
            known = frame.loc[code, field].reindex(days)[first : last + 1].dropna() if code in frame.index else []
            if method in ("mean", "last") and len(known) == 0:
                continue  # a mean of nothing: qlib warns
            expected = as_plain(theirs.get_data(code, days[first], end, field, method))
            got = as_plain(ours.get_data(code, days[first], end, field, method))
            single = first == last and (expected is None or not np.isfinite(expected))
            if single and method in ("ts_data_last", "sum"):
                assert got in (None, 0.0)  # qlib leaves one day's NaN as it is
            elif isinstance(expected, list) and not isinstance(got, list):
                np.testing.assert_equal([got], expected)
            else:
                np.testing.assert_equal(got, expected)
            asked += 1
    assert asked > 30


def test_one_trading_day_before_a_weekend_is_one_value() -> None:
    quote, friday = DenseQuote(quote_frame(), "day"), pd.Timestamp("2024-03-08")
    over_the_weekend = quote.get_data("SH600000", friday, pd.Timestamp("2024-03-10 23:59:59"), "$close")
    assert over_the_weekend == quote_frame().loc[("SH600000", friday), "$close"]


def test_only_daily_bars() -> None:
    with pytest.raises(ValueError, match="use qlib's NumpyQuote"):
        DenseQuote(quote_frame(), "1min")


@pytest.fixture
def crafted(market: MarketSnapshot) -> MarketSnapshot:
    """On day 60 the first four stocks open at the upper limit, at the lower one, are suspended, and have no limit."""
    fields = {name: values.copy() for name, values in market.fields.items()}
    for column in range(4):
        for name, value in {"open": 10, "close": 10, "vwap": 10, "volume": 1e6, "factor": 2}.items():
            fields[name][59:61, column] = value
        fields["limit_up"][60, column], fields["limit_down"][60, column] = 11, 9
    fields["open"][60, 0], fields["open"][60, 1] = 11, 9
    for name in ("open", "close", "vwap"):
        fields[name][60, 2] = np.nan
    fields["volume"][60, 2] = 0
    fields["limit_up"][60, 3] = fields["limit_down"][60, 3] = np.nan
    return replace(market, fields=fields)


def execute(
    market: MarketSnapshot, column: int, direction: int, amount: float, cash: float = 1e6
) -> tuple[Order, Position]:
    """An order on day 60, executed for a position that holds 1,000 shares."""
    day, code = market.days[60], market.stocks[column]
    exchange = IndexEnhancementExchange(market)
    position = Position(cash=cash, position_dict={code: {"amount": 1000.0, "price": 10.0}})
    order = Order(code, amount, direction, day, day + pd.Timedelta(hours=23, minutes=59, seconds=59))
    exchange.deal_order(order, position=position)
    return order, position


@pytest.mark.parametrize(
    ("column", "buys", "sells"), [(0, False, True), (1, True, False), (2, False, False), (3, True, True)]
)
def test_limits_block_one_direction(crafted: MarketSnapshot, column: int, buys: bool, sells: bool) -> None:
    assert (execute(crafted, column, Order.BUY, 500.0)[0].deal_amount > 0) == buys
    assert (execute(crafted, column, Order.SELL, 500.0)[0].deal_amount > 0) == sells


def test_costs_lots_and_cash(crafted: MarketSnapshot) -> None:
    """A lot of 100 raw shares is 50 adjusted ones where the factor is 2."""
    order, position = execute(crafted, 3, Order.BUY, 530.0)
    assert order.deal_amount == 500
    assert position.get_cash() == pytest.approx(1e6 - 500 * 10 * 1.002)
    order, position = execute(crafted, 3, Order.SELL, 530.0)
    assert order.deal_amount == 500
    assert position.get_cash() == pytest.approx(1e6 + 500 * 10 * 0.998)
    order, _ = execute(crafted, 3, Order.BUY, 500.0, cash=3000.0)
    assert order.deal_amount == 250  # 299.4 could be paid


def test_other_costs_prices_and_units(crafted: MarketSnapshot) -> None:
    exchange = IndexEnhancementExchange(
        crafted, deal_price="close", buy_cost=0.001, sell_cost=0.003, min_cost=5.0, trade_unit=None
    )
    assert (exchange.open_cost, exchange.close_cost, exchange.min_cost) == (0.001, 0.003, 5.0)
    assert exchange.buy_price == "$close"
    assert exchange.round_amount_by_trade_unit(12.3, 2.0) == 12.3


def test_an_exchange_from_a_config_reads_the_provider(market: MarketSnapshot) -> None:
    config = {"class": "IndexEnhancementExchange", "module_path": "qlib_mfgru.portfolio", "kwargs": {}}
    exchange = get_exchange(exchange=config)
    shared = IndexEnhancementExchange(market)
    for name, values in shared.quote.fields.items():
        np.testing.assert_array_equal(exchange.quote.fields[name], values)


@pytest.mark.parametrize(
    ("name", "value"),
    [("limit_threshold", 0.095), ("subscribe_fields", ["$high"]), ("extra_quote", pd.DataFrame())],
)
def test_keywords_without_effect_are_refused(market: MarketSnapshot, name: str, value: Any) -> None:
    with pytest.raises(InputError, match=rf"{name}'\] cannot be set"):
        IndexEnhancementExchange(market, **{name: value})


def test_a_volume_threshold_needs_a_field_that_is_there(market: MarketSnapshot) -> None:
    exchange = IndexEnhancementExchange(market, volume_threshold=("current", "$volume"))
    assert exchange.buy_vol_limit == [("current", "$volume")]
    with pytest.raises(InputError, match=r"0.1 \* \$volume"):
        IndexEnhancementExchange(market, volume_threshold=("current", "0.1 * $volume"))


def test_lots_are_not_rounded_where_factors_are_missing(market: MarketSnapshot) -> None:
    fields = {**market.fields, "factor": np.full_like(market.fields["factor"], np.nan)}
    bare = replace(market, fields=fields)
    assert IndexEnhancementExchange(bare).trade_w_adj_price
    assert not IndexEnhancementExchange(market).trade_w_adj_price


def test_volume_thresholds_as_yaml_has_them(market: MarketSnapshot) -> None:
    """As lists, which qlib's own exchange refuses."""
    both = IndexEnhancementExchange(market, volume_threshold=["current", "$volume"])
    assert (both.buy_vol_limit, both.sell_vol_limit) == ([("current", "$volume")], [("current", "$volume")])
    buys = IndexEnhancementExchange(market, volume_threshold={"buy": ["cum", "$volume"]})
    assert (buys.buy_vol_limit, buys.sell_vol_limit) == ([("cum", "$volume")], [])


def test_only_the_days_asked_for_are_quoted(market: MarketSnapshot) -> None:
    first, last = market.days[42], market.days[56]
    exchange = IndexEnhancementExchange(market, int(f"{first:%Y%m%d}"), f"{last:%Y-%m-%d}")
    assert (exchange.quote.days[0], exchange.quote.days[-1], len(exchange.quote.days)) == (first, last, 15)
