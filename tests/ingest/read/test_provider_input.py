"""Providers as sources: ours comes out as it went in, and what other programs wrote becomes one of ours."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from plain_provider import adjusted, write_plain_provider

from qlib_mfgru.demo import make_demo_market
from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import BarInput, parse_mapping
from qlib_mfgru.ingest.read.inputs import VendorInput
from qlib_mfgru.ingest.read.provider.source import of_provider
from qlib_mfgru.ingest.read.spool import Registry
from qlib_mfgru.ingest.report import IngestReport
from qlib_mfgru.provider.session import SESSIONS
from qlib_mfgru.provider.storage.files import ProviderFiles

from ..vendor import BARS, CODES, DAYS, MEMBERS, csv, make_bars, make_daily, run, spans, stored, text, write
from ..vendor import with_inputs as mapped

FACTOR = pd.Series([2.0, 2.0, 2.5, 2.5], index=DAYS)
SAME = {"rtol": 3e-7}
"""A value and back through raw ones, each rounded to float32."""


def assert_same(one: Path, other: Path, fields: tuple[str, ...], freqs: tuple[str, ...] = ("day", "15min")) -> None:
    mine, theirs = ProviderFiles(one), ProviderFiles(other)
    for freq in freqs:
        assert mine.calendar(freq).equals(theirs.calendar(freq))
        for code in theirs.instruments("all"):
            for field in fields:
                got, expected = (files.dense(code, field, freq) for files in (mine, theirs))
                if field in ("volume", "amount"):  # of a day without trade: 0 or nothing
                    got, expected = np.nan_to_num(got), np.nan_to_num(expected)
                np.testing.assert_allclose(got, expected, err_msg=f"{code} {field}", **SAME)


FIELDS = ("open", "high", "low", "close", "vwap", "volume", "amount")


def test_our_own_provider_gives_itself_to_float32(source: Path, tmp_path: Path) -> None:
    levels = [{"code": "000300", "date": day, "close": 3000 + i} for i, day in enumerate(DAYS)]
    industries = [{"symbol": "600000", "date": "2025-01-01", "industry": "Banks, other"},
                  {"symbol": "600000", "date": "2025-03-05", "industry": "Food"}]  # fmt: skip
    weights = [{"date": "2025-03-04", "symbol": code, "weight": 50} for code in ("600000", "000001")]
    text(source, "m.txt", "SH600000\t2025-03-03\t2025-03-04\nSZ000001\t2025-03-03\t2025-03-06\n")
    once, twice = tmp_path / "once", tmp_path / "twice"
    run(source, once, mapped(
        index=csv(source, "i.csv", levels), industry=csv(source, "n.csv", industries),
        weights={"csi300": {"files": csv(source, "w.csv", weights), "carry": True}}, members={"csi300": MEMBERS},
    ))  # fmt: skip
    here: dict[str, object] = {"provider": "."}
    report = run(once, twice, {
        "bars": here | {"freq": "15min"}, "daily": here, "industry": here,
        "members": {"csi300": here}, "weights": {"csi300": here},
    })  # fmt: skip
    assert_same(twice, once, FIELDS)
    assert_same(twice, once, ("factor", "limit_up", "limit_down", "industry", "csi300_weight"), ("day",))
    assert (twice / "industries.csv").read_text() == 'code,name\n0,"Banks, other"\n1,Food\n'
    for name in ("instruments/csi300.txt", "instruments/all.txt", "industries.csv"):
        assert (twice / name).read_bytes() == (once / name).read_bytes()
    assert stored(twice, "SH000300", "close").tolist() == [3000, 3001, 3002, 3003]
    assert (report.inputs["bars"].read, report.inputs["bars"].kept) == (3 * 4 * 16, 3 * 4 * 16)


def test_a_demo_market_gives_itself_with_its_suspensions(tmp_path: Path) -> None:
    demo = tmp_path / "demo"
    make_demo_market(demo, n_stocks=30, n_days=120, intraday_days=60, seed=2)
    here = {"provider": str(demo)}
    run(tmp_path, tmp_path / "again", {
        "bars": here | {"freq": "15min"}, "daily": here, "members": {"csi300": here}, "industry": here,
    })  # fmt: skip
    assert_same(tmp_path / "again", demo, FIELDS[:-1])
    mine, theirs = ProviderFiles(tmp_path / "again"), ProviderFiles(demo)
    assert mine.instruments("csi300").keys() == theirs.instruments("csi300").keys()
    np.testing.assert_allclose(mine.dense("SH000300", "close", "day"), theirs.dense("SH000300", "close", "day"), **SAME)


def cn_data(folder: Path, bars: pd.DataFrame, *, upper: bool = False, vwap: bool = False, minutes: str = "") -> Path:
    """The vendor's market as cn_data has it, with SH000300 among the instruments, and in upper case in ``all``."""
    days, intraday = {}, {}
    for code, stock in zip(CODES, ("600000", "000001", "300750"), strict=True):
        one = bars[bars["symbol"] == stock].set_index("datetime")
        daily = one.resample("D").agg({"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum",
                                       "amount": "sum"})  # fmt: skip
        days[code] = adjusted(daily, FACTOR).assign(factor=FACTOR, change=daily["close"].pct_change())
        by_bar = FACTOR.reindex(one.index.normalize()).set_axis(one.index)
        intraday[code] = adjusted(one, by_bar)
        if vwap:
            days[code]["vwap"] = daily["amount"] / daily["volume"] * FACTOR
            intraday[code]["vwap"] = one["amount"] / one["volume"] * by_bar
        if minutes == "start":
            intraday[code].index -= pd.Timedelta(minutes=1)
    level = pd.DataFrame({"close": [1.0, 1.1, 1.2, 1.3], "factor": 0.001}, index=DAYS)
    lines = [f"{code}\t2025-03-03\t2025-03-06" for code in CODES]
    listed = [*lines, "SH000300\t2025-03-03\t2025-03-06"] if upper else lines
    series = {"day": {**days, "SH000300": level}} | ({"1min": intraday} if minutes else {})
    return write_plain_provider(folder, series, {"all": listed, "csi300": lines[:1]}, upper=upper)


