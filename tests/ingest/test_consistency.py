"""Inputs whose numbers contradict each other: refused with the cause, or left out and counted; never stored."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from .vendor import BARS, DAILY, make_bars, make_daily, refused, replaced, run, spans, stored, write

STOCKS = ("600000", "000001", "300750", "688001")
DAYS = pd.bdate_range("2025-03-03", periods=5)
PRICES = ["open", "high", "low", "close"]


@pytest.fixture
def bars() -> pd.DataFrame:
    return make_bars(STOCKS, DAYS)


def with_amount(bars: pd.DataFrame, factor: float = 2.0) -> pd.DataFrame:
    """Daily rows with the sum of the bars' amounts."""
    keys = [bars["symbol"], bars["datetime"].dt.normalize().rename("date")]
    amount = bars.groupby(keys)["amount"].sum().rename("amount").reset_index()
    return make_daily(bars, factor).merge(amount, on=["symbol", "date"])


@pytest.mark.parametrize(
    ("name", "wrong", "advice"),
    [
        ("bars", {"volume": "lots"}, "write bars: {volume: shares}"),
        ("bars", {"amount": "thousand"}, "write bars: {amount: yuan}"),
        ("daily", {"volume": "lots"}, "write daily: {volume: shares}"),
        ("daily", {"amount": "ten_thousand"}, "write daily: {amount: yuan}"),
        ("daily", {"volume": "lots", "amount": "thousand"}, "write daily: {volume: shares, amount: yuan}"),
    ],
)
def test_a_wrong_unit_is_an_error_that_says_what_to_write(
    bars: pd.DataFrame, tmp_path: Path, target: Path, name: str, wrong: dict[str, str], advice: str
) -> None:
    mapping = {"bars": BARS, "daily": DAILY}
    message = refused(write(tmp_path / "in", bars, with_amount(bars)), target, mapping | {name: mapping[name] | wrong})
    assert advice in message.splitlines()[0]


