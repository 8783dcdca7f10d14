"""The strategy in qlib's own backtest: what it earns, when it trades, that it never looks ahead."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from qlib.backtest import backtest
from qlib.backtest.decision import TradeDecisionWO

from qlib_mfgru.errors import InputError
from qlib_mfgru.portfolio import (
    FullInvestment,
    IndexEnhancementExchange,
    IndexEnhancementStrategy,
    LongOnly,
    MarketSnapshot,
)
from qlib_mfgru.portfolio.trade.backtest import DAILY_EXECUTOR
from qlib_mfgru.portfolio.trade.rebalance import NO_SCORE
from qlib_mfgru.report import measures

INDEX, BENCHMARK = "csi500", "SH000905"
START, END = 42, 130


class Noting(IndexEnhancementStrategy):
    """Keeps each day's orders."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.orders: dict[pd.Timestamp, list[tuple[str, int, float]]] = {}

    def generate_trade_decision(self, execute_result: Any = None) -> TradeDecisionWO:
        decision = super().generate_trade_decision(execute_result)
        day, _ = self.trade_calendar.get_step_time()
        orders = decision.get_decision()
        self.orders[day] = [(order.stock_id, int(order.direction), order.amount) for order in orders]
        return decision


def run(
    market: MarketSnapshot, scores: pd.Series, end: int = END, start: int = START, **settings: Any
) -> tuple[pd.DataFrame, dict[pd.Timestamp, Any], Noting]:
    """A backtest's report and positions, and the strategy after it."""
    first, last = market.days[start], market.days[end]
    strategy = Noting(signal=scores, index=INDEX, snapshot=market, **{"turnover_limit": 0.4, **settings})
    exchange = IndexEnhancementExchange(snapshot=market, start_time=first, end_time=last)
    portfolios, _ = backtest(
        start_time=first,
        end_time=last,
        strategy=strategy,
        executor=DAILY_EXECUTOR,
        benchmark=BENCHMARK,
        account=1e8,
        exchange_kwargs={"exchange": exchange},
    )
    report, positions = portfolios["1day"]
    return report, positions, strategy


def log_of(strategy: IndexEnhancementStrategy) -> pd.DataFrame:
    return pd.DataFrame(strategy.log).set_index("datetime")


def test_it_trades_on_the_first_day_and_on_first_days_of_weeks(
    market: MarketSnapshot, random_scores: pd.Series
) -> None:
    report, _, strategy = run(market, random_scores)
    log = log_of(strategy)
    weeks = market.days[START : END + 1].isocalendar()
    firsts = weeks.groupby(["year", "week"]).head(1).index
    assert set(log.index) - {market.days[START]} == set(firsts[1:])
    assert list(log["decided"]) == [market.days[market.position(day) - 1] for day in log.index]
    assert set(report.index[report["turnover"] > 0]) <= set(log.index)


def test_an_oracle_earns_and_chance_loses_about_its_costs(
    market: MarketSnapshot, oracle_scores: pd.Series, random_scores: pd.Series
) -> None:
    report, *_ = run(market, oracle_scores)
    assert measures.annual_excess(report["return"] - report["cost"], report["bench"], 252) > 0.3
    gross, costs = [], []
    for seed in range(6):
        values = np.random.default_rng(seed).permutation(random_scores.to_numpy())
        report, *_ = run(market, pd.Series(values, random_scores.index))
        gross.append(measures.annual_excess(report["return"], report["bench"], 252))
        costs.append(report["cost"].sum() * 252 / len(report))
    assert abs(np.mean(gross)) < 0.05  # three standard errors: 0.022 / sqrt(0.35 years) / sqrt(6)
    assert 0.03 < np.mean(costs) < 0.06  # 0.4 a week at 0.2 % a side, and the first purchase


def test_without_turnover_it_never_trades_after_the_first_day(market: MarketSnapshot, random_scores: pd.Series) -> None:
    report, _, strategy = run(market, random_scores, turnover_limit=0.0)
    assert report["turnover"].iloc[0] > 0.9
    assert (report["turnover"].iloc[1:] == 0).all()
    assert not any(orders for day, orders in strategy.orders.items() if day != market.days[START])


