"""Where a pool's numbers say little: layers of a few stocks, and factors that are all equal."""

from __future__ import annotations

from qlib_mfgru.factor.study import FactorTest, PoolTest
from qlib_mfgru.report.words import label

THIN = 5
"""Layers with fewer stocks than this on some test date are warned of."""


def thin(result: PoolTest) -> str:
    """Says how few stocks the layers hold; empty where they hold enough."""
    n_layers = result.layers[-1]
    kept = result.counts["kept"][result.counts["kept"] >= n_layers]
    least, most = int(kept.min()) // n_layers, -(-int(kept.max()) // n_layers)
    return label("thin", least=least, most=most) if least < THIN else ""


def constant(result: PoolTest, name: str = "constant") -> str:
    """Says on how many dates all factors are equal, so that layers go by code; empty where there are none.

    `name` is that of the words; ``equal`` are those that fit beside the title of a panel.
    """
    of = int((result.counts["kept"] >= result.layers[-1]).sum())
    return label(name, n=result.n_without_ic, of=of) if result.n_without_ic else ""


def without_top(test: FactorTest) -> list[str]:
    """Says of pools whose layers mostly go by code that figures of their TOP layer are left out, and why."""
    return [
        f"{pool.upper()}: {constant(result)}; {label('without_top')}."
        for pool, result in test.pools.items()
        if result.by_code
    ]


def doubts(test: FactorTest) -> list[str]:
    """`constant` and `thin` of every pool that they are about."""
    said = [(pool, words) for pool, result in test.pools.items() for words in (constant(result), thin(result)) if words]
    return [f"{pool.upper()}: {words}." for pool, words in said]
