"""Vendors' layouts and conventions: other files of the same bars make the same provider."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from .vendor import BARS, CODES, DAILY, make_bars, make_daily, run, stored, write


@pytest.mark.parametrize("layout", ["one file a stock", "a file a day", "csv", "chinese columns", "lots", "starts"])
def test_the_layout_of_the_files_makes_no_difference(
    bars: pd.DataFrame, tmp_path: Path, target: Path, layout: str
) -> None:
    reference, source = tmp_path / "reference", tmp_path / "in"
    run(write(tmp_path / "plain", bars, make_daily(bars)), reference)
    write(source, None, make_daily(bars))
    options = dict(BARS)
    if layout == "one file a stock":
        for stock, rows in bars.groupby("symbol"):
            exchange = "sh" if stock == "600000" else "sz"
            rows.drop(columns="symbol").to_csv(source / "bars" / f"{exchange}.{stock}.csv", index=False)
    elif layout == "a file a day":
        for day, rows in bars.groupby(bars["datetime"].dt.date):
            rows.to_parquet(source / "bars" / f"{day}.parquet")
    elif layout == "csv":
        bars.to_csv(source / "bars" / "all.csv", index=False)
    elif layout == "chinese columns":
        names = dict(
            zip(bars.columns, ["股票代码", "时间", "开盘", "最高", "最低", "收盘", "成交量", "成交额"], strict=True)
        )
        bars.rename(columns=names).to_csv(source / "bars" / "all.csv", index=False, encoding="gb18030")
        options["encoding"] = "gb18030"
    elif layout == "lots":
        bars.assign(volume=bars["volume"] / 100).to_parquet(source / "bars" / "all.parquet")
        options["volume"] = "lots"
    else:
        bars.assign(datetime=bars["datetime"] - pd.Timedelta("15min")).to_parquet(source / "bars" / "all.parquet")
        options["stamps"] = "start"
    run(source, target, {"bars": options, "daily": DAILY})
    for code in CODES:
        for name in ("open", "high", "low", "close", "volume", "vwap", "amount"):
            expected = stored(reference, code, name, "15min")
            pd.testing.assert_series_equal(stored(target, code, name, "15min"), expected, rtol=1e-6)


@pytest.mark.parametrize("freq", ["1min", "5min"])
def test_finer_bars_are_aggregated(tmp_path: Path, target: Path, freq: str) -> None:
    fine = make_bars(("600000",), freq=freq)
    source = write(tmp_path / "in", fine, make_daily(fine))
    run(source, target, {"bars": BARS | {"freq": freq}, "daily": DAILY})
    how = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum", "amount": "sum"}
    coarse = fine.set_index("datetime").resample("15min", closed="right", label="right").agg(how)
    coarse = coarse[coarse["volume"] > 0]
    for name in ("open", "high", "low", "close"):
        np.testing.assert_allclose(stored(target, "SH600000", name, "15min"), coarse[name] * 2, rtol=1e-6)
    vwap = coarse["amount"] / coarse["volume"] * 2
    np.testing.assert_allclose(stored(target, "SH600000", "vwap", "15min"), vwap, rtol=1e-6)


def test_an_opening_auction_belongs_to_the_first_bar(tmp_path: Path, target: Path) -> None:
    fine = make_bars(("600000",), freq="1min")
    auction = fine.iloc[[0]].assign(
        datetime=pd.Timestamp("2025-03-03 09:30"), open=9.5, low=9.5, volume=700, amount=6895
    )
    source = write(tmp_path / "in", pd.concat([auction, fine]), make_daily(fine))
    run(source, target, {"bars": BARS | {"freq": "1min"}, "daily": DAILY})
    assert stored(target, "SH600000", "open", "15min").iloc[0] == 19.0
    first = fine.set_index("datetime")["volume"][:"2025-03-03 09:45"].sum() + 700
    assert stored(target, "SH600000", "volume", "15min").iloc[0] == first / 2


def test_adjusted_prices_are_stored_as_they_came(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    reference = tmp_path / "reference"
    daily = make_daily(bars)
    run(write(tmp_path / "raw", bars, daily), reference)
    prices = ["open", "high", "low", "close"]
    bars[prices] *= 2
    daily[prices] *= 2
    content = {"bars": BARS | {"prices": "adjusted"}, "daily": {"files": "daily.csv", "prices": "adjusted"}}
    run(write(tmp_path / "in", bars, daily), target, content)
    for name in ("close", "vwap", "volume"):
        for freq in ("day", "15min"):
            expected = stored(reference, "SZ000001", name, freq)
            pd.testing.assert_series_equal(stored(target, "SZ000001", name, freq), expected, rtol=1e-6)

    report = run(write(tmp_path / "bare", bars, daily.drop(columns="factor")), target, content)
    np.testing.assert_allclose(
        stored(target, "SZ000001", "close", "15min"), stored(reference, "SZ000001", "close", "15min"), rtol=1e-6
    )
    one = bars[bars["symbol"] == "000001"]
    np.testing.assert_allclose(stored(target, "SZ000001", "vwap", "15min"), one[prices].mean(axis=1), rtol=1e-6)
    assert not (target / "features" / "sz000001" / "limit_up.day.bin").exists()
    assert any("no limit prices" in note for note in report.notes)


def test_small_slices_give_the_same_provider(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    source = write(tmp_path / "in", bars, make_daily(bars))
    run(source, target)
    run(source, tmp_path / "sliced", slice_rows=70, chunk_rows=50)
    whole = sorted(path.relative_to(target) for path in target.rglob("*.bin"))
    assert whole == sorted(path.relative_to(tmp_path / "sliced") for path in (tmp_path / "sliced").rglob("*.bin"))
    assert all((target / name).read_bytes() == (tmp_path / "sliced" / name).read_bytes() for name in whole)


def test_a_tushare_folder(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    """Lots, thousands of yuan, dates as numbers, factors in a table of their own, newest rows first."""
    source = write(tmp_path / "in")
    bars = bars.assign(
        ts_code=bars["symbol"].map({"600000": "600000.SH", "000001": "000001.SZ", "300750": "300750.SZ"})
    )
    minutes = bars.rename(columns={"datetime": "trade_time", "volume": "vol"}).drop(columns="symbol")
    for code, rows in minutes.groupby("ts_code"):
        rows.iloc[::-1].to_csv(source / "bars" / f"{code}.csv", index=False)
    how = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum", "amount": "sum"}
    date = bars["datetime"].dt.strftime("%Y%m%d").rename("trade_date")
    daily = bars.groupby([bars["ts_code"], date]).agg(how).reset_index().rename(columns={"volume": "vol"})
    daily.assign(vol=daily["vol"] / 100, amount=daily["amount"] / 1000).to_csv(source / "daily.csv", index=False)
    daily[["ts_code", "trade_date"]].assign(adj_factor=2.0).to_csv(source / "factor.csv", index=False)
    run(source, target, {
        "bars": BARS, "daily": {"files": "daily.csv", "volume": "lots", "amount": "thousand"}, "factors": "factor.csv",
    })  # fmt: skip
    plain = tmp_path / "plain_provider"
    run(write(tmp_path / "plain", bars.drop(columns="ts_code"), make_daily(bars)), plain)
    for code in CODES:
        for name in ("open", "close", "volume", "vwap", "amount", "factor", "limit_up"):
            pd.testing.assert_series_equal(stored(target, code, name), stored(plain, code, name), rtol=1e-6)
        closes = stored(plain, code, "close", "15min")
        pd.testing.assert_series_equal(stored(target, code, "close", "15min"), closes, rtol=1e-6)


def test_a_baostock_folder(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    """Date and a 17-digit time; an empty volume on a suspended day; an ST flag among the daily columns."""
    one = bars[bars["symbol"] == "600000"]
    daily = make_daily(one).rename(columns={"symbol": "code"}).assign(code="sh.600000", isST=[0, 1, 1, 0])
    daily = daily.astype({"volume": "object"})
    daily.loc[1, "volume"] = ""
    one = one[one["datetime"].dt.strftime("%Y-%m-%d") != "2025-03-04"]
    stamps = one["datetime"].dt.strftime("%Y%m%d%H%M%S000")
    head = {"date": one["datetime"].dt.strftime("%Y-%m-%d"), "time": stamps, "code": "sh.600000"}
    source = write(tmp_path / "in", None, daily)
    one.assign(**head).drop(columns=["symbol", "datetime"]).to_csv(source / "bars" / "b.csv", index=False)
    report = run(source, target)
    assert report.inputs["daily"].dropped["suspended day"].count == 1
    found = stored(target, "SH600000", "close", "15min")
    assert found["2025-03-04"].isna().all()
    np.testing.assert_allclose(found.dropna(), one["close"] * 2, rtol=1e-6)
    assert stored(target, "SH600000", "is_st").tolist() == [0, 1, 1, 0]


def day_volumes(target: Path, fine: pd.DataFrame) -> None:
    """The day's volume adds up, and so do first open and last close."""
    volume = stored(target, "SH600000", "volume", "15min") * 2
    by_day = fine.groupby(fine["datetime"].dt.normalize())["volume"].sum()
    np.testing.assert_allclose(volume.groupby(volume.index.normalize()).sum(), by_day, rtol=1e-6)