@pytest.mark.parametrize("upper", [False, True])
def test_plain_cn_data_becomes_a_provider_with_a_typical_vwap(
    bars: pd.DataFrame, tmp_path: Path, target: Path, upper: bool
) -> None:
    provider = cn_data(tmp_path / "cn_data", bars, upper=upper)
    report = run(provider, target, {"daily": {"provider": "."}, "members": {"csi300": {"provider": "."}}})
    daily = make_daily(bars).set_index(["symbol", "date"]).loc["600000"]
    np.testing.assert_allclose(stored(target, "SH600000", "close"), daily["close"] * FACTOR, **SAME)
    np.testing.assert_allclose(stored(target, "SH600000", "volume"), daily["volume"] / FACTOR, **SAME)
    typical = daily[["open", "high", "low", "close"]].mean(axis=1) * FACTOR
    np.testing.assert_allclose(stored(target, "SH600000", "vwap"), typical, **SAME)
    assert report.warnings["days without any amount: $vwap is (open + high + low + close) / 4"].count == 12
    assert [line[0] for line in spans(target)] == sorted(CODES)
    assert spans(target, "csi300") == [["SH600000", "2025-03-03", "2025-03-06"]]
    np.testing.assert_allclose(stored(target, "SH000300", "close"), [1000, 1100, 1200, 1300], **SAME)
    assert report.facts["indices"] == "SH000300"


@pytest.mark.parametrize("stamps", ["end", "start"])
def test_minute_bars_are_recognised_by_the_calendar_and_resampled(tmp_path: Path, target: Path, stamps: str) -> None:
    minutes = make_bars(freq="1min")
    provider = cn_data(tmp_path / "cn_data", minutes, vwap=True, minutes=stamps)
    here = {"provider": str(provider)}
    report = run(tmp_path, target, {"bars": here | {"freq": "1min"}, "daily": here})
    assert f"bars: the stamps of the provider's 1min calendar are taken to be bar {stamps}s" in report.notes
    expected = tmp_path / "expected"
    by_date = {f"{day:%Y-%m-%d}": factor for day, factor in FACTOR.items()}
    source = write(tmp_path / "in", minutes, make_daily(minutes, by_date))
    run(source, expected, mapped(bars=BARS | {"freq": "1min"}))
    assert_same(target, expected, FIELDS)
    assert_same(target, expected, ("factor",), ("day",))


