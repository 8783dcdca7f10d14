"""Single values that cannot be: never stored, and counted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.errors import InputError

from ..vendor import BARS, DAILY, make_bars, make_daily, replaced, run, spans, stored, write

DAYS = pd.bdate_range("2025-03-03", periods=10)
STOCKS = ("600000", "000001", "300750", "688001")
PRICES = ["open", "high", "low", "close"]
SPIKED = "a price far beyond any limit, gone on the days beside it"
FAR = "a price far outside those of its day"
MADE = "whose amount / volume is far off"


@pytest.fixture
def bars() -> pd.DataFrame:
    return make_bars(STOCKS, DAYS)


def days_of(bars: pd.DataFrame) -> pd.DataFrame:
    """Daily rows with the sum of the bars' amounts."""
    keys = [bars["symbol"], bars["datetime"].dt.normalize().rename("date")]
    return make_daily(bars).merge(bars.groupby(keys)["amount"].sum().reset_index(), on=["symbol", "date"])


def times_ten(daily: pd.DataFrame, stocks: tuple[str, ...], columns: list[str]) -> pd.DataFrame:
    """Prices of the eighth day in another unit."""
    daily = daily.copy()
    daily.loc[(daily["date"] == DAYS[7]) & daily["symbol"].isin(stocks), columns] *= 10
    return daily


@pytest.mark.parametrize("columns", [PRICES, ["high"]])
def test_a_daily_price_out_of_scale_is_made_from_the_bars(
    bars: pd.DataFrame, tmp_path: Path, target: Path, columns: list[str]
) -> None:
    daily = days_of(bars)
    right = tmp_path / "right"
    run(write(tmp_path / "truth", bars, daily), right)
    report = run(write(tmp_path / "in", bars, times_ten(daily, ("000001",), columns)), target)
    assert report.inputs["daily"].dropped[SPIKED].examples == ["daily.csv: SZ000001 2025-03-12"]
    for field in ("open", "high", "low", "close", "volume", "amount", "factor"):
        pd.testing.assert_series_equal(stored(target, "SZ000001", field), stored(right, "SZ000001", field))


def test_without_bars_the_day_is_left_out(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    daily = days_of(bars)
    source = write(tmp_path / "in", None, times_ten(daily, ("000001",), PRICES))
    report = run(source, target, {"daily": DAILY, "max_inconsistent": 1.0})
    close = stored(target, "SZ000001", "close")
    assert close.isna().tolist() == [day == DAYS[7] for day in DAYS]
    rows = report.inputs["daily"]
    assert (rows.read, rows.kept, rows.dropped[SPIKED].count) == (40, 39, 1)


def test_a_day_of_another_unit_is_an_error_whatever_is_tolerated(
    bars: pd.DataFrame, tmp_path: Path, target: Path
) -> None:
    source = write(tmp_path / "in", None, times_ten(days_of(bars), STOCKS, PRICES))
    with pytest.raises(InputError, match=r"gone on the days beside it, of most stocks on 2025-03-12 \(daily.csv\)"):
        run(source, target, {"daily": DAILY, "max_inconsistent": 1.0, "max_dropped": 1.0})
    assert not target.exists()


@pytest.mark.parametrize("prices", [dict.fromkeys(PRICES, 911.0), {"low": 0.09}])
@pytest.mark.parametrize("has_daily", [True, False])
def test_a_bar_far_outside_its_day_is_left_out(
    bars: pd.DataFrame, tmp_path: Path, target: Path, prices: dict[str, float], has_daily: bool
) -> None:
    stamp = "2025-03-12 10:30"
    daily = days_of(bars)
    mapping = {"bars": BARS, "daily": DAILY}
    if not has_daily:
        daily[["symbol", "date", "factor"]].to_csv(write(tmp_path / "in") / "f.csv", index=False)
        mapping = {"bars": BARS, "factors": {"files": "f.csv", "before_first": "unknown"}}
    source = write(tmp_path / "in", replaced(bars, "000001", stamp, **prices), daily if has_daily else None)
    report = run(source, target, mapping)
    assert report.inputs["bars"].dropped[FAR].examples == ["all.parquet: SZ000001 2025-03-12T10:30"]
    rows = report.inputs["bars"]
    assert (rows.read, rows.kept) == (640, 639)
    for field in ("high", "low", "close"):
        values, given = stored(target, "SZ000001", field, "15min"), bars[bars["symbol"] == "000001"]
        assert np.isnan(values[stamp])
        np.testing.assert_allclose(values.drop(pd.Timestamp(stamp)), given[given["datetime"] != stamp][field] * 2)
    assert stored(target, "SZ000001", "high").max() < 25


def test_a_bar_a_little_outside_its_day_is_kept(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    high = float(bars[(bars["symbol"] == "000001")]["high"].max())
    report = run(
        write(tmp_path / "in", replaced(bars, "000001", "2025-03-12 10:30", high=high * 1.05), days_of(bars)), target
    )
    assert FAR not in report.inputs["bars"].dropped


@pytest.mark.parametrize(("field", "times"), [("volume", 10000.0), ("volume", 1e-2), ("amount", 10000.0)])
def test_a_volume_or_amount_far_off_is_made_from_the_other(
    bars: pd.DataFrame, tmp_path: Path, target: Path, field: str, times: float
) -> None:
    stamp, daily = pd.Timestamp("2025-03-12 10:30"), days_of(bars)
    bars["volume"] = bars["volume"].astype("f8")
    daily["volume"] = daily["volume"].astype("f8")
    bar = bars[(bars["symbol"] == "000001") & (bars["datetime"] == stamp)].iloc[0]
    day = daily[(daily["symbol"] == "000001") & (daily["date"] == DAYS[7])].iloc[0]
    off = replaced(bars, "000001", str(stamp), **{field: bar[field] * times})
    spoilt = replaced(daily, "000001", str(DAYS[7]), **{field: day[field] * times})
    for name, rows, days, when, freq, given in (
        ("bars", off, daily, stamp, "15min", bar), ("days", bars, spoilt, DAYS[7], "day", day),
    ):  # fmt: skip
        provider = target / name
        report = run(write(tmp_path / name, rows, days), provider)
        made = "volumes made from amount and price" if field == "volume" else "amounts made from volume and price"
        assert report.warnings[f"{name} {MADE}: {made}"].count == 1
        price = given[PRICES].mean()
        right = given["amount"] / price / 2 if field == "volume" else given["volume"] * price
        assert stored(provider, "SZ000001", field, freq)[when] == pytest.approx(right, rel=1e-6)


def test_a_stock_wholly_in_another_unit_is_left_out_and_not_mended(
    bars: pd.DataFrame, tmp_path: Path, target: Path
) -> None:
    daily = days_of(bars)
    daily["volume"] = daily["volume"].where(daily["symbol"] != "000001", daily["volume"] / 100)
    report = run(write(tmp_path / "in", None, daily), target, {"daily": DAILY, "max_inconsistent": 1.0})
    assert [code for code, _, _ in spans(target)] == ["SH600000", "SH688001", "SZ300750"]
    assert not any(MADE in what for what in report.warnings)