@pytest.mark.parametrize(("freq", "opening"), [("1min", "09:25"), ("1min", "09:30"), ("15min", "09:25")])
def test_auctions_of_bars_stamped_at_their_ends(tmp_path: Path, target: Path, freq: str, opening: str) -> None:
    fine = make_bars(("600000",), freq=freq)
    days = fine["datetime"].dt.normalize()
    first = fine[~days.duplicated()]
    clock = days + pd.Timedelta(f"{opening}:00")
    prints = first.assign(datetime=clock, open=first["low"], volume=700, amount=700 * first["low"])
    fine = pd.concat([prints, fine])
    run(write(tmp_path / "in", fine, make_daily(fine)), target, {"bars": BARS | {"freq": freq}, "daily": DAILY})
    day_volumes(target, fine)
    opens = stored(target, "SH600000", "open", "15min").iloc[::16]
    np.testing.assert_allclose(opens, first["low"] * 2, rtol=1e-6)


@pytest.mark.parametrize("freq", ["1min", "5min", "15min"])
def test_closing_auctions_of_bars_stamped_at_their_starts(tmp_path: Path, target: Path, freq: str) -> None:
    """The last trades of morning and day are rows at 11:30 and 15:00, the auction at 14:57 where that is no bar."""
    bars = make_bars(("600000",), freq=freq)
    bars["datetime"] -= pd.Timedelta(freq)
    last = bars.iloc[[-1]].assign(close=10.2, high=10.2, volume=1100, amount=1100 * 10)
    clocks = ("11:30", "15:00") if freq == "1min" else ("11:30", "14:57", "15:00")
    prints = [
        last.assign(datetime=pd.Timestamp(f"{day:%Y-%m-%d} {clock}"))
        for day in bars["datetime"].dt.normalize().unique()
        for clock in clocks
    ]
    fine = pd.concat([bars, *prints]).sort_values("datetime")
    report = run(
        write(tmp_path / "in", fine, make_daily(fine)),
        target,
        {"bars": BARS | {"freq": freq, "stamps": "start"}, "daily": DAILY},
    )
    assert report.inputs["bars"].dropped == {}
    day_volumes(target, fine)
    closes = stored(target, "SH600000", "close", "15min")
    assert closes["2025-03-03 11:30"] == closes["2025-03-03 15:00"] == 20.4