@pytest.mark.parametrize(("stamps", "first"), [("start", "2025-03-03 00:00"), ("end", "2025-03-03 01:00")])
def test_round_the_clock_a_bar_is_read_by_the_factor_of_its_day(tmp_path: Path, stamps: str, first: str) -> None:
    """The stamp 00:00 is the start of a day's first bar, or the end of its last one."""
    days, price = pd.Series([2.0, 4.0], index=DAYS[:2]), np.arange(48.0) + 100
    names = ("open", "high", "low", "close", "volume")
    hours = pd.DataFrame(dict.fromkeys(names, price), index=pd.date_range(first, periods=48, freq="h"))
    by_hour = pd.Series(np.repeat(days.to_numpy(), 24), index=hours.index)
    series = {"60min": {"BTC": adjusted(hours, by_hour)}, "day": {"BTC": pd.DataFrame({"factor": days})}}
    provider = write_plain_provider(tmp_path / "coins", series, {"all": ["BTC\t2025-03-03\t2025-03-04"]})
    source, report = BarInput(provider=provider, freq="60min"), IngestReport()
    bars = of_provider(
        VendorInput("bars", source, [provider], Registry("plain"), report, 100, True, SESSIONS["crypto"])
    )
    (only,) = bars.slices(("close",))
    assert bars.source.stamps == stamps
    assert only.frame["close"].tolist() == price.tolist()
    assert not report.input("bars").dropped


def test_stated_stamps_go_before_the_calendars(tmp_path: Path, target: Path) -> None:
    provider = cn_data(tmp_path / "cn_data", make_bars(freq="1min"), minutes="start")
    bars = {"provider": str(provider), "freq": "1min", "stamps": "end"}
    with pytest.raises(InputError, match="they fit freq: 1min, stamps: start"):
        run(tmp_path, target, {"bars": bars, "daily": {"provider": str(provider)}})


def test_a_provider_without_factor_is_read_as_unadjusted_or_refused(
    bars: pd.DataFrame, tmp_path: Path, target: Path
) -> None:
    provider = cn_data(tmp_path / "cn_data", bars)
    for file in provider.glob("features/*/factor.day.bin"):
        os.remove(file)
    with pytest.raises(InputError, match="raw prices need a factor"):
        run(provider, target, {"daily": {"provider": "."}})
    run(provider, target, {"daily": {"provider": ".", "prices": "unadjusted"}})
    daily = make_daily(bars).set_index(["symbol", "date"]).loc["600000"]
    np.testing.assert_allclose(stored(target, "SH600000", "close"), daily["close"] * FACTOR, **SAME)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"daily": {"provider": "no"}}, r"no: no qlib provider, it has no folder calendars"),
        ({"bars": {"provider": ".", "freq": "5min"}}, r"no '5min' calendar; it has day$"),
        ({"daily": {"provider": "."}, "members": {"csi500": {"provider": "."}}}, r"no market 'csi500'; it has all"),
        ({"daily": {"provider": "."}, "weights": {"csi300": {"provider": "."}}}, r"cn_data has no weight$"),
        ({"daily": {"provider": "."}, "limits": {"provider": "."}}, r"^limits: a provider gives daily, bars, fac"),
    ],
)  # fmt: skip
def test_what_a_provider_lacks_is_told_in_one_line(
    bars: pd.DataFrame, tmp_path: Path, target: Path, content: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError, match=message) as error:
        run(cn_data(tmp_path / "cn_data", bars), target, content)
    assert "\n" not in str(error.value)
    assert not target.exists()


