"""The factor test once more: dictionaries of stocks, share counts and scipy, a date at a time."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from market_world import CODES, DAYS
from scipy.stats import spearmanr


def last_price(prices: np.ndarray, day: int, stock: int) -> float:
    """The latest known price at a day."""
    while not np.isfinite(prices[day, stock]):
        day -= 1
    return float(prices[day, stock])


def preprocess(scores: dict[int, float], industry: np.ndarray, cap: np.ndarray) -> dict[int, float]:
    """Median +- 5 MAD, residual on dummies and log size, z-score; of one date."""
    stocks = list(scores)
    values = np.array([scores[i] for i in stocks])
    centre = np.median(values)
    reach = 5 * np.median(abs(values - centre))
    values = np.clip(values, centre - reach, centre + reach)
    codes = sorted({industry[i] for i in stocks})
    design = np.array([[float(industry[i] == code) for code in codes] + [np.log(cap[i])] for i in stocks])
    values = values - design @ np.linalg.pinv(design) @ values
    values = (values - values.mean()) / values.std()
    return dict(zip(stocks, values, strict=True))


BOUGHT = {
    "next_vwap": (1, "vwap", "open"),
    "next_open": (1, "open", "open"),
    "next_close": (1, "close", "close"),
    "same_close": (0, "close", "close"),
}
"""Days after the signal, price, and the price that must be below the limit."""


def slow_test(
    fields: dict[str, np.ndarray],
    scores: np.ndarray,
    members: np.ndarray,
    signals: list[int],
    n_layers: int,
    entered: str = "next_vwap",
) -> dict[str, Any]:
    """RankIC, counts, daily layer returns, turnover; `signals` are test days, the last of them only ends a period."""
    days, price, at_limit = BOUGHT[entered]
    fields = {name: values.astype(float) for name, values in fields.items()}
    actual: dict[str, Any] = {"rank_ic": [], "counts": [], "returns": [], "turnover": [], "days": []}
    shares: list[dict[int, float]] | None = None
    for signal, following in pairwise(signals):
        entry, exit_ = signal + days, following + days
        kept, counts = {}, dict.fromkeys(("members", "st", "suspended", "limit_up", "no score", "kept"), 0)
        for i in range(len(CODES)):
            if not members[signal, i]:
                continue
            counts["members"] += 1
            if fields["is_st"][signal, i]:
                reason = "st"
            elif not fields["volume"][entry, i] > 0:
                reason = "suspended"
            elif fields[at_limit][entry, i] >= fields["limit_up"][entry, i]:
                reason = "limit_up"
            elif np.isnan(scores[signal, i]):
                reason = "no score"
            else:
                reason = "kept"
                kept[i] = scores[signal, i]
            counts[reason] += 1
        actual["counts"].append(counts)
        factor = preprocess(kept, fields["industry"][signal], fields["market_cap"][signal])
        earned = [last_price(fields[price], exit_, i) / fields[price][entry, i] - 1 for i in kept]
        actual["rank_ic"].append(spearmanr([factor[i] for i in kept], earned).statistic)
        ordered = sorted(kept, key=lambda i: (factor[i], i))
        layers = [
            [i for place, i in enumerate(ordered) if place * n_layers // len(ordered) == layer]
            for layer in range(n_layers)
        ]
        bought = [{i: 1 / len(layer) / fields[price][entry, i] for i in layer} for layer in [*layers, ordered]]
        if shares is not None:
            actual["turnover"].append(
                [two_sided(fields[price], entry, old, new) for old, new in zip(shares, bought, strict=True)]
            )
        shares = bought
        for day in range(entry + 1, exit_ + 1):
            actual["days"].append(DAYS[day])
            actual["returns"].append(
                [worth(fields[price], day, held) / worth(fields[price], day - 1, held) - 1 for held in shares]
            )
    return actual


def worth(prices: np.ndarray, day: int, shares: dict[int, float]) -> float:
    return sum(count * last_price(prices, day, i) for i, count in shares.items())


def two_sided(prices: np.ndarray, day: int, old: dict[int, float], new: dict[int, float]) -> float:
    """Buys and sells of a rebalance by value, both portfolios scaled to a value of 1."""
    before = {i: count * last_price(prices, day, i) / worth(prices, day, old) for i, count in old.items()}
    after = {i: count * last_price(prices, day, i) for i, count in new.items()}
    return sum(abs(after.get(i, 0.0) - before.get(i, 0.0)) for i in before.keys() | after.keys())
