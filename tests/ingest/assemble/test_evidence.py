"""Adjusted volumes beside adjusted prices: stated, or told by the amounts; a provider exported and ingested again."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ..vendor import BARS, CODES, DAILY, make_daily, run, stored, write

PRICES = ["open", "high", "low", "close"]
FACTOR = 5.0
ADJUSTED_BARS, ADJUSTED_DAILY = BARS | {"prices": "adjusted"}, DAILY | {"prices": "adjusted"}


@pytest.fixture
def market(bars: pd.DataFrame, tmp_path: Path) -> tuple[pd.DataFrame, pd.DataFrame, Path]:
    """Raw bars and daily rows with a factor of 5, and the provider that they make."""
    amount = bars.groupby(["symbol", bars["datetime"].dt.normalize().rename("date")])["amount"].sum().reset_index()
    daily = make_daily(bars, FACTOR).merge(amount)
    run(write(tmp_path / "raw", bars, daily), tmp_path / "truth")
    return bars, daily, tmp_path / "truth"


def same(target: Path, truth: Path, fields: tuple[str, ...] = (*PRICES, "vwap", "volume", "amount")) -> None:
    for code in CODES:
        for name in fields:
            for freq in ("day", "15min"):
                expected = stored(truth, code, name, freq)
                pd.testing.assert_series_equal(stored(target, code, name, freq), expected, rtol=3e-7)


@pytest.mark.parametrize("stated", [True, False])
@pytest.mark.parametrize("bars_volume", ["adjusted", "shares"])
@pytest.mark.parametrize("daily_volume", ["adjusted", "shares"])
def test_volume_beside_adjusted_prices(
    market: tuple[pd.DataFrame, pd.DataFrame, Path],
    tmp_path: Path,
    target: Path,
    stated: bool,
    bars_volume: str,
    daily_volume: str,
) -> None:
    bars, daily, truth = market
    for rows, volume in ((bars, bars_volume), (daily, daily_volume)):
        rows[PRICES] *= FACTOR
        rows["volume"] = rows["volume"] / (FACTOR if volume == "adjusted" else 1)
    content = {
        "bars": ADJUSTED_BARS | ({"volume": bars_volume} if stated else {}),
        "daily": ADJUSTED_DAILY | ({"volume": daily_volume} if stated else {}),
    }
    report = run(write(tmp_path / "in", bars, daily), target, content)
    same(target, truth)
    notes = [note for note in report.notes if "volume is taken as" in note]
    assert len(notes) == (0 if stated else 2)
    if not stated and daily_volume == "adjusted":
        assert notes[0].startswith(
            "daily: volume is taken as adjusted, like the prices (amount / volume is 1 times the adjusted price and 5 "
            "times the raw one, in the median of 12 rows)"
        )


def test_nothing_to_tell_by_is_said(
    market: tuple[pd.DataFrame, pd.DataFrame, Path], tmp_path: Path, target: Path
) -> None:
    bars, daily, truth = market
    bars[PRICES] *= FACTOR
    daily[PRICES] *= FACTOR
    # one wide bar a day leaves room for a mean price that is 6 % off
    bars.loc[bars["datetime"].dt.strftime("%H:%M") == "10:30", "high"] *= 1.09
    wide = daily.assign(amount=daily["amount"] * 1.085, high=make_daily(bars)["high"])
    source = write(tmp_path / "in", bars.drop(columns="amount"), wide)
    report = run(source, target, {"bars": ADJUSTED_BARS, "daily": ADJUSTED_DAILY})
    same(target, truth, ("close", "volume"))
    notes = [note for note in report.notes if "volume is taken as" in note]
    assert "daily: volume is taken as raw (amount / volume is 0.212 times the adjusted price and 1.06 times" in notes[0]
    assert "which fits neither" in notes[0]
    assert "bars: volume is taken as raw (only 0 rows with an amount and a factor away from 1" in notes[1]


def test_adjusted_volume_beside_raw_prices(
    market: tuple[pd.DataFrame, pd.DataFrame, Path], tmp_path: Path, target: Path
) -> None:
    bars, daily, truth = market
    source = write(tmp_path / "in", bars.assign(volume=bars["volume"] / FACTOR), daily)
    run(source, target, {"bars": BARS | {"volume": "adjusted"}, "daily": DAILY})
    same(target, truth)


def test_a_provider_of_ours_exported_and_ingested_again_is_the_same(
    market: tuple[pd.DataFrame, pd.DataFrame, Path], tmp_path: Path, target: Path
) -> None:
    _, _, truth = market
    frames = {
        freq: pd.concat(
            pd.DataFrame({name: stored(truth, code, name, freq) for name in names})
            .assign(symbol=code)
            .reset_index(names=time)
            for code in CODES
        )
        for freq, time, names in (
            ("day", "date", [*PRICES, "vwap", "volume", "amount", "factor"]),
            ("15min", "datetime", [*PRICES, "vwap", "volume", "amount"]),
        )
    }
    source = write(tmp_path / "in", frames["15min"], frames["day"])
    run(source, target, {"bars": ADJUSTED_BARS, "daily": ADJUSTED_DAILY})
    same(target, truth)
    for code in CODES:
        np.testing.assert_array_equal(stored(target, code, "factor"), stored(truth, code, "factor"))
