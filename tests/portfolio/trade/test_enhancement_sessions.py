"""Enhancements in markets of other sessions: lots, absent limits and flags, annual figures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import qlib

from qlib_mfgru.demo import make_demo_market
from qlib_mfgru.portfolio import (
    IndexEnhancement,
    IndexEnhancementExchange,
    IndexEnhancementSettings,
    MarketSnapshot,
    run_index_enhancement,
)
from qlib_mfgru.portfolio.results import tables
from qlib_mfgru.portfolio.results.conventions import conventions

LIMITS = {"min_constituent_weight": 0.5, "max_weight_deviation": 0.1, "industry_exposure": 0.3, "exposures": {}}


def use(provider: Path, region: str = "us") -> MarketSnapshot:
    qlib.init(provider_uri=str(provider), region=region, kernels=1, logging_level=40)
    return MarketSnapshot.read("large")


@pytest.fixture(scope="module")
def providers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("sessions")
    for name in ("us", "hk", "crypto"):
        make_demo_market(folder / name, n_stocks=60, n_days=80, intraday_days=1, seed=1, session=name)
    return {name: folder / name for name in ("us", "hk", "crypto")}


def enhanced(market: MarketSnapshot) -> IndexEnhancement:
    """With random scores, over 20 days."""
    dense = np.random.default_rng(0).standard_normal((len(market.days), len(market.stocks)))
    index = pd.MultiIndex.from_product([market.days, market.stocks], names=["datetime", "instrument"])
    span = {"start_time": market.days[50], "end_time": market.days[70]}
    settings = IndexEnhancementSettings(
        "large", benchmark="LARGE", turnover_limits=[0.5], account=1e6, **LIMITS, **span
    )
    return run_index_enhancement(pd.Series(dense.ravel(), index), settings)


@pytest.mark.parametrize(
    ("session", "lot", "amount", "rounded"),
    [("us", 1, 12.34, 12.0), ("hk", 100, 149.0, 100.0), ("crypto", None, 12.34, 12.34)],
)
@pytest.mark.parametrize("region", ["us", "cn"])
def test_lots_are_the_sessions_in_any_region(
    providers: dict[str, Path], session: str, lot: int | None, amount: float, rounded: float, region: str
) -> None:
    """A share is half an adjusted one where the factor is 2."""
    market = use(providers[session], region)
    for exchange in (IndexEnhancementExchange(), IndexEnhancementExchange(market)):
        assert exchange.trade_unit == lot
        assert exchange.round_amount_by_trade_unit(amount, 2.0) == rounded
    assert IndexEnhancementExchange(market, trade_unit=10).round_amount_by_trade_unit(12.34, 2.0) == 10.0
    assert IndexEnhancementExchange(market, trade_unit=None).trade_unit is None


def test_a_shares_trade_in_hundreds_in_any_region(enhancement_provider: Path) -> None:
    for region in ("us", "cn"):
        qlib.init(provider_uri=str(enhancement_provider), region=region, kernels=1, logging_level=40)
        assert IndexEnhancementExchange().trade_unit == 100


@pytest.mark.parametrize(("session", "days"), [("us", 252), ("hk", 246), ("crypto", 365)])
def test_an_enhancement_holds_lots_and_counts_the_sessions_days(
    providers: dict[str, Path], session: str, days: int
) -> None:
    market = use(providers[session])
    result = enhanced(market)
    (run,) = result.runs
    assert np.nanmax(market.fields["factor"][50:71]) == 1  # raw shares, before the first ex-day
    lots = run.positions["amount"].to_numpy() / (market.session.lot or 1)
    assert len(lots) > 100
    whole = np.abs(lots - np.rint(lots)) < 1e-6
    assert whole.all() if market.session.lot else not whole.any()
    row = tables.performance(result).iloc[0]
    returns, benchmark = run.returns.to_numpy(), run.benchmark.to_numpy()
    assert row["annual_return"] == pytest.approx(np.prod(1 + returns) ** (days / len(returns)) - 1)
    assert row["tracking_error"] == pytest.approx((returns - benchmark).std(ddof=1) * days**0.5)
    assert f"{days} days a year" in " ".join(conventions(result))


def test_nobody_is_at_a_limit_or_flagged(providers: dict[str, Path]) -> None:
    market = use(providers["us"])
    for name in ("limit_up", "limit_down", "is_st"):
        assert np.isnan(market.fields[name]).all()
    for day in market.days[40:45]:
        view = market.known_at(day)
        assert not (view.at_limit_up | view.at_limit_down | view.is_st).any()
    quote, close = IndexEnhancementExchange(market).quote, market.fields["close"]
    for name in ("limit_buy", "limit_sell"):
        np.testing.assert_array_equal(quote.fields[name], np.isnan(close) | ~(market.fields["volume"] > 0))
