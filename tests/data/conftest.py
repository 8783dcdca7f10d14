"""Fixtures of the data package's tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_market
from small_market import use

from qlib_mfgru.data import MultiFreqDataset, MultiFreqHandler
from qlib_mfgru.demo import make_demo_market


@pytest.fixture(scope="session")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small market; tests that change it work on a copy."""
    return small_market.write_small_market(tmp_path_factory.mktemp("small") / "provider")


@pytest.fixture(scope="session")
def demo_provider(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "provider"
    make_demo_market(folder, 60, 130, intraday_days=90, seed=3)
    return folder


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("panels")


@pytest.fixture
def make_handler(provider: Path, cache: Path) -> Callable[..., MultiFreqHandler]:
    """A handler of the small market with short windows."""
    use(provider)

    def make(**kwargs: Any) -> MultiFreqHandler:
        settings = {"inputs": small_market.INPUTS, "label": small_market.LABEL, "cache_dir": cache}
        return MultiFreqHandler(**{**settings, **kwargs})

    return make


@pytest.fixture
def handler(make_handler: Callable[..., MultiFreqHandler]) -> MultiFreqHandler:
    return make_handler()


@pytest.fixture
def make_dataset(make_handler: Callable[..., MultiFreqHandler]) -> Callable[..., MultiFreqDataset]:
    """A dataset of the small market: train on days 0 .. 64, test on days 65 .. 75."""

    def make(
        segments: dict[str, Any] | None = None, sample_step: int = 2, valid_blocks: int = 1, **kwargs: Any
    ) -> MultiFreqDataset:
        days = small_market.DAYS
        chosen = segments or {"train": (days[0], days[64]), "test": (days[65], days[75])}
        return MultiFreqDataset(make_handler(**kwargs), chosen, sample_step=sample_step, valid_blocks=valid_blocks)

    return make
