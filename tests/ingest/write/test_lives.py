"""How long a stock is there: to its vendor's last daily row, with trade or without."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ..vendor import DAYS, MEMBERS, csv, make_bars, make_daily, run, spans, stored, text, with_inputs, write

QUIET = ("2025-03-05", "2025-03-06")
"""The days on which SH600000 is suspended, the last ones of the calendar."""
PRICES = ["open", "high", "low", "close"]


@pytest.fixture
def market() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Bars and days; SH600000 has rows without bars on its suspended days, its last price and a volume of 0."""
    bars = make_bars()
    daily = make_daily(bars)
    idle = (daily["symbol"] == "600000") & daily["date"].isin(pd.DatetimeIndex(QUIET))
    daily.loc[idle, PRICES], daily.loc[idle, "volume"] = 10.0, 0.0
    bars = bars[(bars["symbol"] != "600000") | (bars["datetime"] < "2025-03-05")]
    return bars, daily


def idle(daily: pd.DataFrame) -> pd.Series:
    return (daily["symbol"] == "600000") & (daily["volume"] == 0)


def life(target: Path, market: str = "all") -> list[str]:
    """First and last day of SH600000 in a list."""
    (span,) = [line[1:] for line in spans(target, market) if line[0] == "SH600000"]
    return span


def test_a_stock_suspended_at_the_end_is_stored_up_to_its_last_row(
    market: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Path, target: Path
) -> None:
    """As over any suspended day: no price, no volume; factor, size, industry, flag and weight go on."""
    source = write(tmp_path / "in", *market)
    text(source, "m.txt", "SH600000\t2025-03-03\t2025-03-06\nSZ000001\t2025-03-03\t2025-03-06\n")
    csv(source, "w.csv", [{"date": "2025-03-03", "symbol": code, "weight": 50} for code in ("600000", "000001")])
    csv(source, "s.csv", [{"symbol": code, "float_shares": 1e6} for code in ("600000", "000001", "300750")])
    csv(source, "i.csv", [{"symbol": code, "industry": "Banks"} for code in ("600000", "000001", "300750")])
    csv(source, "st.csv", [{"symbol": "600000", "start": "2025-03-04", "end": ""}])
    tables = {"members": {"csi300": MEMBERS}, "weights": {"csi300": {"files": "w.csv", "carry": True}}}
    report = run(source, target, with_inputs(float_shares="s.csv", industry="i.csv", st="st.csv", **tables))
    assert life(target) == life(target, "csi300") == ["2025-03-03", "2025-03-06"]
    for name in (*PRICES, "vwap", "volume", "amount", "limit_up", "limit_down"):
        values = stored(target, "SH600000", name)
        assert np.isfinite(values["2025-03-04"])
        assert values[list(QUIET)].isna().all()
    last = float(market[1].set_index(["symbol", "date"])["close"]["600000", "2025-03-04"])
    assert stored(target, "SH600000", "factor")[list(QUIET)].tolist() == [2, 2]
    assert stored(target, "SH600000", "market_cap")[list(QUIET)].tolist() == pytest.approx([last * 1e6] * 2)
    assert stored(target, "SH600000", "industry")[list(QUIET)].tolist() == [0, 0]
    assert stored(target, "SH600000", "is_st").tolist() == [0, 1, 1, 1]
    other = stored(target, "SZ000001", "csi300_weight")
    np.testing.assert_allclose(stored(target, "SH600000", "csi300_weight") + other, 1, rtol=1e-6)
    assert stored(target, "SH600000", "close", "15min").index[-1] == pd.Timestamp("2025-03-04 15:00")
    assert report.inputs["daily"].dropped["suspended day"].count == 2
    assert (target / "coverage.csv").read_text().split() == [
        "market,date,members,weight",
        "csi300,2025-03-03,1.000000,1.000000",
    ]


def test_any_price_or_a_volume_of_zero_is_a_row_that_counts(
    market: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Path, target: Path
) -> None:
    bars, daily = market
    for number, (empty, end) in enumerate({
        ("volume",): "2025-03-06",
        tuple(PRICES): "2025-03-06",
        (*PRICES, "volume"): "2025-03-04",
    }.items()):  # fmt: skip
        quiet = daily.copy()
        quiet.loc[idle(daily), list(empty)] = np.nan
        run(write(tmp_path / f"in{number}", bars, quiet), target)
        assert life(target) == ["2025-03-03", end]
        assert stored(target, "SH600000", "close").index[-1] == pd.Timestamp(end)


def test_without_rows_a_stock_ends_with_its_last_trade(
    market: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Path, target: Path
) -> None:
    bars, daily = market
    run(write(tmp_path / "in", bars, daily[~idle(daily)]), target)
    assert life(target) == ["2025-03-03", "2025-03-04"]


def test_a_cell_that_is_empty_in_all_wide_tables_is_no_row(
    market: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Path, target: Path
) -> None:
    """Even where a table of factors goes on: it says nothing of the stock."""
    _, daily = market
    daily.loc[idle(daily), [*PRICES, "volume"]] = np.nan
    source = tmp_path / "wide"
    source.mkdir()
    for name in (*PRICES, "volume", "factor"):
        daily.pivot_table(index="date", columns="symbol", values=name, dropna=False).to_csv(source / f"{name}.csv")
    run(source, target, {"daily": {"wide": {name: f"{name}.csv" for name in (*PRICES, "volume", "factor")}}})
    assert life(target) == ["2025-03-03", "2025-03-04"]


def test_what_another_provider_has_no_number_of_is_no_row(
    market: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Path, target: Path
) -> None:
    """A provider of ours has NaN on suspended days, so that its copy ends with the last trade."""
    run(write(tmp_path / "in", *market), tmp_path / "first")
    assert life(tmp_path / "first") == ["2025-03-03", "2025-03-06"]
    run(tmp_path, target, {"daily": {"provider": "first"}})
    assert life(target) == ["2025-03-03", "2025-03-04"]


def test_a_stock_begins_with_its_first_trade(tmp_path: Path, target: Path) -> None:
    bars = make_bars()
    daily = make_daily(bars)
    daily.loc[(daily["symbol"] == "600000") & (daily["date"] == DAYS[0]), "volume"] = 0.0
    bars = bars[(bars["symbol"] != "600000") | (bars["datetime"] > "2025-03-04")]
    run(write(tmp_path / "in", bars, daily), target)
    assert life(target) == ["2025-03-04", "2025-03-06"]
