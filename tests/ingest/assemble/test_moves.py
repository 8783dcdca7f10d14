"""A stock's moves, which are made once, are those of its days, prices and factors as they are judged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.ingest.assemble import assembly
from qlib_mfgru.provider.judge import Finding, Moves, StockSeries, judge

from ..vendor import make_bars, make_daily, run, with_inputs, write

DAYS = pd.bdate_range("2025-03-03", periods=12)


def sound(daily: pd.DataFrame) -> pd.DataFrame:
    return daily


def spiked(daily: pd.DataFrame) -> pd.DataFrame:
    """Prices in another unit, so that the day is made from its bars."""
    daily.loc[daily["date"] == DAYS[7], ["open", "high", "low", "close"]] *= 10
    return daily


def lacking(daily: pd.DataFrame) -> pd.DataFrame:
    """A day that only the bars have."""
    return daily[daily["date"] != DAYS[5]]


def lost(daily: pd.DataFrame) -> pd.DataFrame:
    """A factor that is lost for a day, and put right."""
    return daily.assign(factor=daily["factor"].where(daily["date"] != DAYS[6], 1.0))


@pytest.mark.parametrize("spoil", [sound, spiked, lacking, lost], ids=lambda spoil: spoil.__name__)
def test_moves_that_are_judged_are_not_stale(
    tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch, spoil: object
) -> None:
    seen: list[StockSeries] = []

    def watched(series: StockSeries) -> list[Finding]:
        seen.append(series)
        return judge(series)

    monkeypatch.setattr(assembly, "judge", watched)
    bars = make_bars(("600000",), DAYS)
    assert callable(spoil)
    run(write(tmp_path / "in", bars, spoil(make_daily(bars))), target, with_inputs(max_dropped=0.2))
    (series,) = seen
    fresh = Moves.of(series.days, series.prices["close"], series.factor, series.board)
    assert len(fresh.places) == len(DAYS)
    for name in ("places", "idle", "raw", "change", "up", "down", "within_limit"):
        np.testing.assert_array_equal(getattr(series.moves, name), getattr(fresh, name))
    assert (fresh.change == 0).all()