def test_the_account_reconciles(market: MarketSnapshot, random_scores: pd.Series) -> None:
    """Cash and holdings are the value, costs are traded value times rates, and both follow from the positions."""
    report, positions, strategy = run(market, random_scores)
    before: dict[str, float] = {}
    cash, account = 1e8, 1e8
    for day, row in report.iterrows():
        held = {code: holding for code, holding in positions[day].position.items() if isinstance(holding, dict)}
        close, vwap = (market.fields[field][market.position(day)] for field in ("close", "vwap"))
        for code, holding in held.items():
            price = close[market.column(code)]
            assert np.isnan(price) or holding["price"] == price
        amounts = {code: holding["amount"] for code, holding in held.items()}
        trades = {code: amounts.get(code, 0.0) - before.get(code, 0.0) for code in {*amounts, *before}}
        bought = [amount * float(vwap[market.column(code)]) for code, amount in trades.items() if abs(amount) > 1e-6]
        traded = sum(abs(value) for value in bought)
        cash -= sum(bought) + 0.002 * traded
        value = sum(holding["amount"] * holding["price"] for holding in held.values())
        assert row["cash"] == pytest.approx(cash, abs=1e-3)
        assert row["account"] == pytest.approx(cash + value, abs=1e-3)
        assert row["cost"] * account == pytest.approx(0.002 * traded, abs=1e-3)
        assert row["turnover"] * account == pytest.approx(traded, abs=1e-3)
        before, account = amounts, row["account"]
    planned = log_of(strategy)["turnover_planned"]
    executed = report["turnover"].reindex(planned.index) / 0.99
    assert (planned.iloc[1:] <= 0.4 + 1e-9).all()
    assert (executed - planned).abs().max() < 0.05  # prices move from the close to the vwap, lots round


def poisoned(market: MarketSnapshot, scores: pd.Series, first: int) -> tuple[MarketSnapshot, pd.Series]:
    """Prices, weights, limits, members and scores from row `first` on are nonsense."""
    random = np.random.default_rng(0)
    fields = {name: values.copy() for name, values in market.fields.items()}
    for values in fields.values():
        values[first:] = 10 + random.random(values[first:].shape)
    member = market.member.copy()
    member[first:] = True
    late = scores.index.get_level_values("datetime") >= market.days[first]
    other = scores.where(~late, pd.Series(random.standard_normal(len(scores)), scores.index))
    return replace(market, fields=fields, member=member), other


class Peeking(MarketSnapshot):
    """Serves the next day's close: the bug that the test must catch."""

    def known_at(self, date: pd.Timestamp) -> Any:
        return super().known_at(self.days[self.position(date) + 1])


def orders_of(market: MarketSnapshot, scores: pd.Series, day: int, **settings: Any) -> list[tuple[str, int, float]]:
    return run(market, scores, end=day, **settings)[2].orders[market.days[day]]


def test_no_order_depends_on_what_comes_after_the_decision(market: MarketSnapshot, random_scores: pd.Series) -> None:
    _, _, strategy = run(market, random_scores)
    for date in log_of(strategy).index[[1, 5, -1]]:
        day = market.position(date)
        clean = strategy.orders[date]
        assert len(clean) > 10
        assert orders_of(*poisoned(market, random_scores, day), day) == clean
        assert orders_of(*poisoned(market, random_scores, day - 1), day) != clean


def test_a_strategy_that_peeks_is_caught(market: MarketSnapshot, random_scores: pd.Series) -> None:
    peeking = Peeking(**{name: getattr(market, name) for name in MarketSnapshot.__dataclass_fields__})
    day = START + 10
    while market.days[day].weekday() != 0:
        day += 1
    clean = orders_of(peeking, random_scores, day)
    dirty, scores = poisoned(peeking, random_scores, day)
    assert orders_of(dirty, scores, day) != clean


def test_scores_of_any_scale_give_the_same_orders(market: MarketSnapshot, random_scores: pd.Series) -> None:
    _, _, strategy = run(market, random_scores, end=START + 20)
    _, _, scaled = run(market, 1000 * random_scores, end=START + 20)
    assert scaled.orders == strategy.orders


