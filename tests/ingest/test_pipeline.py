"""What an ingest stores, against the vendor's numbers worked out by hand."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from .vendor import BARS, CODES, DAILY, make_daily, run, spans, stored, write


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


def test_without_daily_files_the_bars_make_the_days(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    source = write(tmp_path / "in", bars)
    pd.DataFrame(
        {"symbol": ["600000", "600000", "000001", "300750"], "date": ["2025-01-02", "2025-03-05", *["2025-01-02"] * 2],
         "factor": [1.0, 1.05, 2.0, 3.0]}
    ).to_csv(source / "factors.csv", index=False)  # fmt: skip
    run(source, target, {"bars": BARS, "factors": "factors.csv"})
    closes = make_daily(bars).set_index(["symbol", "date"])["close"].loc["600000"]
    np.testing.assert_allclose(stored(target, "SH600000", "close"), closes * [1, 1, 1.05, 1.05], rtol=1e-6)
    assert stored(target, "SH600000", "factor").tolist() == pytest.approx([1, 1, 1.05, 1.05])


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


def test_qlib_reads_the_provider(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    import qlib
    from qlib.data import D

    run(write(tmp_path / "in", bars, make_daily(bars)), target)
    qlib.init(provider_uri=str(target), region="cn", kernels=1)
    fine = D.features(["SH600000"], ["$close"], "2025-03-03", "2025-03-06 15:00:00", freq="15min")
    assert len(fine) == 64
    assert len(D.features(D.instruments("all"), ["$close/$factor"], "2025-03-03", "2025-03-06")) == 12


def test_a_stock_without_any_bar_has_its_days(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    report = run(write(tmp_path / "in", bars[bars["symbol"] != "300750"], make_daily(bars)), target)
    closes = make_daily(bars).set_index(["symbol", "date"])["close"].loc["300750"]
    np.testing.assert_allclose(stored(target, "SZ300750", "close"), closes * 2, rtol=1e-6)
    assert not (target / "features/sz300750/close.15min.bin").exists()
    assert report.warnings["live days without bars"].count == 4


def test_an_amount_that_is_missing_is_vwap_times_volume(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    averages = bars.assign(vwap=(bars["amount"] / bars["volume"]).round(4)).drop(columns="amount")
    run(write(tmp_path / "in", averages, make_daily(bars)), target)
    one = averages[averages["symbol"] == "000001"]
    np.testing.assert_allclose(stored(target, "SZ000001", "vwap", "15min"), one["vwap"] * 2, rtol=1e-6)
    np.testing.assert_allclose(stored(target, "SZ000001", "amount", "15min"), one["vwap"] * one["volume"], rtol=1e-6)


def test_vwap_is_not_looked_at_beside_an_amount(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    report = run(write(tmp_path / "in", bars.assign(vwap="--"), make_daily(bars)), target)
    assert report.inputs["bars"].kept == 3 * 4 * 16
