"""Rows, volumes and factors that are missing: no false ex-date, no day lost, nothing in silence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from .vendor import BARS, DAILY, make_bars, make_daily, refused, run, stored, write

STOCKS = tuple(f"60000{number}" for number in range(9))
DAYS = pd.bdate_range("2025-03-03", periods=30)
FROM_CLOSES = {"daily": DAILY | {"factor": "from_prev_close"}, "max_inconsistent": 1.0}


@pytest.fixture
def daily() -> pd.DataFrame:
    """Rows whose closes move by up to 3 % a day, with amounts and previous closes."""
    generator, frames = np.random.default_rng(5), []
    for stock in STOCKS:
        close = (20 * np.exp(np.cumsum(generator.normal(0, 0.015, len(DAYS))))).round(2)
        frame = pd.DataFrame({"symbol": stock, "date": DAYS, "open": close, "high": close + 0.1, "low": close - 0.1})
        frame["close"], frame["volume"] = close, generator.integers(1000, 2000, len(DAYS)) * 100
        frames.append(frame.assign(amount=frame["volume"] * close, prev_close=frame["close"].shift().fillna(20.0)))
    return pd.concat(frames, ignore_index=True)


def test_a_date_without_rows_makes_no_ex_dates(daily: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    source = write(tmp_path / "in", None, daily[daily["date"] != DAYS[9]])
    message = refused(source, target, {"daily": DAILY | {"factor": "from_prev_close"}})
    assert "4 of 8 (50.0%) ex-dates made of previous closes that are above the last close" in message
    assert "first SH600000 2025-03-17" in message
    assert "rows of the days before are missing" in message


@pytest.mark.parametrize("is_above", [True, False])
def test_after_a_gap_a_previous_close_above_the_last_one_is_no_ex_date(
    daily: pd.DataFrame, tmp_path: Path, target: Path, is_above: bool
) -> None:
    row = (daily["symbol"] == STOCKS[0]) & (daily["date"] == DAYS[12])
    before = daily.loc[row.shift(-3, fill_value=False), "close"].iloc[0]
    daily.loc[row, "prev_close"] = round(before * (1.04 if is_above else 0.96), 2)
    gap = (daily["symbol"] == STOCKS[0]) & daily["date"].isin(DAYS[10:12])
    report = run(write(tmp_path / "in", None, daily[~gap]), target, FROM_CLOSES)
    factor = stored(target, "SH600000", "factor").dropna().iloc[-1]
    assert factor == pytest.approx(1.0 if is_above else 1 / 0.96, rel=1e-3)
    what = "ex-dates made of previous closes " + ("that are above the last close" if is_above else "after days without")
    (count,) = (tally for kind, tally in report.warnings.items() if kind.startswith(what))
    assert (count.count, count.examples) == (1, ["SH600000 2025-03-19"])


@pytest.mark.parametrize("empty", [None, 0])
def test_a_volume_that_is_empty_beside_an_amount_is_made_from_it(
    daily: pd.DataFrame, tmp_path: Path, target: Path, empty: float | None
) -> None:
    daily = daily.assign(factor=1.0)
    right = daily[daily["symbol"] == STOCKS[1]].set_index("date")["volume"]
    daily.loc[daily["date"] >= DAYS[-5], "volume"] = empty
    report = run(write(tmp_path / "in", None, daily), target, {"daily": DAILY})
    np.testing.assert_allclose(stored(target, "SH600001", "volume"), right, rtol=1e-6)
    assert (
        report.warnings["daily: volumes that are empty or 0 beside an amount, made from it and the price"].count == 45
    )
    assert "suspended day" not in report.inputs["daily"].dropped


def test_a_date_without_volumes_on_which_prices_move_is_refused(
    daily: pd.DataFrame, tmp_path: Path, target: Path
) -> None:
    daily = daily.drop(columns="amount").assign(factor=1.0)
    daily.loc[daily["date"] == DAYS[9], "volume"] = np.nan
    message = refused(write(tmp_path / "in", None, daily), target, {"daily": DAILY})
    assert "9 of 270 (3.3%) days without volume on which the price moves, of most stocks on 2025-03-14" in message
    still = daily["date"] == DAYS[9]
    for name in ("open", "high", "low", "close"):
        daily.loc[still, name] = daily["close"].shift()[still]
    run(write(tmp_path / "still", None, daily), target, {"daily": DAILY})
    assert np.isnan(stored(target, "SH600000", "close")[DAYS[9]])


def test_bars_without_any_volume_on_a_day_with_trade_are_bad_rows(tmp_path: Path, target: Path) -> None:
    bars = make_bars(STOCKS[:2], DAYS[:4])
    rows = make_daily(bars)
    bars.loc[bars["datetime"].dt.normalize() == DAYS[1], "volume"] = 0
    source = write(tmp_path / "in", bars.drop(columns="amount"), rows)
    message = refused(source, target, {"bars": BARS, "daily": DAILY})
    assert "bars: 25.0% of 128 rows are bad" in message
    assert "32  no volume all day, though prices move and the daily row has one" in message


def test_most_volumes_below_one_share_are_in_another_unit(daily: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    daily = daily.drop(columns="amount").assign(factor=1.0, volume=daily["volume"] / 1e8)
    message = refused(write(tmp_path / "in", None, daily), target, {"daily": DAILY})
    assert message.startswith("daily: 270 of 270 volumes are below one share: they are in a larger unit than said")


@pytest.mark.parametrize("hole", [np.nan, 0.0, -1.0])
def test_a_factor_with_holes_is_counted_and_of_most_stocks_refused(
    daily: pd.DataFrame, tmp_path: Path, target: Path, hole: float
) -> None:
    one = (daily["symbol"] == STOCKS[0]) & (daily["date"] == DAYS[9])
    late = daily["date"] >= DAYS[20]
    report = run(write(tmp_path / "one", None, daily.assign(factor=np.where(one, hole, 2.0))), target, {"daily": DAILY})
    (found,) = report.consistency
    assert (found["count"], found["cases"]) == (1, ["SH600000 2025-03-14"])
    message = refused(
        write(tmp_path / "all", None, daily.assign(factor=np.where(late, hole, 2.0))),
        tmp_path / "none",
        {"daily": DAILY},
    )
    assert "90 of 270 (33.3%) days without a factor, empty or not positive" in message


def test_a_table_of_daily_factors_may_end_a_week_early_but_one_of_changes_any_time(
    daily: pd.DataFrame, tmp_path: Path, target: Path
) -> None:
    source, content = write(tmp_path / "in", None, daily), {"daily": DAILY, "factors": "f.csv"}
    table = daily[["symbol", "date"]].assign(factor=2.0)
    table[table["date"] < DAYS[25]].to_csv(source / "f.csv", index=False)
    run(source, target, content)
    table[table["date"] < DAYS[15]].to_csv(source / "f.csv", index=False)
    assert "90 of 270 (33.3%) days without a factor" in refused(source, tmp_path / "none", content)
    table[table["date"] == DAYS[0]].to_csv(source / "f.csv", index=False)
    run(source, tmp_path / "changes", content)


def test_days_of_few_stocks_and_an_index_without_stocks_are_named(
    daily: pd.DataFrame, tmp_path: Path, target: Path
) -> None:
    daily = daily.drop(columns="prev_close").assign(factor=1.0)
    absent = daily["symbol"].isin(STOCKS[:6]) & (daily["date"] >= DAYS[25])
    source = write(tmp_path / "in", None, daily[~absent & (daily["date"] != DAYS[9])])
    index = daily[daily["symbol"] == STOCKS[0]].assign(symbol="SH000300")[["symbol", "date", "close"]]
    index.to_csv(source / "i.csv", index=False)
    report = run(source, target, {"daily": DAILY, "index": {"files": "i.csv", "columns": {"index": "symbol"}}})
    sparse, gone = (
        next(tally for what, tally in report.warnings.items() if part in what)
        for part in ("half as many", "no stock has")
    )
    assert (sparse.count, sparse.examples[0]) == (5, "2025-04-07: 3")
    assert (gone.count, gone.examples) == (1, ["2025-03-14"])
