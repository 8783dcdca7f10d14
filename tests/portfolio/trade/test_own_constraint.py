"""The documentation's constraint of a user's own, as a YAML names it, on a small market."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import traded_amount
from traded_amount import TradedAmountFloor

from qlib_mfgru.errors import InputError
from qlib_mfgru.portfolio import IndexEnhancementSettings, MarketSnapshot, PortfolioRun, run_index_enhancement

DOCS = Path(__file__).parents[3] / "docs"
LEAST = 4e7


def config(name: str, module: str = "qlib_mfgru.portfolio", **kwargs: Any) -> dict[str, Any]:
    return {"class": name, "module_path": module, "kwargs": kwargs}


def settings(market: MarketSnapshot, own: Any) -> IndexEnhancementSettings:
    """Four weeks; the turnover limit binds, so that holdings are kept for more than one of them."""
    names = ("FullInvestment", "LongOnly", "NoLimitUpBuys", "NoLimitDownSells", "FrozenSuspended", "NoUnscoredBuys")
    rules = [*map(config, names), config("WeightDeviation", limit=0.1)]
    return IndexEnhancementSettings(
        "csi500",
        turnover_limits=[0.3],
        constraints=[*rules, *own],
        start_time=market.days[42],
        end_time=market.days[62],
    )


def amounts_traded(run: PortfolioRun, market: MarketSnapshot, of: str) -> np.ndarray:
    """What each stock that is bought had traded when that was decided; or, ``held``, each that is held in the end."""
    amounts = pd.DataFrame(market.fields["amount"], market.days, market.stocks)
    held = run.positions["amount"].reset_index().pivot_table("amount", "datetime", "instrument", fill_value=0.0)
    decided = amounts.loc[run.rebalances["decided"], held.columns].to_numpy()
    if of == "held":
        return np.asarray(decided[-1][held.iloc[-1] > 0])
    before = held.shift(fill_value=0.0).loc[run.rebalances.index]
    return np.asarray(decided[held.loc[run.rebalances.index] > before + 1e-6])


def test_nothing_is_bought_that_traded_less_and_holdings_may_stay(
    market: MarketSnapshot, random_scores: pd.Series
) -> None:
    with_amounts = MarketSnapshot.read("csi500", needs=["amount"])
    own = config("TradedAmountFloor", "traded_amount", least=LEAST)
    (free,) = run_index_enhancement(random_scores, settings(market, [])).runs
    (run,) = run_index_enhancement(random_scores, settings(market, [own])).runs
    assert amounts_traded(free, with_amounts, "bought").min() < LEAST / 4
    bought = amounts_traded(run, with_amounts, "bought")
    assert len(bought) > 10
    assert bought.min() >= LEAST
    assert amounts_traded(run, with_amounts, "held").min() < LEAST
    assert (run.rebalances["relaxed.traded_amount_floor"] == 0).all()


@dataclass(frozen=True)
class Misspelt(TradedAmountFloor):
    needs = ("amuont",)


def test_a_misspelt_need_is_refused_before_anything_runs(
    market: MarketSnapshot, random_scores: pd.Series, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qlib_mfgru.portfolio.trade.backtest.backtest", lambda **_: pytest.fail("it ran"))
    message = r"^the provider .* has no \$amuont \(the nearest is \$amount\) for constraints or exposures: set"
    with pytest.raises(InputError, match=message) as refused:
        run_index_enhancement(random_scores, settings(market, [Misspelt(1.0)]))
    assert "\n" not in str(refused.value)


def test_a_wrong_floor_is_refused_when_the_setting_is_made(market: MarketSnapshot) -> None:
    with pytest.raises(InputError, match=r"TradedAmountFloor.least is 0: must be above 0$"):
        settings(market, [config("TradedAmountFloor", "traded_amount", least=0)])


def test_the_class_is_the_documentations() -> None:
    """From its decorator on."""
    source = Path(traded_amount.__file__).read_text()
    assert len(source.splitlines()) < 40
    assert source[source.index("@dataclass") :] in (DOCS / "extend.md").read_text()
