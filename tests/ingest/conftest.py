"""What every ingest test begins with."""

from pathlib import Path

import pandas as pd
import pytest

from .vendor import make_bars, make_daily, write


@pytest.fixture
def bars() -> pd.DataFrame:
    return make_bars()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "provider"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A vendor folder with bars and daily bars."""
    bars = make_bars()
    return write(tmp_path / "in", bars, make_daily(bars))
