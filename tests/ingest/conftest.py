"""What every ingest test begins with."""

from pathlib import Path

import pandas as pd
import pytest

from .vendor import make_bars


@pytest.fixture
def bars() -> pd.DataFrame:
    return make_bars()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "provider"
