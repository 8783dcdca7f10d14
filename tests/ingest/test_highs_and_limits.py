"""Highs, lows and limits of an input that the other inputs contradict: refused with the cause."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from .vendor import BARS, DAILY, make_bars, make_daily, refused, run, stored, write

DAYS = pd.bdate_range("2025-03-03", periods=5)
PRICES = ["open", "high", "low", "close"]


@pytest.fixture
def bars() -> pd.DataFrame:
    return make_bars(("600000", "000001", "300750", "688001"), DAYS)


def limited(bars: pd.DataFrame) -> pd.DataFrame:
    """Daily rows of a board with 10 %, with their limits; closes that move 2 % a day, so that a day late is seen."""
    daily = make_daily(bars)
    before = daily.groupby("symbol")["close"].shift()
    return daily.assign(limit_up=(before * 1.1).round(2), limit_down=(before * 0.9).round(2))


def moving(stocks: tuple[str, ...]) -> pd.DataFrame:
    """Bars whose prices rise by 2 % each night."""
    bars = make_bars(stocks, DAYS)
    number = (bars["datetime"].dt.normalize().rank(method="dense") - 1).to_numpy()
    times = 1.02**number
    bars[PRICES] = (bars[PRICES].to_numpy() * times[:, None]).round(2)
    return bars.assign(amount=bars["amount"] * times)


@pytest.mark.parametrize("spoil", ["late", "scaled", "none"])
def test_given_limits_of_another_day_or_scale_are_refused(tmp_path: Path, target: Path, spoil: str) -> None:
    bars = moving(("600000", "000001", "600001"))
    daily, limits = limited(bars), ["limit_up", "limit_down"]
    if spoil == "late":
        daily[limits] = daily.groupby("symbol")[limits].shift()
    if spoil == "scaled":
        daily[limits] *= 1.2
    source = write(tmp_path / "in", bars, daily)
    if spoil == "none":
        run(source, target)
        up = stored(target, "SH600000", "limit_up")
        expected = daily[daily["symbol"] == "600000"].set_index("date")["limit_up"]
        np.testing.assert_allclose(up.iloc[1:], expected.iloc[1:] * 2, rtol=1e-6)
        return
    message = refused(source, target, {"bars": BARS, "daily": DAILY})
    what = "days whose limits are not the previous close and a ratio of the board: limits of"
    assert what in message
    run(write(tmp_path / "without", bars, daily.drop(columns=limits)), target)


@pytest.mark.parametrize(
    ("field", "times", "what"),
    [
        ("high", 1.05, "days whose high or low is more than 0.5 % and a cent beyond all bars"),
        ("high", 0.992, "days whose bars leave the daily [low, high] by more than 0.1 % and a cent"),
        ("low", 0.95, "days whose high or low is more than 0.5 % and a cent beyond all bars"),
        ("low", 1.008, "days whose bars leave the daily [low, high] by more than 0.1 % and a cent"),
    ],
)
def test_highs_and_lows_of_days_are_those_of_their_bars(
    bars: pd.DataFrame, tmp_path: Path, target: Path, field: str, times: float, what: str
) -> None:
    for place, name, side in ((3, "high", 1.02), (5, "low", 0.98)):
        bars.loc[bars.index % 16 == place, name] *= side
    daily = make_daily(bars)
    source = write(tmp_path / "in", bars, daily.assign(**{field: daily[field] * times}))
    assert what in refused(source, target, {"bars": BARS, "daily": DAILY})


@pytest.mark.parametrize(("field", "times"), [("high", 1.2), ("low", 1 / 1.2)])
def test_bars_alone_with_a_high_or_low_of_another_scale_are_refused(
    bars: pd.DataFrame, tmp_path: Path, target: Path, field: str, times: float
) -> None:
    source = write(tmp_path / "in", bars.assign(**{field: bars[field] * times}))
    message = refused(source, target, {"bars": BARS | {"prices": "unadjusted"}})
    assert "320 of 320 (100.0%) bars whose high (low) is 3 % above (below) open and close" in message