def test_daily_volumes_of_one_board_in_shares_name_the_board(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    daily = with_amount(bars)
    daily["volume"] = daily["volume"].where(daily["symbol"] == "688001", daily["volume"] / 100)
    message = refused(write(tmp_path / "in", None, daily), target, {"daily": DAILY | {"volume": "lots"}})
    assert message.startswith(
        "inconsistent beyond max_inconsistent = 1.0%: 5 of 20 (25.0%) days whose amount / volume lies outside"
    )
    assert 'on the board star: write daily: {volume: {star: shares, "*": lots}}' in message


def test_volumes_of_bars_of_one_board_in_shares_name_the_board(
    bars: pd.DataFrame, tmp_path: Path, target: Path
) -> None:
    lots = bars.assign(volume=bars["volume"].where(bars["symbol"] == "688001", bars["volume"] / 100))
    mapping = {"bars": BARS | {"volume": "lots"}, "daily": DAILY}
    message = refused(write(tmp_path / "in", lots, with_amount(bars)), target, mapping)
    assert 'write bars: {volume: {star: shares, "*": lots}}' in message


def test_one_volume_that_is_off_takes_the_stand_in(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    daily = with_amount(bars)
    day = daily[(daily["symbol"] == "000001") & (daily["date"] == DAYS[2])].iloc[0]
    off = replaced(daily, "000001", str(DAYS[2]), volume=day["volume"] * 100)
    report = run(write(tmp_path / "in", None, off), target, {"daily": DAILY})
    tally = report.warnings["days whose amount / volume lies outside [low, high], their $vwap is the stand-in"]
    assert (tally.count, tally.examples) == (1, ["SZ000001 2025-03-05"])
    vwap = stored(target, "SZ000001", "vwap")
    assert vwap[DAYS[2]] == pytest.approx(day[PRICES].mean() * 2, rel=1e-6)
    others = daily[(daily["symbol"] == "000001") & (daily["date"] != DAYS[2])]
    np.testing.assert_allclose(vwap.drop(DAYS[2]), others["amount"] / others["volume"] * 2, rtol=1e-6)


def test_volumes_rounded_to_lots_are_said_and_take_the_stand_in(
    bars: pd.DataFrame, tmp_path: Path, target: Path
) -> None:
    daily = make_daily(bars)
    off = np.where(np.arange(len(bars)) % 2, 0.99, 1.01)
    odd = bars.assign(volume=bars["volume"] / 100, amount=bars["amount"] * off)
    report = run(write(tmp_path / "in", odd, daily), target, {"bars": BARS | {"volume": "lots"}, "daily": DAILY})
    what = "bars whose amount / volume leaves [low, high] by the rounding to lots, their $vwap is the stand-in"
    vwap, low, high = (stored(target, "SH600000", name, "15min") for name in ("vwap", "low", "high"))
    assert ((vwap >= low * 0.99899) & (vwap <= high * 1.00101)).all()
    price = odd["amount"] / bars["volume"]
    outside = (price < bars["low"] * 0.999) | (price > bars["high"] * 1.001)
    assert report.warnings[what].count == outside.sum() > 100


def test_a_mean_price_can_be_missing_instead(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    off = replaced(with_amount(bars), "000001", str(DAYS[2]), amount=1.0)
    run(write(tmp_path / "in", None, off), target, {"daily": DAILY, "missing_vwap": "nan"})
    assert stored(target, "SZ000001", "vwap").isna().tolist() == [False, False, True, False, False]


def test_volumes_that_are_adjusted_already_are_an_error(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    daily = with_amount(bars, factor=5.0)
    daily[PRICES] *= 5
    daily["volume"] /= 5
    message = refused(
        write(tmp_path / "in", None, daily), target, {"daily": DAILY | {"prices": "adjusted", "volume": "shares"}}
    )
    assert "the volume is already divided by the factor: write daily: {volume: adjusted}" in message


def test_prices_that_are_adjusted_already_are_an_error(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    daily = with_amount(bars, factor=5.0)
    daily[PRICES] *= 5
    message = refused(write(tmp_path / "in", None, daily), target, {"daily": DAILY})
    assert "the prices are already multiplied by the factor: write prices: adjusted" in message


def test_bars_adjusted_to_today_beside_raw_days_are_an_error(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    daily = with_amount(bars, factor=6.0)
    bars[PRICES] /= 6
    message = refused(write(tmp_path / "in", bars, daily), target, {"bars": BARS, "daily": DAILY})
    assert (
        "days whose last bar's close differs from the daily one by more than 1 %: bars are adjusted otherwise"
        in message
    )


def test_a_stock_in_another_unit_than_the_others_is_left_out(tmp_path: Path, target: Path) -> None:
    bars = make_bars((*STOCKS, "600001"), DAYS)
    daily = with_amount(bars)
    daily["volume"] = daily["volume"].where(daily["symbol"] != "600001", daily["volume"] / 100)
    report = run(write(tmp_path / "in", None, daily), target, {"daily": DAILY, "max_inconsistent": 0.25})
    assert len(spans(target)) == 4
    assert {what: (tally.count, tally.examples) for what, tally in report.warnings.items()} == {
        "stocks left out as a whole: days whose amount / volume lies outside [low, high]; the volume is in lots of 100 "
        "in 1 of 5 stocks": (1, ["SH600001 2025-03-03 .. 2025-03-07"])
    }


def _beyond_float32(daily: pd.DataFrame) -> pd.DataFrame:
    return daily.assign(factor=daily["factor"].where(daily["symbol"] != "600000", 1e300))


def _huge(daily: pd.DataFrame) -> pd.DataFrame:
    daily.loc[daily["symbol"] == "600000", PRICES] *= 1e38
    return daily


@pytest.mark.parametrize("spoil", [_beyond_float32, _huge])
def test_numbers_beyond_float32_are_never_stored(
    bars: pd.DataFrame, tmp_path: Path, target: Path, spoil: Callable[[pd.DataFrame], pd.DataFrame]
) -> None:
    source = write(tmp_path / "in", None, spoil(make_daily(bars)))
    assert "beyond float32" in refused(source, target, {"daily": DAILY})
    run(source, target, {"daily": DAILY, "max_inconsistent": 0.3, "max_dropped": 0.3})
    assert "SH600000" not in [code for code, _, _ in spans(target)]
    for file in target.glob("features/*/*.bin"):
        assert not np.isinf(np.fromfile(file, "<f4")).any()


def test_an_infinite_bar_is_never_stored(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    daily = make_daily(bars)
    bars.loc[bars["symbol"] == "600000", PRICES] *= 1e38
    source = write(tmp_path / "in", bars, daily)
    run(source, target, {"bars": BARS, "daily": DAILY, "max_inconsistent": 0.3, "max_dropped": 0.3})
    stocks = list(target.glob("features/*"))
    assert len(stocks) >= 3
    for file in target.glob("features/*/*.bin"):
        assert not np.isinf(np.fromfile(file, "<f4")).any()


def test_units_are_judged_over_many_small_files(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    """A file a stock and day has too few rows to be judged alone."""
    folder = tmp_path / "in" / "bars"
    folder.mkdir(parents=True)
    for (symbol, day), rows in bars.groupby(["symbol", bars["datetime"].dt.date]):
        rows.assign(volume=rows["volume"] / 100).iloc[:15].to_csv(folder / f"{symbol}_{day}.csv", index=False)
    daily = make_daily(bars)
    daily.to_csv(tmp_path / "in" / "daily.csv", index=False)
    message = refused(tmp_path / "in", target, {"bars": BARS, "daily": DAILY})
    assert "the volume is in lots of 100: write bars: {volume: lots}" in message


def test_a_closing_bar_that_no_stock_ever_has_is_said(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    daily = make_daily(bars)
    early = bars[bars["datetime"].dt.strftime("%H:%M") != "15:00"]
    message = refused(write(tmp_path / "in", early, daily), target, {"bars": BARS, "daily": DAILY})
    assert (
        "20 of 20 (100.0%) days without the last bar of the session: it is in no file, or stamps are shifted" in message
    )


def test_a_stock_with_daily_rows_and_no_bar_is_daily_only(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    source = write(tmp_path / "in", bars[bars["symbol"] != "300750"], make_daily(bars))
    assert run(source, target).consistency == []
    assert len(stored(target, "SZ300750", "close")) == 5
    assert not list((target / "features" / "sz300750").glob("*.15min.bin"))


@pytest.mark.parametrize("cut", ["14:59", "14:57"])
def test_minutes_without_the_closing_auction_are_said(tmp_path: Path, target: Path, cut: str) -> None:
    """The last bar that is stored is there, of fewer minutes."""
    minutes = make_bars(STOCKS, DAYS, "1min")
    daily = make_daily(minutes)
    early = minutes[minutes["datetime"].dt.strftime("%H:%M") <= cut]
    mapping = {"bars": {"files": "bars/*", "freq": "1min", "stamps": "end", "store": "15min"}, "daily": DAILY}
    message = refused(write(tmp_path / "in", early, daily), target, mapping)
    assert (
        "20 of 20 (100.0%) days without the last bar of the session: it is in no file, or stamps are shifted" in message
    )
    run(write(tmp_path / "whole", minutes, daily), target, mapping)


def test_open_and_close_that_are_swapped_in_the_bars_are_said(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    swapped = bars.rename(columns={"open": "close", "close": "open"})
    message = refused(write(tmp_path / "in", swapped, make_daily(bars)), target, {"bars": BARS, "daily": DAILY})
    assert "values are a bar early or late, or open and close are swapped" in message


def test_volumes_in_ten_thousands_are_told_and_read(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    daily = with_amount(bars)
    source = write(tmp_path / "in", None, daily.assign(volume=daily["volume"] / 1e4))
    message = refused(source, target, {"daily": DAILY})
    assert "the volume is in ten thousands: write daily: {volume: ten_thousand}" in message
    run(source, target, {"daily": DAILY | {"volume": "ten_thousand"}})
    expected = daily[daily["symbol"] == "600000"].set_index("date")["volume"] / 2
    np.testing.assert_allclose(stored(target, "SH600000", "volume"), expected, rtol=1e-6)


def test_a_stock_in_fen_is_named(tmp_path: Path, target: Path) -> None:
    bars = make_bars((*STOCKS, "600001"), DAYS)
    daily = with_amount(bars)
    fen = daily["symbol"] == "600001"
    daily[PRICES] = daily[PRICES].where(~fen, daily[PRICES] * 100)
    message = refused(write(tmp_path / "in", None, daily), target, {"daily": DAILY})
    assert "the prices are 100 times too large, in fen in 1 of 5 stocks: mend them in the vendor's files" in message
    message = refused(write(tmp_path / "both", bars, daily), target, {"bars": BARS, "daily": DAILY})
    assert "prices of days are 100 times the others, in fen" in message
