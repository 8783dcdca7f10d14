"""IC, layer returns and rank autocorrelation against alphalens, where the definitions meet.

The input is clean: no NaN, no ties, 30 stocks in 5 layers of 6. Where the definitions differ:

- alphalens cuts layers at quantiles of the values (`pd.qcut`), ours by place; with ties or sizes that do not divide the
  layers differ by a stock.
- Its layer returns are means of the stocks' period returns; ours are daily returns of a holding. Compounded over a
  period they are the same number.
- Its turnover is the share of names that are new; ours the value that is bought and sold.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.factor.ic import rank_autocorrelation, rank_ic
from qlib_mfgru.factor.layers import Holding, assign_layers, equal_weights

performance = pytest.importorskip("alphalens.performance")
utils = pytest.importorskip("alphalens.utils")

DAYS = pd.bdate_range("2024-01-01", periods=40)
N_STOCKS, N_LAYERS, N_DATES = 30, 5, 35


@pytest.fixture(scope="module")
def panel() -> tuple[np.ndarray, np.ndarray]:
    """Factor and prices, (n_days, n_stocks)."""
    random = np.random.default_rng(0)
    prices = 10 * np.exp(np.cumsum(0.02 * random.standard_normal((len(DAYS), N_STOCKS)), axis=0))
    slow = np.cumsum(random.standard_normal((len(DAYS), N_STOCKS)), axis=0)
    return slow, prices


@pytest.fixture(scope="module")
def theirs(panel: tuple[np.ndarray, np.ndarray]) -> pd.DataFrame:
    """alphalens' clean factor: quantile and forward returns over 1 and 5 days."""
    names = pd.Index([f"S{i:02d}" for i in range(N_STOCKS)], name="asset")
    factor, prices = (pd.DataFrame(values, DAYS, names) for values in panel)
    index = pd.MultiIndex.from_product([DAYS, names], names=["date", "asset"])
    stacked = pd.Series(factor.to_numpy().ravel(), index)
    return utils.get_clean_factor_and_forward_returns(stacked, prices, quantiles=N_LAYERS, periods=(1, 5), max_loss=0.2)


@pytest.mark.parametrize("horizon", [1, 5])
def test_rank_ic(panel: tuple[np.ndarray, np.ndarray], theirs: pd.DataFrame, horizon: int) -> None:
    factor, prices = panel
    returns = prices[horizon : N_DATES + horizon] / prices[:N_DATES] - 1
    expected = performance.factor_information_coefficient(theirs)[f"{horizon}D"]
    assert len(expected) == N_DATES
    np.testing.assert_allclose(rank_ic(factor[:N_DATES], returns), expected, atol=1e-12)


def test_layers_and_their_returns(panel: tuple[np.ndarray, np.ndarray], theirs: pd.DataFrame) -> None:
    factor, prices = panel
    layers = assign_layers(factor[:N_DATES], N_LAYERS)
    quantiles = theirs["factor_quantile"].to_numpy().reshape(N_DATES, N_STOCKS)
    np.testing.assert_array_equal(layers + 1, quantiles)
    means, _ = performance.mean_return_by_quantile(theirs, by_date=True, demeaned=False)
    for date in range(N_DATES):
        held = Holding.over(equal_weights(layers[date], N_LAYERS), prices[date : date + 6]).returns
        total = np.prod(1 + held, axis=0)[:N_LAYERS] - 1
        np.testing.assert_allclose(total, means["5D"].xs(DAYS[date], level="date"), atol=1e-12)
        np.testing.assert_allclose(held[0, :N_LAYERS], means["1D"].xs(DAYS[date], level="date"), atol=1e-12)


def test_rank_autocorrelation(panel: tuple[np.ndarray, np.ndarray], theirs: pd.DataFrame) -> None:
    expected = performance.factor_rank_autocorrelation(theirs, period=1)
    np.testing.assert_allclose(rank_autocorrelation(panel[0][:N_DATES]), expected, atol=1e-12)


def test_turnover_of_names(panel: tuple[np.ndarray, np.ndarray], theirs: pd.DataFrame) -> None:
    """With equal weights and still prices, value traded is twice the share of new names."""
    layers = assign_layers(panel[0][:N_DATES], N_LAYERS)
    new = performance.quantile_turnover(theirs["factor_quantile"], N_LAYERS)
    weights = [equal_weights(row, N_LAYERS)[:, N_LAYERS - 1] for row in layers]
    traded = [np.abs(after - before).sum() for before, after in pairwise(weights)]
    np.testing.assert_allclose(traded, 2 * new.iloc[1:], atol=1e-12)
