"""qlib on the small market."""

from __future__ import annotations

from pathlib import Path

import market_world
import pytest
import qlib


def use(provider: Path) -> None:
    qlib.init(provider_uri=str(provider), region="cn", kernels=1, logging_level=30)


def start_store(provider: Path, folder: Path) -> None:
    """qlib on a provider, with an empty store of experiments in a folder, where artifacts go too."""
    manager = {
        "class": "MLflowExpManager",
        "module_path": "qlib.workflow.expm",
        "kwargs": {"uri": f"sqlite:///{folder}/mlruns.db", "default_exp_name": "default"},
    }
    qlib.init(provider_uri=str(provider), region="cn", kernels=1, exp_manager=manager, logging_level=30)


@pytest.fixture(scope="session")
def market_provider(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return market_world.write(tmp_path_factory.mktemp("factor") / "provider")


@pytest.fixture
def market_qlib(market_provider: Path) -> Path:
    use(market_provider)
    return market_provider
