"""What an ingest stores, against the vendor's numbers worked out by hand."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from .vendor import BARS, CODES, DAILY, STOCKS, make_daily, replaced, run, spans, stored, write


def test_prices_are_multiplied_and_volumes_divided_by_the_factor(
    bars: pd.DataFrame, tmp_path: Path, target: Path
) -> None:
    factor = {"2025-03-03": 2.0, "2025-03-04": 2.0, "2025-03-05": 2.5, "2025-03-06": 2.5}
    report = run(write(tmp_path / "in", bars, make_daily(bars, factor)), target)
    one = bars[bars["symbol"] == "000001"].set_index("datetime")
    by_bar = np.repeat(list(factor.values()), 16)
    for name in ("open", "high", "low", "close"):
        np.testing.assert_allclose(stored(target, "SZ000001", name, "15min"), one[name] * by_bar, rtol=1e-6)
    np.testing.assert_allclose(stored(target, "SZ000001", "volume", "15min"), one["volume"] / by_bar, rtol=1e-6)
    np.testing.assert_allclose(stored(target, "SZ000001", "amount", "15min"), one["amount"], rtol=1e-6)
    vwap = one["amount"] / one["volume"] * by_bar
    np.testing.assert_allclose(stored(target, "SZ000001", "vwap", "15min"), vwap, rtol=1e-6)

    day = one.resample("D").agg({"open": "first", "close": "last", "volume": "sum", "amount": "sum"})
    by_day = np.array(list(factor.values()))
    np.testing.assert_allclose(stored(target, "SZ000001", "close"), day["close"] * by_day, rtol=1e-6)
    np.testing.assert_allclose(stored(target, "SZ000001", "volume"), day["volume"] / by_day, rtol=1e-6)
    np.testing.assert_allclose(stored(target, "SZ000001", "vwap"), day["amount"] / day["volume"] * by_day, rtol=1e-6)
    np.testing.assert_allclose(stored(target, "SZ000001", "factor"), by_day)
    assert spans(target) == [[code, "2025-03-03", "2025-03-06"] for code in sorted(CODES)]
    assert report.inputs["bars"].read == report.inputs["bars"].kept == 3 * 4 * 16


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


def test_without_daily_files_the_bars_make_the_days(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    source = write(tmp_path / "in", bars)
    pd.DataFrame(
        {"symbol": ["600000", "600000", "000001", "300750"], "date": ["2025-01-02", "2025-03-05", *["2025-01-02"] * 2],
         "factor": [1.0, 1.5, 2.0, 3.0]}
    ).to_csv(source / "factors.csv", index=False)  # fmt: skip
    run(source, target, {"bars": BARS, "factors": "factors.csv"})
    closes = make_daily(bars).set_index(["symbol", "date"])["close"].loc["600000"]
    np.testing.assert_allclose(stored(target, "SH600000", "close"), closes * [1, 1, 1.5, 1.5], rtol=1e-6)
    assert stored(target, "SH600000", "factor").tolist() == [1, 1, 1.5, 1.5]


def test_daily_bars_alone_make_a_provider(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    report = run(write(tmp_path / "in", None, make_daily(bars)), target, {"daily": DAILY})
    assert not (target / "calendars" / "15min.txt").exists()
    daily = make_daily(bars).set_index(["symbol", "date"]).loc["600000"]
    typical = daily[["open", "high", "low", "close"]].to_numpy().mean(axis=1) * 2
    np.testing.assert_allclose(stored(target, "SH600000", "vwap"), typical, rtol=1e-6)
    assert report.warnings["days without any amount: $vwap is (open + high + low + close) / 4"].count == 12


def test_a_listing_begins_the_span_and_a_holiday_is_no_day(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    bars = bars[~((bars["symbol"] == "300750") & (bars["datetime"] < "2025-03-05"))]
    bars = bars[bars["datetime"].dt.date != pd.Timestamp("2025-03-04").date()]
    run(write(tmp_path / "in", bars, make_daily(bars)), target)
    assert spans(target)[2] == ["SZ300750", "2025-03-05", "2025-03-06"]
    assert (target / "calendars" / "day.txt").read_text().split() == ["2025-03-03", "2025-03-05", "2025-03-06"]
    assert len((target / "calendars" / "15min.txt").read_text().splitlines()) == 48
    assert stored(target, "SZ300750", "close", "15min").index[0] == pd.Timestamp("2025-03-05 09:45")


def test_an_idle_day_inside_the_bars_keeps_the_full_grid(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    fewer = bars[bars["datetime"].dt.date != pd.Timestamp("2025-03-04").date()]
    report = run(write(tmp_path / "in", fewer, make_daily(bars)), target)
    assert len((target / "calendars" / "15min.txt").read_text().splitlines()) == 64
    assert report.facts["days without any bar"] == 1
    assert report.warnings["live days without bars"].count == len(STOCKS)


def test_qlib_reads_the_provider(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    import qlib
    from qlib.data import D

    run(write(tmp_path / "in", bars, make_daily(bars)), target)
    qlib.init(provider_uri=str(target), region="cn", kernels=1)
    fine = D.features(["SH600000"], ["$close"], "2025-03-03", "2025-03-06 15:00:00", freq="15min")
    assert len(fine) == 64
    assert len(D.features(D.instruments("all"), ["$close/$factor"], "2025-03-03", "2025-03-06")) == 12


def test_bars_on_another_scale_than_daily_are_counted(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    daily = make_daily(bars)
    bars[["open", "high", "low", "close", "amount"]] *= 1.2
    report = run(write(tmp_path / "in", bars, daily), target)
    assert report.warnings["days whose bars leave the daily [low, high] by more than 1 %, kept"].count == 12
