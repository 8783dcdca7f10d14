"""One stock brought together: suspended days, days from bars, vwaps."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.errors import InputError

from ..vendor import BARS, DAILY, STOCKS, make_daily, replaced, run, spans, stored, write

WHEN = "2025-03-04 10:00"


def test_a_bar_whose_amount_does_not_fit_its_price_takes_the_stand_in(
    bars: pd.DataFrame, tmp_path: Path, target: Path
) -> None:
    row = bars[(bars["symbol"] == "000001") & (bars["datetime"] == WHEN)].iloc[0]
    bars = replaced(bars, "000001", WHEN, amount=row["volume"] * row["high"] * 1.1)
    mapping = {"bars": BARS | {"store": ["15min", "30min"]}, "daily": DAILY}
    report = run(write(tmp_path / "in", bars, make_daily(bars)), target, mapping)
    tally = report.warnings["bars whose amount / volume lies outside [low, high], their $vwap is the stand-in"]
    assert (tally.count, tally.examples) == (1, ["SZ000001 2025-03-04"])
    typical = row[["open", "high", "low", "close"]].mean()
    assert stored(target, "SZ000001", "vwap", "15min")[WHEN] == pytest.approx(typical * 2, rel=1e-6)
    thirty = stored(target, "SZ000001", "vwap", "30min") / 2
    high, low = (stored(target, "SZ000001", name, "30min") / 2 for name in ("high", "low"))
    assert ((thirty <= high * 1.001) & (thirty >= low * 0.999)).all()


def test_a_missing_vwap_can_stay_missing(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    source = write(tmp_path / "in", bars.drop(columns="amount"), make_daily(bars))
    report = run(source, target, {"bars": BARS, "daily": DAILY, "missing_vwap": "nan"})
    assert stored(target, "SH600000", "vwap").isna().all()
    assert stored(target, "SH600000", "vwap", "15min").isna().all()
    assert report.warnings["bars without amount: $vwap is NaN"].count == 192


@pytest.mark.parametrize("how", ["zeros", "absent", "last zero price only"])
def test_a_suspended_day_has_no_price(bars: pd.DataFrame, tmp_path: Path, target: Path, how: str) -> None:
    daily = replaced(make_daily(bars), "600000", "2025-03-04", volume=np.nan)
    dead = (bars["symbol"] == "600000") & (bars["datetime"].dt.date == pd.Timestamp("2025-03-04").date())
    if how == "absent":
        bars = bars[~dead]
    else:
        bars.loc[dead, ["open", "high", "low", "close", "volume", "amount"]] = 0
        if how == "last zero price only":
            bars = replaced(bars, "600000", "2025-03-04 15:00", open=9.9, high=9.9, low=9.9, close=9.9)
    report = run(write(tmp_path / "in", bars, daily), target)
    for name in ("open", "high", "low", "close", "vwap", "volume"):
        assert np.isnan(stored(target, "SH600000", name)["2025-03-04"])
        assert stored(target, "SH600000", name, "15min")["2025-03-04"].isna().all()
    assert stored(target, "SH600000", "factor")["2025-03-04"] == 2
    assert report.inputs["daily"].dropped["suspended day"].examples == ["daily.csv: SH600000 2025-03-04"]
    dropped = report.inputs["bars"].dropped
    assert sum(tally.count for tally in dropped.values()) == (0 if how == "absent" else 16)


def test_a_bar_without_trade_keeps_its_price(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    still = {"open": 10.0, "high": 10.0, "low": 10.0, "close": 10.0, "volume": 0, "amount": 0}
    bars = replaced(bars, "600000", "2025-03-04 10:00", **still)
    blank = dict.fromkeys(still, 0)
    bars = replaced(bars, "600000", "2025-03-04 10:15", **blank)
    report = run(write(tmp_path / "in", bars, make_daily(bars[bars["close"] > 0])), target)
    assert stored(target, "SH600000", "close", "15min")["2025-03-04 10:00"] == 20
    assert stored(target, "SH600000", "vwap", "15min")["2025-03-04 10:00"] == 20
    assert stored(target, "SH600000", "volume", "15min")["2025-03-04 10:00"] == 0
    assert np.isnan(stored(target, "SH600000", "close", "15min")["2025-03-04 10:15"])
    assert report.inputs["bars"].dropped["no trade and no price"].count == 1


def test_bars_after_the_last_factor_are_left_out(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    daily = make_daily(bars)
    daily = daily[~((daily["symbol"] == "600000") & (daily["date"] > "2025-03-04"))]
    report = run(write(tmp_path / "in", bars, daily), target, {"bars": BARS, "daily": DAILY, "max_dropped": 0.5})
    tally = report.inputs["bars"].dropped["no factor on that day"]
    assert (tally.count, tally.examples[0]) == (32, "all.parquet: SH600000 2025-03-05")
    assert spans(target)[0] == ["SH600000", "2025-03-03", "2025-03-04"]
    assert len(stored(target, "SH600000", "close", "15min")) == 32


def test_a_day_missing_from_daily_is_made_from_its_bars(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    daily = make_daily(bars)
    gap = daily[~((daily["symbol"] == "600000") & (daily["date"] == "2025-03-04"))]
    report = run(write(tmp_path / "in", bars, gap), target)
    expected = daily[(daily["symbol"] == "600000")].set_index("date").loc["2025-03-04"]
    for name in ("open", "high", "low", "close"):
        assert stored(target, "SH600000", name)["2025-03-04"] == pytest.approx(expected[name] * 2, rel=1e-6)
    tally = report.warnings["days without a live daily row, made from their bars"]
    assert (tally.count, tally.examples) == (1, ["SH600000 2025-03-04"])


def test_an_idle_day_inside_the_bars_keeps_the_full_grid(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    fewer = bars[bars["datetime"].dt.date != pd.Timestamp("2025-03-04").date()]
    report = run(write(tmp_path / "in", fewer, make_daily(bars)), target)
    assert len((target / "calendars" / "15min.txt").read_text().splitlines()) == 64
    assert report.facts["days without any bar"] == 1
    assert report.warnings["live days without bars"].count == len(STOCKS)


def test_bars_on_another_scale_than_daily_are_an_error(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    daily = make_daily(bars)
    bars[["open", "high", "low", "close", "amount"]] *= 1.2
    with pytest.raises(InputError, match=r"12 of 12 \(100\.0%\) days whose bars leave the daily \[low, high\]"):
        run(write(tmp_path / "in", bars, daily), target)
    assert not target.exists()
