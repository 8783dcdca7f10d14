"""Random panels with all that statistics must survive, and slow references in plain loops."""

from __future__ import annotations

import numpy as np
import pytest


def dirty_panel(seed: int = 0, n_dates: int = 12, n_stocks: int = 40) -> np.ndarray:
    """Factor with NaN, ties, a date with 3 stocks, one with a constant factor, one with none, one with 23 stocks."""
    random = np.random.default_rng(seed)
    values = random.standard_normal((n_dates, n_stocks))
    values[:, : n_stocks // 2] = np.round(values[:, : n_stocks // 2])
    values[random.random(values.shape) < 0.15] = np.nan
    values[1, 3:] = np.nan
    values[1, :3] = (0.5, -1.0, 2.0)
    values[2] = 0.1
    values[3] = np.nan
    values[4, 23:] = np.nan
    values[4, :23] = random.standard_normal(23)
    return values


def returns_panel(seed: int = 1, n_dates: int = 12, n_stocks: int = 40) -> np.ndarray:
    """Returns with fat tails and NaN."""
    random = np.random.default_rng(seed)
    values = 0.03 * random.standard_t(4, (n_dates, n_stocks))
    values[random.random(values.shape) < 0.1] = np.nan
    values[1, :3] = (0.01, 0.02, 0.03)
    return values


def assert_rows(actual: np.ndarray, expected: list[float] | np.ndarray) -> None:
    """Equal to 1e-12, NaN in the same places."""
    np.testing.assert_allclose(actual, np.asarray(expected, dtype=float), rtol=1e-12, atol=1e-12)


def known_places(row: np.ndarray) -> list[int]:
    """Places of a row's known values."""
    return [place for place, value in enumerate(row) if value == value]


SEEDS = pytest.mark.parametrize("seed", [0, 1, 2])
