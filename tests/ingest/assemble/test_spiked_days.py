"""Days that cannot be, by their daily rows, their bars or both; and wild ones that a market does make."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ..vendor import BARS, DAILY, make_bars, make_daily, run, spans, stored, write

DAYS = pd.bdate_range("2025-03-03", periods=10)
STOCKS = ("600000", "000001", "300750", "688001")
PRICES = ["open", "high", "low", "close"]
SPIKED = "a price far beyond any limit, gone on the days beside it"
FAR = "a price far outside those of its day"
LONE = {"bars": BARS | {"prices": "unadjusted"}}
US_BARS = {"files": "bars/*", "freq": "15min", "stamps": "start"}


@pytest.fixture
def bars() -> pd.DataFrame:
    return make_bars(STOCKS, DAYS)


def times(rows: pd.DataFrame, day: pd.Timestamp, factor: float, column: str = "datetime") -> pd.DataFrame:
    """Prices of a day of SZ000001 in another unit."""
    rows = rows.copy()
    spoilt = (rows[column].dt.normalize() == day) & (rows["symbol"] == "000001")
    rows.loc[spoilt, [name for name in (*PRICES, "amount") if name in rows]] *= factor
    return rows


@pytest.mark.parametrize("factor", [10.0, 1.4])
@pytest.mark.parametrize("has_daily", [True, False])
def test_a_day_whose_bars_are_as_wrong_goes_with_them(
    bars: pd.DataFrame, tmp_path: Path, target: Path, has_daily: bool, factor: float
) -> None:
    spoilt = times(bars, DAYS[7], factor)
    report = run(
        write(tmp_path / "in", spoilt, make_daily(spoilt) if has_daily else None), target, None if has_daily else LONE
    )
    rows = report.inputs["bars"]
    assert (rows.read, rows.kept, rows.dropped[SPIKED].count) == (640, 624, 16)
    assert rows.dropped[SPIKED].examples == ["all.parquet: SZ000001 2025-03-12"]
    assert not any("made from their bars" in what for what in report.warnings)
    for freq in ("day", "15min"):
        close = stored(target, "SZ000001", "close", freq)
        assert set(pd.DatetimeIndex(close.index[close.isna()]).normalize()) == {DAYS[7]}


@pytest.mark.parametrize("place", [0, 9])
@pytest.mark.parametrize("has_bars", [True, False])
def test_an_end_of_another_unit_is_left_out_or_made_from_its_bars(
    bars: pd.DataFrame, tmp_path: Path, target: Path, place: int, has_bars: bool
) -> None:
    daily = make_daily(bars)
    source = write(tmp_path / "in", bars if has_bars else None, times(daily, DAYS[place], 10.0, "date"))
    mapping = None if has_bars else {"daily": DAILY, "max_dropped": 1.0, "max_inconsistent": 1.0}
    report = run(source, target, mapping)
    assert report.inputs["daily"].dropped[SPIKED].examples == [f"daily.csv: SZ000001 {DAYS[place].date()}"]
    if has_bars:
        given = daily[daily["symbol"] == "000001"]["close"] * 2
        np.testing.assert_allclose(stored(target, "SZ000001", "close"), given, rtol=1e-6)
    else:
        first, last = DAYS[[1 if place == 0 else 0, 9]].strftime("%Y-%m-%d")  # a row that is left out is one
        assert ["SZ000001", first, last] in spans(target)


def us_bars(path: np.ndarray) -> pd.DataFrame:
    """26 bars a day of two stocks at 10; the sixth day of the second goes along a path, and stays at its end."""
    stamps = pd.DatetimeIndex([day + pd.Timedelta(570 + 15 * bar, "min") for day in DAYS for bar in range(26)])
    frames = []
    for symbol in ("AAA", "BBB"):
        close = 10 + 0.01 * (np.arange(260) % 7)
        if symbol == "BBB":
            close[130:] *= np.append(path, np.full(104, path[-1]))
        open_ = np.append(close[0], close[:-1])
        high, low = np.maximum(open_, close), np.minimum(open_, close)
        columns = {"open": open_, "high": high, "low": low, "close": close, "volume": 1000.0}
        frames.append(pd.DataFrame({"symbol": symbol, "datetime": stamps, **columns, "amount": 500.0 * (high + low)}))
    return pd.concat(frames, ignore_index=True)


@pytest.mark.parametrize(
    "path",
    [np.geomspace(1, 0.05, 26), np.linspace(1, 6, 26), np.interp(np.arange(26), [0, 8, 25], [1.2, 9, 1.3])],
    ids=["a fall that stays", "a rise that stays", "a pump"],
)
@pytest.mark.parametrize("inputs", [("bars", "daily"), ("bars",), ("daily",)], ids="+".join)
def test_wild_days_without_limits_are_kept(
    tmp_path: Path, target: Path, path: np.ndarray, inputs: tuple[str, ...]
) -> None:
    bars = us_bars(path)
    daily = make_daily(bars, factor=1.0)
    mapping = {"bars": US_BARS | ({} if "daily" in inputs else {"prices": "unadjusted"}), "daily": DAILY}
    source = write(tmp_path / "in", bars if "bars" in inputs else None, daily if "daily" in inputs else None)
    report = run(source, target, {"session": "us", **{name: mapping[name] for name in inputs}})
    assert all(rows.kept == rows.read and not rows.dropped for rows in report.inputs.values())
    given = daily[daily["symbol"] == "BBB"]
    for name in PRICES:
        np.testing.assert_allclose(stored(target, "BBB", name), given[name], rtol=1e-6)
