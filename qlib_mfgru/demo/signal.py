"""The planted signals: two latent states that predict returns, each hidden from the other frequency.

Everything here is in units of a stock's own idiosyncratic volatility. A day's idiosyncratic return is::

    u[t] = e[t] + sum_l a[l] * e[t - l] + kappa * s[t - 1]

with independent shocks e.

*Daily part.* The shocks of 16 to 49 days ago move today's price (``a[16..49] > 0``). The label of day t is the return
from t+1 to t+11, so the shocks that move it and lie inside a window of 40 closes are 5 to 38 days old. 72 % of that
(in variance) is older than a window of 20 days shows, and the latest 5 days say nothing. A signal that is older than 20
days throughout would be cleaner, but gives a GRU no short memory to build a long one on: it stays on a plateau for tens
of epochs. The coefficients ``a[1..15]`` are tiny and negative, just enough that returns have no autocorrelation at lags
1 to 15; without them the drift itself would show as a faint momentum.

*Intraday part.* The state s is a slow AR(1) that raises the next days' drift and shows only in how a day's volume
spreads over the session (see `bars`). That drift would reveal s in past returns, so each day's innovation of s leans
against that day's shock, by exactly the amount that makes s[t] uncorrelated with every return up to t (except for the
echo, which is of second order). The lean also correlates the two states by about -0.1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qlib_mfgru.demo.spec import DemoSpec

HORIZON = (2, 11)
"""First and last day, after the sample's, whose returns make the label ``Ref($close, -11)/Ref($close, -1) - 1``."""
LAGS = (16, 49)
"""First and last lag, in days, at which a shock moves the price again."""
VISIBLE = (5, 38)
"""Age, in days, of the shocks that move the label and lie inside a window of 40 closes."""
HALF_LIFE = 12.0
"""Days in which the intraday state decays by half."""

DAILY_COEFFICIENT = 0.012
INTRADAY_COEFFICIENT = 0.083
"""``a[16..49]`` and kappa at strength 1, set so that each oracle's RankIC with the ten-day label is near 0.15."""

WARM_UP = LAGS[1] + VISIBLE[1]
_TAIL_DEGREES = 5  # of the shocks' t distribution: fat tails, as returns have


@dataclass(frozen=True)
class Signal:
    """Unit returns and the states that predict them, each of shape (n_days, n_stocks).

    Attributes
    ----------
    unit_return : ndarray
        Idiosyncratic log return in units of the stock's volatility.
    daily : ndarray
        What the shocks 5 to 38 days old say about the label; variance 1. Known at the day's close.
    intraday : ndarray
        The state that the day's volume profile shows; variance 1. Known at the day's close.
    """

    unit_return: np.ndarray
    daily: np.ndarray
    intraday: np.ndarray


def simulate_signal(spec: DemoSpec) -> Signal:
    """Draw shocks and states for every stock and day."""
    random = spec.stream("shocks")
    shape = (WARM_UP + spec.n_days, spec.n_stocks)
    shocks = random.standard_t(_TAIL_DEGREES, shape) * np.sqrt((_TAIL_DEGREES - 2) / _TAIL_DEGREES)
    echo = weighted_past(shocks, echo_coefficients(DAILY_COEFFICIENT * spec.daily_strength))
    kappa = INTRADAY_COEFFICIENT * spec.intraday_strength
    state = hidden_state(shocks, spec.stream("state").standard_normal(shape), kappa)
    returns = shocks + echo
    returns[1:] += kappa * state[:-1]
    weights = visible_weights()
    seen = weighted_past(shocks, weights / np.linalg.norm(weights))
    return Signal(returns[WARM_UP:], seen[WARM_UP:], state[WARM_UP:])


def echo_coefficients(height: float) -> np.ndarray:
    """Moving-average coefficients by lag, shape (50,); lag 0 is 0 (the shock itself is added apart).

    Lags 16 to 49 have `height`; lags 1 to 15 solve ``a[h] + sum_l a[l] * a[l + h] = 0``, by iteration.
    """
    first, last = LAGS
    a = np.zeros(last + 1)
    a[first:] = height
    for _ in range(50):
        a[1:first] = [-(a[1:-h] @ a[1 + h :]) for h in range(1, first)]
    return a


def visible_weights() -> np.ndarray:
    """How often a shock of age i enters the label, for the ages in `VISIBLE`, else 0; shape (39,)."""
    ages = np.arange(VISIBLE[1] + 1)
    arrivals = ages[:, None] + np.arange(HORIZON[0], HORIZON[1] + 1)
    counts = ((arrivals >= LAGS[0]) & (arrivals <= LAGS[1])).sum(axis=1).astype(float)
    counts[: VISIBLE[0]] = 0.0
    return counts


def hidden_state(shocks: np.ndarray, noise: np.ndarray, kappa: float) -> np.ndarray:
    """AR(1) of variance 1 that is uncorrelated with the returns it drives; shape of `shocks`.

    The lean solves ``cov(u[t], s[t]) = kappa * phi + sqrt(1 - phi**2) * lean = 0``; later covariances decay from
    there, so they are 0 as well.
    """
    phi = 0.5 ** (1 / HALF_LIFE)
    step = np.sqrt(1 - phi**2)
    lean = -kappa * phi / step
    innovations = step * (lean * shocks + np.sqrt(1 - lean**2) * noise)
    innovations[0] /= step
    return autoregress(innovations, phi)


def autoregress(innovations: np.ndarray, phi: float) -> np.ndarray:
    """``x[t] = phi * x[t - 1] + innovations[t]`` along the first axis."""
    x = innovations.copy()
    for t in range(1, len(x)):
        x[t] += phi * x[t - 1]
    return x


def weighted_past(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """``sum_i weights[i] * values[t - i]`` along the first axis; values before the first count as 0."""
    total = np.zeros_like(values)
    for age in np.flatnonzero(weights):
        total[age:] += weights[age] * values[: len(values) - age]
    return total
