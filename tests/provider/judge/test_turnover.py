"""Units that volumes and amounts share."""

from __future__ import annotations

import numpy as np
import pytest
from judged import N, make_series

from qlib_mfgru.provider.judge.market.turnover import Turnover


def turnover(volume: float, n_stocks: int = 30, **changed: object) -> str:
    """What is said of equal stocks at 10 yuan, counted by two processes."""
    content = {"volume": np.full(N, volume), "amount": np.full(N, volume * 10), "bars": None}
    one, other = Turnover(), Turnover()
    for number in range(n_stocks):
        (one, other)[number % 2].add(make_series(**(content | changed)))
    one.add_all(other)
    return one.fault


@pytest.mark.parametrize(("volume", "is_wrong"), [(29_999.0, True), (30_001.0, False), (1.9e9, False), (2.1e9, True)])
def test_a_market_trades_between_two_bounds(volume: float, is_wrong: bool) -> None:
    assert bool(turnover(volume)) == is_wrong


def test_what_it_says() -> None:
    assert turnover(1e3) == (
        "the middle one of 30 stocks trades 10,000 yuan on its usual day, where A-shares trade tens of millions: "
        "volume and amount are in a larger unit than said: write volume: ten_thousand and "
        "amount: ten_thousand, or scale them"
    )
    text = turnover(1e3, amount=np.full(N, np.nan))
    assert text.endswith("the volume is in a larger unit than said: write volume: ten_thousand, or scale them")
    assert turnover(1e10).endswith("write volume: shares and amount: yuan, or scale them")


@pytest.mark.parametrize("changed", [{"board": None}, {"board": "other"}])
def test_other_markets_and_stocks_without_trade_are_no_evidence(changed: dict[str, object]) -> None:
    assert turnover(1e3, **changed) == turnover(np.nan) == ""


def test_few_stocks_are_no_market() -> None:
    assert turnover(1e3, n_stocks=29) == ""


@pytest.mark.parametrize(("share", "is_wrong"), [(3.9e-4, True), (4.1e-4, False), (0.34, False), (0.36, True)])
def test_the_share_of_the_capitalisation_has_bounds_too(share: float, is_wrong: bool) -> None:
    assert ("market_cap, or float_shares" in turnover(1e6, market_cap=np.full(N, 1e7 / share))) == is_wrong


def test_without_amounts_the_volume_may_be_in_lots() -> None:
    lots = turnover(1e5, market_cap=np.full(N, 1e10), amount=np.full(N, np.nan))
    assert "trades 0.0001 of its market capitalisation" in lots
    assert "write volume: lots if so" in lots
    assert "volume" not in turnover(1e5, market_cap=np.full(N, 1e10))
