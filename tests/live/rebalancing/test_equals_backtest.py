"""On every rebalance of an enhancement's backtests, from its holding, the same orders."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
import qlib
from qlib.backtest.decision import TradeDecisionWO
from qlib.backtest.position import BasePosition

from qlib_mfgru.demo import make_demo_market
from qlib_mfgru.live.rebalancing.rebalance import rebalance
from qlib_mfgru.portfolio import (
    IndexEnhancement,
    IndexEnhancementSettings,
    IndexEnhancementStrategy,
    MarketSnapshot,
    run_index_enhancement,
)
from qlib_mfgru.portfolio.settings import PortfolioSettings

INDEX = "csi500"


class Noting(IndexEnhancementStrategy):
    """Keeps what each rebalance was decided from, and its orders: by turnover limit and the day of the decision."""

    noted: ClassVar[dict[tuple[float, pd.Timestamp], tuple[BasePosition, list[tuple[str, float]]]]] = {}

    def generate_trade_decision(self, execute_result: Any = None) -> TradeDecisionWO:
        before, position = len(self.log), copy.deepcopy(self.trade_position)
        decision = super().generate_trade_decision(execute_result)
        if len(self.log) > before:
            orders = [(order.stock_id, order.amount * (2 * order.direction - 1)) for order in decision.get_decision()]
            self.noted[self.settings.turnover_limit, self.log[-1]["decided"]] = position, orders
        return decision


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory) -> pd.Series:
    """Scores over 120 stocks and 140 days, with qlib on their market: ST, suspensions, limits, ex-dates."""
    target = tmp_path_factory.mktemp("backtested") / "provider"
    make_demo_market(target, n_stocks=120, n_days=140, intraday_days=1, seed=11)
    qlib.init(provider_uri=str(target), region="cn", kernels=1, logging_level=40)
    market = MarketSnapshot.read(INDEX)
    random = np.random.default_rng(2)
    dense = random.standard_normal((len(market.days), len(market.stocks))).astype(np.float32)
    dense[random.random(dense.shape) < 0.02] = np.nan
    index = pd.MultiIndex.from_product([market.days, market.stocks], names=["datetime", "instrument"])
    return pd.Series(dense.ravel(), index, name="score").dropna()


@pytest.fixture(scope="module")
def backtest(scores: pd.Series) -> IndexEnhancement:
    """The report's three turnover limits; `Noting.noted` tells of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("qlib_mfgru.portfolio.trade.backtest.IndexEnhancementStrategy", Noting)
        days = scores.index.unique("datetime")
        return run_index_enhancement(scores, IndexEnhancementSettings(INDEX, start_time=days[42], end_time=days[130]))


@pytest.fixture
def one_snapshot(monkeypatch: pytest.MonkeyPatch) -> None:
    """The market is read once: it is the same for all dates."""
    market = IndexEnhancementSettings(INDEX).read_market()
    monkeypatch.setattr(PortfolioSettings, "read_market", lambda _: market)


@pytest.mark.usefixtures("one_snapshot")
@pytest.mark.parametrize("limit", [0.3, 0.4, 0.5])
def test_every_rebalance_asks_for_the_backtests_amounts(
    limit: float, backtest: IndexEnhancement, scores: pd.Series
) -> None:
    (run,) = [run for run in backtest.runs if run.limit == limit]
    assert {"solved", "forced"} == set(run.rebalances["status"])
    n_sales = 0
    for _, row in run.rebalances.iterrows():
        position, orders = Noting.noted[limit, row["decided"]]
        plan = rebalance(scores=scores, index=INDEX, date=row["decided"], limit=limit, holdings=position)
        assert list(zip(plan.orders["instrument"], plan.orders["amount"], strict=True)) == orders
        assert plan.summary["status"] == row["status"]
        assert [words.split()[0] for words in plan.summary["untradable"]] == row["untradable"].split()
        assert plan.summary["turnover"] == pytest.approx(row["turnover_planned"], abs=1e-9)
        assert set(plan.summary["relaxed"]) == {
            name.removeprefix("relaxed.") for name in row.index if name.startswith("relaxed.") and row[name] > 0
        }
        n_sales += (plan.orders["side"] == "sell").sum()
    assert len(run.rebalances) >= 18
    assert n_sales > 100


@pytest.mark.parametrize("limit", [0.3, 0.5])
def test_a_list_of_whole_shares_gives_the_backtests_shares(
    limit: float, backtest: IndexEnhancement, scores: pd.Series, tmp_path: Path
) -> None:
    """What was bought in lots is held in whole shares until its first ex-date: as a broker's file has it."""
    (run,) = [run for run in backtest.runs if run.limit == limit]
    decided = run.rebalances["decided"].iloc[1]
    position, orders = Noting.noted[limit, decided]
    view = MarketSnapshot.read(INDEX).known_at(decided)
    factor = dict(zip(view.stocks, view.factor, strict=True))
    shares = {code: amount * factor[code] for code, amount in position.get_stock_amount_dict().items()}
    assert all(abs(each - round(each)) < 1e-3 for each in shares.values())
    rows = ["股票代码\t股票余额", *(f"{code[2:]}\t{round(each):,}" for code, each in shares.items())]
    file = tmp_path / "holdings.csv"
    file.write_text("\n".join(rows), encoding="gbk")
    plan = rebalance(
        scores=scores, index=INDEX, date=decided, limit=limit, holdings=file, cash=float(position.get_cash())
    )
    asked = {code: round(amount * factor[code]) for code, amount in orders}
    signed = plan.orders["asked"].where(plan.orders["side"] == "buy", -plan.orders["asked"])
    assert dict(zip(plan.orders["instrument"], signed, strict=True)) == asked
    assert (plan.orders["shares"] == plan.orders["asked"]).mean() > 0.9  # STAR takes no order below 200 shares