def test_a_market_of_another_session_is_refused(tmp_path: Path, target: Path) -> None:
    make_demo_market(tmp_path / "us", n_stocks=20, n_days=60, intraday_days=30, session="us")
    with pytest.raises(InputError, match=r"^daily: the provider .*us is of another session: write it in the mapping"):
        run(tmp_path / "us", target, {"daily": {"provider": "."}})
    report = run(tmp_path / "us", target, {"daily": {"provider": "."}, "session": "us"})
    unlisted = set(ProviderFiles(tmp_path / "us").stored) - set(ProviderFiles(tmp_path / "us").instruments("all"))
    assert set(str(report.facts["indices"]).split(", ")) == unlisted


def test_instruments_that_all_does_not_name_are_left_out_and_counted(
    bars: pd.DataFrame, tmp_path: Path, target: Path
) -> None:
    provider = cn_data(tmp_path / "cn_data", bars)
    (provider / "instruments" / "all.txt").write_text("SH600000\t2025-03-03\t2025-03-06\n")
    report = run(provider, target, {"daily": {"provider": "."}})
    assert [line[0] for line in spans(target)] == ["SH600000"]
    left_out = report.warnings["daily: instruments left out: the provider's `all` does not name them"]
    assert (left_out.count, left_out.examples) == (2, ["SZ000001", "SZ300750"])


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"prices": "adjusted"}, "daily: a provider's rows are read raw, by its factor: leave `adjusted` out"),
        ({"volume": "adjusted"}, "daily: a provider's rows are read raw, by its factor: leave `adjusted` out"),
        ({"sep": ",", "names": ["a"]}, "daily: a provider has no table to read: leave sep and names out"),
    ],
)
def test_settings_that_mean_nothing_for_a_provider_are_refused(section: dict[str, object], message: str) -> None:
    with pytest.raises(InputError) as error:
        parse_mapping({"daily": {"provider": "p", **section}}, "my.yaml")
    assert str(error.value) == f"my.yaml: {message}"


def test_bars_alone_make_the_days_with_the_providers_factors(tmp_path: Path, target: Path) -> None:
    minutes = make_bars(freq="1min")
    here = {"provider": str(cn_data(tmp_path / "cn_data", minutes, vwap=True, minutes="end"))}
    run(tmp_path, target, {"bars": here | {"freq": "1min"}, "factors": here})
    daily = make_daily(minutes).set_index(["symbol", "date"]).loc["600000"]
    np.testing.assert_allclose(stored(target, "SH600000", "close"), daily["close"] * FACTOR, **SAME)
    np.testing.assert_allclose(stored(target, "SH600000", "volume"), daily["volume"] / FACTOR, **SAME)


@pytest.mark.parametrize("freq", ["day", "15min"])
def test_rows_without_a_factor_are_left_out_and_counted(source: Path, tmp_path: Path, target: Path, freq: str) -> None:
    """The factor is 2.5 from the third day on: neither the 2 before it nor 1 would be right there."""
    bars = make_bars()
    by_date = {f"{day:%Y-%m-%d}": factor for day, factor in FACTOR.items()}
    run(write(source, bars, make_daily(bars, by_date)), tmp_path / "once")
    file = tmp_path / "once" / "features" / "sh600000" / "factor.day.bin"
    values = np.fromfile(file, "<f4")
    values[3] = np.nan
    values.tofile(file)
    with pytest.raises(InputError, match=r"daily: 8\.3% of 12 rows are bad, more than max_dropped = 5\.0%"):
        run(tmp_path, target, {"daily": {"provider": "once"}})
    here = {"provider": "once", "max_dropped": 0.1}
    bars_of = {"bars": here | {"freq": freq}} if freq != "day" else {}
    report = run(tmp_path, target, {"daily": here, **bars_of})
    tally = report.inputs["daily"].dropped["no factor on that day"]
    assert (tally.count, tally.examples) == (1, ["once: SH600000 2025-03-05"])
    assert stored(target, "SH600000", "close").isna().tolist() == [False, False, True, False]
    if freq != "day":
        assert report.inputs["bars"].dropped["no factor on that day"].count == 16


def test_a_provider_is_not_read_into_itself(source: Path, target: Path) -> None:
    run(source, target)
    with pytest.raises(InputError, match=r"daily reads .*provider, which --target would replace"):
        run(source, target, {"daily": {"provider": str(target)}})
    assert len(stored(target, "SH600000", "close", "15min")) == 64
