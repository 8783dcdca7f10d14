"""Hong Kong with its auction, crypto round the clock, and a session that the mapping spells out."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.report import IngestReport
from qlib_mfgru.provider.manifest import session_in
from qlib_mfgru.provider.session import SESSIONS

from ..minutes import minute_rows, pandas_bars, stamped, trading_minutes
from ..vendor import run, spans, stored

BARS = {"files": "all.csv", "freq": "1min", "stamps": "end", "prices": "unadjusted"}
WEEKEND = ["2024-03-08", "2024-03-09", "2024-03-10", "2024-03-11"]


def local(rows: pd.DataFrame, convention: str = "end") -> pd.DataFrame:
    """The rows stamped in local time."""
    shift = pd.Timedelta(minutes=1 if convention == "end" else 0)
    return rows.assign(datetime=rows["start"] + shift).drop(columns="start")


def ingested(folder: Path, rows: pd.DataFrame, session: Any, **options: Any) -> IngestReport:
    rows.to_csv(folder / "all.csv", index=False)
    return run(folder, folder / "provider", {"session": session, "bars": BARS | options, "max_dropped": 0})


@pytest.mark.parametrize("convention", ["start", "end"])
def test_hong_kong_leaves_its_auction_out_and_says_so(tmp_path: Path, convention: str) -> None:
    halves = ("09:30", "12:00"), ("13:00", "16:00")
    rows = minute_rows("0700.HK", trading_minutes(["2024-03-11", "2024-03-12"], *halves))
    auction = minute_rows("0700.HK", trading_minutes(["2024-03-11", "2024-03-12"], ("16:00", "16:10")), seed=6)
    vendor = local(pd.concat([rows, auction.assign(close=999.0, high=999.0)]), convention)
    report = ingested(tmp_path, vendor, "hk", stamps=convention, store=["15min", "60min"])
    bars = report.inputs["bars"]
    assert {reason: tally.count for reason, tally in bars.dropped.items()} == {
        "in an auction that the session leaves out": 20
    }
    assert (bars.read, bars.kept) == (680, 660)
    expected = pandas_bars(rows, 15)
    for name in expected:
        found = stored(tmp_path / "provider", "0700.HK", str(name), "15min")
        assert len(found) == 2 * 22
        np.testing.assert_allclose(found, expected[name], rtol=1e-6)
    hours = stored(tmp_path / "provider", "0700.HK", "close", "60min")["2024-03-11"]
    assert hours.index.strftime("%H:%M").tolist() == ["10:30", "11:30", "12:00", "14:00", "15:00", "16:00"]
    by_start = rows.set_index("start")["close"]
    assert hours["2024-03-11 12:00"] == np.float32(by_start[pd.Timestamp("2024-03-11 11:59")])
    assert not report.warnings


@pytest.mark.parametrize("convention", ["start", "end"])
def test_crypto_trades_through_a_weekend_and_its_days_end_at_midnight(tmp_path: Path, convention: str) -> None:
    rows = minute_rows("btc-usdt", trading_minutes(WEEKEND, ("00:00", "23:59")))
    last_minutes = pd.DatetimeIndex([f"{day} 23:59" for day in WEEKEND])
    rows = pd.concat([rows, minute_rows("btc-usdt", last_minutes, seed=6)]).sort_values("start")
    vendor = stamped(rows, SESSIONS["crypto"], convention)
    report = ingested(tmp_path, vendor, "crypto", stamps=convention)
    assert report.inputs["bars"].kept == 4 * 1440
    found = stored(tmp_path / "provider", "BTC-USDT", "volume", "15min")
    assert len(found) == 4 * 96
    assert [str(found.index[0]), str(found.index[95]), str(found.index[-1])] == [
        "2024-03-08 00:15:00", "2024-03-09 00:00:00", "2024-03-12 00:00:00",
    ]  # fmt: skip
    np.testing.assert_allclose(found, pandas_bars(rows, 15)["volume"], rtol=1e-6)
    days = rows.groupby(rows["start"].dt.date)
    np.testing.assert_allclose(stored(tmp_path / "provider", "BTC-USDT", "volume"), days["volume"].sum(), rtol=1e-6)
    np.testing.assert_allclose(stored(tmp_path / "provider", "BTC-USDT", "close"), days["close"].last(), rtol=1e-6)
    assert (tmp_path / "provider" / "calendars" / "day.txt").read_text().split() == WEEKEND
    assert spans(tmp_path / "provider") == [["BTC-USDT", "2024-03-08", "2024-03-11"]]
    assert report.facts["15min stamps"] == "384: 2024-03-08 00:15:00 .. 2024-03-12 00:00:00"


@pytest.mark.parametrize(("stated", "true"), [("start", "end"), ("end", "start")])
def test_crypto_with_the_wrong_end_of_its_bars_is_refused(tmp_path: Path, stated: str, true: str) -> None:
    """However the file is cut into pieces: only its first and last stamp show it."""
    starts = pd.date_range("2024-03-08", "2024-03-10", freq="15min", inclusive="left")
    rows = minute_rows("BTC", starts).assign(datetime=starts + pd.Timedelta(minutes=15 if true == "end" else 0))
    rows.to_csv(tmp_path / "all.csv", index=False)
    content = {"session": "crypto", "bars": BARS | {"freq": "15min", "stamps": stated}}
    for chunk_rows in (1000, 130):
        with pytest.raises(InputError, match=f"all.csv: .*they fit freq: 15min, stamps: {true}$"):
            run(tmp_path, tmp_path / "provider", content, chunk_rows=chunk_rows)
        run(
            tmp_path,
            tmp_path / "provider",
            content | {"bars": content["bars"] | {"stamps": true}},
            chunk_rows=chunk_rows,
        )


def test_days_of_crypto_may_end_at_24_hours(tmp_path: Path) -> None:
    starts = pd.date_range("2024-03-08", "2024-03-10", freq="15min", inclusive="left")
    ends = starts + pd.Timedelta(minutes=15)
    text = ends.strftime("%Y-%m-%d %H:%M").to_series(index=range(len(ends)))
    text[ends.hour + ends.minute == 0] = ["2024-03-08 24:00", "2024-03-09 24:00"]
    report = ingested(tmp_path, minute_rows("BTC", starts).assign(datetime=text), "crypto", freq="15min")
    assert report.inputs["bars"].kept == 192
    assert str(stored(tmp_path / "provider", "BTC", "close", "15min").dropna().index[-1]) == "2024-03-10 00:00:00"


def test_a_panel_has_the_bar_of_midnight_in_the_day_before(tmp_path: Path) -> None:
    import qlib

    from qlib_mfgru.data.panel import BarPanel

    rows = minute_rows("BTC", trading_minutes(WEEKEND, ("00:00", "23:00")))
    midnight = minute_rows("BTC", pd.DatetimeIndex(["2024-03-09 23:59"])).assign(volume=12345, amount=12345 * 100.0)
    ingested(tmp_path, local(pd.concat([rows, midnight])), "crypto")
    qlib.init(provider_uri=str(tmp_path / "provider"), region="us", kernels=1)
    panel = BarPanel.open("15min", cache_dir=tmp_path / "panels")
    assert panel.days.strftime("%Y-%m-%d").tolist() == WEEKEND
    assert panel.bars.shape[:2] == (4, 96)
    assert [(panel.bars[day, 95] == 12345).any() for day in range(4)] == [False, True, False, False]


def test_qlib_has_the_last_midnight_by_code_and_not_by_market(tmp_path: Path) -> None:
    import qlib
    from qlib.data import D

    ingested(tmp_path, local(minute_rows("BTC", trading_minutes(WEEKEND[:2], ("00:00", "23:59")))), "crypto")
    qlib.init(provider_uri=str(tmp_path / "provider"), region="us", kernels=1)
    last = [D.features(of, ["$close"], freq="15min").index[-1][1] for of in (["BTC"], D.instruments("all"))]
    assert [str(stamp) for stamp in last] == ["2024-03-10 00:00:00", "2024-03-09 23:45:00"]


def test_a_friday_that_ends_at_midnight_is_no_weekend(tmp_path: Path) -> None:
    evening = minute_rows("ES", trading_minutes(["2024-03-08"], ("18:00", "23:59")))
    last_minute = minute_rows("ES", pd.DatetimeIndex(["2024-03-08 23:59"]))
    table = {"hours": ["18:00-24:00"], "zone": "America/Chicago"}
    report = ingested(tmp_path, local(pd.concat([evening, last_minute])), table)
    assert report.inputs["bars"].kept == 360
    assert (tmp_path / "provider" / "calendars" / "day.txt").read_text().split() == ["2024-03-08"]


def test_a_session_may_be_a_table(tmp_path: Path) -> None:
    table = {"hours": ["10:00-10:40", "11:00-12:00"], "zone": "Europe/London", "lot": 10, "days_per_year": 253}
    rows = minute_rows("VOD", trading_minutes(["2024-03-11"], ("10:00", "10:40"), ("11:00", "12:00")))
    in_lots = local(rows.assign(amount=rows["amount"] * 10))
    report = ingested(tmp_path, in_lots, table, store=["30min", "5min"], volume="lots")
    assert session_in(tmp_path / "provider").lot == 10
    volume = stored(tmp_path / "provider", "VOD", "volume", "30min")
    assert volume.index.strftime("%H:%M").tolist() == ["10:30", "10:40", "11:30", "12:00"]
    parts = [rows["volume"][first:last].sum() * 10.0 for first, last in ((0, 30), (30, 40), (40, 70), (70, 100))]
    assert volume.tolist() == parts
    assert report.facts["session"] == "10:00-10:40, 11:00-12:00 Europe/London"


def test_a_market_with_limits_but_without_known_boards_stores_only_given_ones(tmp_path: Path, target: Path) -> None:
    table = {"hours": ["09:00-13:30"], "zone": "Asia/Taipei", "price_limits": True}
    daily = pd.DataFrame({"symbol": "2330", "date": ["2024-03-11", "2024-03-12"], "volume": 1000, "limit_up": [840, 0]})
    daily[["open", "high", "low", "close"]] = 770.0
    daily.assign(limit_down=[690, 0]).to_csv(tmp_path / "d.csv", index=False)
    report = run(tmp_path, target, {"session": table, "daily": {"files": "d.csv", "prices": "unadjusted"}})
    np.testing.assert_array_equal(stored(target, "2330", "limit_up"), [840, np.nan])
    assert "$limit_up, $limit_down: as given; none is derived, since the boards' rules are those of A-shares" in (
        report.notes
    )
    assert "$is_st: not stored, the session has none" in report.notes


def test_without_any_given_limit_the_report_says_that_none_is_ever_reached(tmp_path: Path, target: Path) -> None:
    table = {"hours": ["09:00-13:30"], "zone": "Asia/Taipei", "price_limits": True}
    daily = pd.DataFrame({"symbol": "2330", "date": ["2024-03-11", "2024-03-12"], "volume": 1000})
    daily[["open", "high", "low", "close"]] = 770.0
    daily.to_csv(tmp_path / "d.csv", index=False)
    content = {"session": table, "daily": {"files": "d.csv", "prices": "unadjusted"}}
    note = (
        "$limit_up, $limit_down: none given, so that no limit is ever reached; none is derived, since the boards' "
        "rules are those of A-shares"
    )
    assert note in run(tmp_path, target, content).notes
    assert np.isnan(stored(target, "2330", "limit_up")).all()
    daily.assign(limit_down=690).to_csv(tmp_path / "d.csv", index=False)
    assert note not in run(tmp_path, target, content).notes