def test_the_bar_of_11_30_stamped_13_00(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    reference = tmp_path / "reference"
    run(write(tmp_path / "plain", bars, make_daily(bars)), reference)
    noon = bars["datetime"].dt.strftime("%H:%M") == "11:30"
    late = bars.assign(datetime=bars["datetime"].mask(noon, bars["datetime"] + pd.Timedelta("90min")))
    report = run(write(tmp_path / "in", late, make_daily(bars)), target)
    for code in CODES:
        for name in ("open", "close", "volume", "vwap"):
            expected = stored(reference, code, name, "15min")
            pd.testing.assert_series_equal(stored(target, code, name, "15min"), expected)
    assert "bars: bars of 11:30 that are stamped 13:00, put right" in report.warnings


@pytest.mark.parametrize(("unit", "as_text"), [("s", False), ("ms", False), ("ms", True)])
def test_stamps_as_seconds_or_milliseconds_since_1970(
    bars: pd.DataFrame, tmp_path: Path, target: Path, unit: str, as_text: bool
) -> None:
    reference = tmp_path / "reference"
    run(write(tmp_path / "plain", bars, make_daily(bars)), reference)
    moments = bars["datetime"].dt.tz_localize("Asia/Shanghai").dt.as_unit(unit).astype("int64")
    source = write(tmp_path / "in", bars.assign(datetime=moments.astype(str) if as_text else moments), make_daily(bars))
    run(source, target)
    pd.testing.assert_series_equal(
        stored(target, "SZ000001", "close", "15min"), stored(reference, "SZ000001", "close", "15min")
    )


def test_an_index_in_a_stock_file_stays_an_index_and_a_fund_is_read(
    bars: pd.DataFrame, tmp_path: Path, target: Path
) -> None:
    """``sh000300`` is not SZ000300, ``510300`` is of Shanghai, ``00700`` of Hong Kong."""
    names = {"600000": "sh000300", "000001": "510300", "300750": "00700"}
    renamed = bars.assign(symbol=bars["symbol"].map(names))
    content = {"bars": BARS, "daily": DAILY, "max_dropped": 0.4}
    report = run(write(tmp_path / "in", renamed, make_daily(renamed)), target, content)
    assert sorted(path.name for path in (target / "features").iterdir()) == ["sh000300", "sh510300"]
    assert report.inputs["bars"].dropped["unknown symbol"].count == 64
    tally = report.warnings["indices among the stocks, stored as stocks (levels belong in index)"]
    assert (tally.count, tally.examples) == (1, ["SH000300"])
