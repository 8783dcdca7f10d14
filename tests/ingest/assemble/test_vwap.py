"""Volume-weighted mean prices of bars and days."""

from pathlib import Path

import pandas as pd
import pytest

from ..vendor import BARS, DAILY, make_daily, replaced, run, stored, write

WHEN = "2025-03-04 10:00"


def test_an_amount_that_does_not_fit_the_price_is_only_counted(
    bars: pd.DataFrame, tmp_path: Path, target: Path
) -> None:
    row = bars[(bars["symbol"] == "000001") & (bars["datetime"] == WHEN)].iloc[0]
    bars = replaced(bars, "000001", WHEN, amount=row["volume"] * row["high"] * 1.1)
    report = run(write(tmp_path / "in", bars, make_daily(bars)), target)
    tally = report.warnings["bars whose amount / volume lies outside [low, high] by more than 0.1 %, kept"]
    assert (tally.count, tally.examples) == (1, ["SZ000001 2025-03-04"])
    vwap = stored(target, "SZ000001", "vwap", "15min")[WHEN]
    assert vwap == pytest.approx(row["high"] * 1.1 * 2, rel=1e-6)


def test_a_missing_vwap_can_stay_missing(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    source = write(tmp_path / "in", bars.drop(columns="amount"), make_daily(bars))
    report = run(source, target, {"bars": BARS, "daily": DAILY, "missing_vwap": "nan"})
    assert stored(target, "SH600000", "vwap").isna().all()
    assert stored(target, "SH600000", "vwap", "15min").isna().all()
    assert report.warnings["bars without amount: $vwap is NaN"].count == 192
