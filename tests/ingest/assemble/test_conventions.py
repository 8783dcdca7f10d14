"""How prices are meant: raw with a factor, adjusted, or unadjusted."""

from pathlib import Path

import pandas as pd
import pytest

from qlib_mfgru.errors import InputError

from ..vendor import BARS, make_daily, run, stored, write


def test_raw_prices_without_a_factor_are_an_error(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    source = write(tmp_path / "in", bars, make_daily(bars).drop(columns="factor"))
    with pytest.raises(InputError, match="raw prices need a factor"):
        run(source, target)
    content = {"bars": BARS | {"prices": "unadjusted"}, "daily": {"files": "daily.csv", "prices": "unadjusted"}}
    report = run(source, target, content)
    assert stored(target, "SZ000001", "factor").tolist() == [1, 1, 1, 1]
    assert "no factor: prices are stored as they came (unadjusted)" in report.notes
