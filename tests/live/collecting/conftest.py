"""A vendor on the loopback, whose real client collects a market of which the truth is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from qlib_mfgru import live
from qlib_mfgru.demo.baostock import Server, VendorMarket, serving

QUICK = {"first": 0.01, "total": 0.2}
"""Pauses for tests: 0.01, 0.02, .. s."""


@pytest.fixture(scope="session")
def market() -> VendorMarket:
    """Twenty stocks on 150 days, from a summer of dividends across a new year; the last 70 have bars."""
    return VendorMarket.of(n_stocks=20, n_days=150, intraday_days=70, seed=5, start="2020-06-15")


@pytest.fixture
def server(market: VendorMarket) -> Iterator[Server]:
    pytest.importorskip("baostock")
    with serving(market) as server:
        yield server


Collect = Callable[..., live.Collected]


@pytest.fixture
def collect(server: Server, market: VendorMarket, tmp_path: Path) -> Collect:
    """Collect the market from its first day on, by default in this process, into ``out``."""

    def call(out: str = "out", **settings: Any) -> live.Collected:
        address = {"host": server.host, "port": server.port, "timeout": settings.pop("timeout", 5.0)}
        wanted = {"jobs": 1, "patience": QUICK, "since": f"{market.days[0]:%Y-%m-%d}", **settings}
        return live.collect(tmp_path / out, quiet=True, address=address, **wanted)

    return call


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder, by its path in it."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
