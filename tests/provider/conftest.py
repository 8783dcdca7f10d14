"""Fixtures of the provider room's tests."""

from __future__ import annotations

from pathlib import Path

import pytest
import small_market


@pytest.fixture(scope="session")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small market; tests that change it work on a copy."""
    return small_market.write_small_market(tmp_path_factory.mktemp("small") / "provider")
