"""Single bars and days that only those beside them, or the day, show to be wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ..vendor import BARS, make_bars, make_daily, replaced, run, stored, write

DAYS = pd.bdate_range("2025-03-03", periods=10)
STOCKS = ("600000", "000001", "300750", "688001")
PRICES = ["open", "high", "low", "close"]
FAR = "a price far outside those of its day"
BEYOND = "bars whose volume alone is far beyond the day's, brought to what the others leave of it"
JUMPED = "days whose volume is more than 200 times those of both days beside it, or less by as much, kept"
LONE = {"bars": BARS | {"prices": "unadjusted"}}


@pytest.fixture
def bars() -> pd.DataFrame:
    bars = make_bars(STOCKS, DAYS)
    return bars.assign(volume=bars["volume"].astype("f8"))


def row(bars: pd.DataFrame, stock: str, stamp: str) -> pd.Series:
    return bars[(bars["symbol"] == stock) & (bars["datetime"] == pd.Timestamp(stamp))].iloc[0]


@pytest.mark.parametrize("columns", [PRICES, ["high"], ["low"]])
@pytest.mark.parametrize("stamp", ["2025-03-12 10:30", "2025-03-12 09:45", "2025-03-11 15:00"])
@pytest.mark.parametrize("stock", ["000001", "688001"])
def test_a_bar_far_from_both_beside_it_is_left_out_without_daily_rows(
    bars: pd.DataFrame, tmp_path: Path, target: Path, columns: list[str], stamp: str, stock: str
) -> None:
    times = 1.3 if columns == PRICES else 1.6 if columns == ["high"] else 1 / 1.6
    spoilt = replaced(bars, stock, stamp, **(row(bars, stock, stamp)[columns] * times).to_dict())
    report = run(write(tmp_path / "in", spoilt), target, LONE)
    assert report.inputs["bars"].dropped[FAR].count == 1
    code = {"000001": "SZ000001", "688001": "SH688001"}[stock]
    close, given = stored(target, code, "close", "15min"), bars[bars["symbol"] == stock].set_index("datetime")["close"]
    assert np.isnan(close[pd.Timestamp(stamp)])
    np.testing.assert_allclose(close.dropna(), given.drop(pd.Timestamp(stamp)), rtol=1e-6)


def test_prices_that_stay_where_they_went_are_kept(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    late = (bars["symbol"] == "000001") & (bars["datetime"] >= "2025-03-12")
    bars.loc[late, PRICES] = (bars.loc[late, PRICES] * 0.5).round(2)
    bars.loc[late, "amount"] *= 0.5
    assert FAR not in run(write(tmp_path / "in", bars), target, LONE).inputs["bars"].dropped


def test_a_bar_with_a_thousand_times_its_volume_takes_what_the_day_has_left(
    bars: pd.DataFrame, tmp_path: Path, target: Path
) -> None:
    daily, stamp = make_daily(bars), "2025-03-12 10:30"
    right = row(bars, "000001", stamp)
    spoilt = replaced(bars, "000001", stamp, volume=right["volume"] * 1000, amount=right["amount"] * 1000)
    mapping = {"bars": BARS | {"store": ["15min", "60min"]}, "daily": {"files": "daily.csv"}}
    report = run(write(tmp_path / "truth", bars, daily), tmp_path / "right", mapping)
    assert BEYOND not in report.warnings
    report = run(write(tmp_path / "in", spoilt, daily), target, mapping)
    assert report.warnings[BEYOND].examples == ["SZ000001 2025-03-12T10:30"]
    for freq in ("15min", "60min", "day"):
        for field in ("volume", "amount", "vwap"):
            expected = stored(tmp_path / "right", "SZ000001", field, freq)
            np.testing.assert_allclose(stored(target, "SZ000001", field, freq), expected, rtol=1e-6)


def test_lots_of_all_bars_are_no_single_value(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    off = bars.assign(volume=np.where(bars["symbol"] == "000001", bars["volume"] * 100, bars["volume"]))
    mapping = {"bars": BARS, "daily": {"files": "daily.csv"}, "max_inconsistent": 1.0}
    assert BEYOND not in run(write(tmp_path / "in", off, make_daily(bars)), target, mapping).warnings


@pytest.mark.parametrize("fields", [["volume"], ["volume", "amount"]])
def test_a_day_of_a_thousand_times_the_volume_is_counted(
    bars: pd.DataFrame, tmp_path: Path, target: Path, fields: list[str]
) -> None:
    day = (bars["symbol"] == "000001") & (bars["datetime"].dt.normalize() == DAYS[7])
    bars.loc[day, fields] *= 1000
    report = run(write(tmp_path / "in", bars), target, LONE | {"max_inconsistent": 1.0})
    (tally,) = [tally for what, tally in report.warnings.items() if what.startswith(JUMPED)]
    assert tally.examples == ["SZ000001 2025-03-12"]