def test_a_week_without_scores_keeps_the_holding_and_says_so(market: MarketSnapshot, random_scores: pd.Series) -> None:
    missing = market.days[START + 20 : START + 30]
    scores = random_scores[~random_scores.index.get_level_values("datetime").isin(missing)]
    report, _, strategy = run(market, scores)
    log = log_of(strategy)
    failed = log[log["status"] == "failed"]
    assert list(failed["decided"]) == [day for day in log["decided"] if day in missing]
    assert failed["message"].iloc[0] == NO_SCORE
    assert (report["turnover"].reindex(failed.index) == 0).all()


def test_scores_of_other_stocks_or_of_no_value_are_none(market: MarketSnapshot, random_scores: pd.Series) -> None:
    """They must not end in all cash as if that was planned."""
    foreign = random_scores.rename(index=str.lower, level="instrument")
    infinite = pd.Series(np.inf, random_scores.index)
    for scores in (foreign, infinite):
        report, _, strategy = run(market, scores, end=START + 10)
        assert {row["status"] for row in strategy.log} == {"failed"}
        assert (report["turnover"] == 0).all()


def test_it_builds_on_the_first_day_with_a_score_also_after_a_failed_rebalance(
    market: MarketSnapshot, random_scores: pd.Series
) -> None:
    late = next(day for day in range(START + 5, END) if market.days[day].weekday() == 2)
    known = random_scores.index.get_level_values("datetime") >= market.days[late]
    _, _, strategy = run(market, random_scores[known], end=late + 2)
    log = log_of(strategy)
    assert set(log["status"].iloc[:-1]) == {"failed"}
    assert (log.index[-1], log["status"].iloc[-1]) == (market.days[late + 1], "solved")
    assert log["turnover_planned"].iloc[-1] == pytest.approx(1.0)


def test_unfilled_orders_are_dropped_or_carried_and_counted(market: MarketSnapshot, random_scores: pd.Series) -> None:
    """All purchases are blocked on the first day, because everything opens at its upper limit."""
    fields = {name: values.copy() for name, values in market.fields.items()}
    fields["limit_up"][START] = fields["open"][START]
    locked = replace(market, fields=fields)
    assert market.days[START].weekday() < 4  # the next day is in the same week
    report, _, dropped = run(locked, random_scores, end=START + 1)
    (row,) = dropped.log
    assert row["unfilled"] == row["orders"] > 30
    assert row["unfilled_value"] == pytest.approx(0.99, abs=0.01)
    assert list(report["turnover"]) == [0, 0]
    report, _, carried = run(locked, random_scores, end=START + 1, unfilled="carry")
    (row,) = carried.log
    assert report["turnover"].iloc[0] == 0
    assert report["turnover"].iloc[1] > 0.95  # lots of the last purchases meet too little cash
    assert row["unfilled"] <= 3


def test_a_stock_whose_factor_is_not_known_yet_is_bought(market: MarketSnapshot, random_scores: pd.Series) -> None:
    """In lots of the trading day's factor."""
    stock = int(np.argmax(market.known_at(market.days[START - 1]).weight))
    factor = market.fields["factor"].copy()
    factor[:START, stock] = np.nan
    late = replace(market, fields={**market.fields, "factor": factor})
    _, positions, _ = run(late, random_scores, end=START)
    shares = positions[market.days[START]].get_stock_amount_dict()[market.stocks[stock]] * factor[START, stock]
    assert shares >= 100
    assert shares == pytest.approx(100 * round(shares / 100))


def test_the_calendars_first_day_is_not_decided_from_its_last(market: MarketSnapshot, random_scores: pd.Series) -> None:
    with pytest.raises(InputError, match="nothing is known before the provider's first day"):
        run(market, random_scores, start=0, end=5)


def test_a_target_without_a_price_is_refused(market: MarketSnapshot, random_scores: pd.Series) -> None:
    """A stock that is not listed yet has the best score, and own constraints let it be bought."""
    day = market.days[START - 1]
    code = market.stocks[int(np.isnan(market.known_at(day).close).argmax())]
    scores = pd.concat([random_scores.drop((day, code), errors="ignore"), pd.Series({(day, code): 99.0})])
    scores.index.names = random_scores.index.names
    with pytest.raises(InputError, match=f"{code} is to be bought, but has no price by"):
        run(market, scores, end=START, constraints=[FullInvestment(), LongOnly()])
