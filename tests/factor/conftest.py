"""qlib on the small market."""

from __future__ import annotations

from pathlib import Path

import market_world
import pytest


@pytest.fixture(scope="session")
def market_provider(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return market_world.write(tmp_path_factory.mktemp("factor") / "provider")


@pytest.fixture
def market_qlib(market_provider: Path) -> Path:
    market_world.use(market_provider)
    return market_provider
