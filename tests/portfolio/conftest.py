"""A demo market with everything that an enhancement meets, and scores for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import qlib

from qlib_mfgru.demo import make_demo_market
from qlib_mfgru.portfolio import MarketSnapshot

INDEX = "csi500"


@pytest.fixture(scope="session")
def enhancement_provider(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """120 stocks, 140 days; ST, suspended and limit-locked stocks, splits and new listings among them."""
    target = tmp_path_factory.mktemp("enhancement") / "provider"
    make_demo_market(target, n_stocks=120, n_days=140, intraday_days=20, seed=11)
    return target


@pytest.fixture
def market(enhancement_provider: Path) -> MarketSnapshot:
    """The market's snapshot for `INDEX`, with qlib on its provider."""
    qlib.init(provider_uri=str(enhancement_provider), region="cn", kernels=1, logging_level=40)
    return MarketSnapshot.read(INDEX)


def to_scores(market: MarketSnapshot, dense: np.ndarray) -> pd.Series:
    """Scores as ``pred.pkl`` holds them, of dense ones (n_days, n_stocks)."""
    index = pd.MultiIndex.from_product([market.days, market.stocks], names=["datetime", "instrument"])
    return pd.Series(dense.ravel(), index, name="score").dropna()


@pytest.fixture
def random_scores(market: MarketSnapshot) -> pd.Series:
    """Knows nothing; some are missing."""
    random = np.random.default_rng(2)
    dense = random.standard_normal((len(market.days), len(market.stocks)))
    dense[random.random(dense.shape) < 0.02] = np.nan
    return to_scores(market, dense)


@pytest.fixture
def oracle_scores(market: MarketSnapshot) -> pd.Series:
    """Knows the return from the next day's vwap to that five days later."""
    vwap = pd.DataFrame(market.fields["vwap"]).ffill().to_numpy(np.float64)
    dense = np.full(vwap.shape, np.nan)
    dense[:-6] = vwap[6:] / vwap[1:-5] - 1
    return to_scores(market, dense)
