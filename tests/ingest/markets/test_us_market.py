"""US bars against plain pandas: 26 a day, a half day, a late listing, a silent bar, and clocks that change."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.report import IngestReport
from qlib_mfgru.provider.session import SESSIONS

from ..minutes import minute_rows, pandas_bars, stamped, trading_minutes
from ..vendor import csv, run, spans, stored

US = SESSIONS["us"]
FULL = ("09:30", "16:00")
WHOLE_DAYS = ["2024-11-26", "2024-11-27", "2024-12-02"]
HALF_DAY = "2024-11-29"
DAYS = [*WHOLE_DAYS[:2], HALF_DAY, WHOLE_DAYS[2]]
BARS = {"files": "us.csv", "freq": "1min", "stamps": "start", "prices": "unadjusted"}
FIELDS = ("open", "high", "low", "close", "volume", "vwap")


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """AAPL trades throughout, MSFT is silent from 11:15 to 11:30 on the first day, BRK.B lists on the half day."""
    minutes = trading_minutes(WHOLE_DAYS, FULL).append(trading_minutes([HALF_DAY], ("09:30", "13:00"))).sort_values()
    silent = (minutes >= "2024-11-26 11:15") & (minutes < "2024-11-26 11:30")
    listed = minutes >= HALF_DAY
    stocks = {"aapl": minutes, "MSFT": minutes[~silent], "BRK.B": minutes[listed]}
    return pd.concat([minute_rows(symbol, starts) for symbol, starts in stocks.items()], ignore_index=True)


@pytest.fixture(scope="module")
def provider(rows: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, IngestReport]:
    folder = tmp_path_factory.mktemp("us")
    stamped(rows, US).to_csv(folder / "us.csv", index=False)
    bars = BARS | {"store": ["60min", "5min", "15min", "30min", "1min"]}
    return folder / "provider", run(folder, folder / "provider", {"session": "us", "bars": bars})


@pytest.mark.parametrize(
    ("symbol", "code", "n_days"), [("aapl", "AAPL", 4), ("MSFT", "MSFT", 4), ("BRK.B", "BRK.B", 2)]
)
@pytest.mark.parametrize("minutes", [1, 5, 15, 30])
def test_bars_are_those_of_plain_pandas(
    rows: pd.DataFrame, provider: tuple[Path, IngestReport], symbol: str, code: str, n_days: int, minutes: int
) -> None:
    grid = trading_minutes(DAYS[-n_days:], FULL)[::minutes] + pd.Timedelta(minutes=minutes)
    assert len(grid) == n_days * 390 // minutes
    expected = pandas_bars(rows[rows["symbol"] == symbol], minutes).reindex(grid)
    for name in FIELDS:
        series = stored(provider[0], code, name, f"{minutes}min")
        pd.testing.assert_index_equal(series.index, grid, exact=False)
        np.testing.assert_allclose(series, expected[name], rtol=1e-6)


def test_a_day_has_26_bars_and_a_half_day_14_with_trade(provider: tuple[Path, IngestReport]) -> None:
    traded = stored(provider[0], "AAPL", "volume", "15min") > 0
    assert traded.groupby(traded.index.strftime("%Y-%m-%d")).agg(["size", "sum"]).to_numpy().tolist() == [
        [26, 26], [26, 26], [26, 14], [26, 26],
    ]  # fmt: skip
    assert np.isnan(stored(provider[0], "MSFT", "close", "15min")["2024-11-26 11:30"])
    tally = provider[1].warnings["half days: no stock traded after"]
    assert (tally.count, tally.examples) == (1, ["2024-11-29T13:00"])


def test_hours_begin_with_the_session(rows: pd.DataFrame, provider: tuple[Path, IngestReport]) -> None:
    """Of seven bars a day the last is half an hour; hours of the clock would cut at 10:00."""
    one = rows[rows["symbol"] == "aapl"].set_index("start")["2024-11-26":"2024-11-26"]
    closes = [one.loc[f"2024-11-26 {clock}", "close"] for clock in
              ("10:29", "11:29", "12:29", "13:29", "14:29", "15:29", "15:59")]  # fmt: skip
    found = stored(provider[0], "AAPL", "close", "60min")["2024-11-26"]
    assert found.index.strftime("%H:%M").tolist()[:2] == ["10:30", "11:30"]
    assert found.index.strftime("%H:%M").tolist()[-2:] == ["15:30", "16:00"]
    np.testing.assert_allclose(found, closes, rtol=1e-6)


def test_days_are_those_of_their_minutes(rows: pd.DataFrame, provider: tuple[Path, IngestReport]) -> None:
    one = rows[rows["symbol"] == "aapl"]
    daily = one.groupby(one["start"].dt.date).agg({"open": "first", "high": "max", "low": "min", "close": "last"})
    for name in daily:
        np.testing.assert_allclose(stored(provider[0], "AAPL", str(name)), daily[name], rtol=1e-6)
    assert spans(provider[0]) == [
        ["AAPL", "2024-11-26", "2024-12-02"], ["BRK.B", "2024-11-29", "2024-12-02"],
        ["MSFT", "2024-11-26", "2024-12-02"],
    ]  # fmt: skip


def test_what_the_market_does_not_have_is_not_stored(provider: tuple[Path, IngestReport]) -> None:
    names = {path.name.partition(".")[0] for path in (provider[0] / "features" / "aapl").iterdir()}
    assert names == {"open", "high", "low", "close", "vwap", "volume", "amount", "factor"}
    assert "$limit_up, $limit_down, $is_st: not stored, the session has none" in provider[1].notes
    assert not any("derived from the boards" in note for note in provider[1].notes)


def test_qlib_reads_every_frequency(rows: pd.DataFrame, provider: tuple[Path, IngestReport]) -> None:
    import qlib
    from qlib.data import D

    qlib.init(provider_uri=str(provider[0]), region="us", kernels=1)
    one = rows[rows["symbol"] == "aapl"]
    for minutes in (5, 15):
        closes = D.features(["AAPL"], ["$close"], freq=f"{minutes}min")["$close"].dropna()
        np.testing.assert_allclose(closes, pandas_bars(one, minutes)["close"], rtol=1e-6)
    hours = D.features(D.instruments("all"), ["$close"], freq="60min")
    assert hours.groupby("instrument").size().to_dict() == {"AAPL": 28, "BRK.B": 14, "MSFT": 28}
    assert hours.loc["AAPL"].index[-1] == pd.Timestamp("2024-12-02 16:00")
    assert len(D.features(["BRK.B"], ["$close"], freq="day").dropna()) == 2


def test_a_panel_carries_the_close_through_the_rest_of_a_half_day(
    provider: tuple[Path, IngestReport], tmp_path: Path
) -> None:
    import qlib

    from qlib_mfgru.data.panel import BarPanel

    qlib.init(provider_uri=str(provider[0]), region="us", kernels=1)
    panel = BarPanel.open("15min", cache_dir=tmp_path)
    assert panel.days.strftime("%Y-%m-%d").tolist() == DAYS
    bars = panel.bars[2, :, :, panel.instruments.index("AAPL")]
    assert len(bars) == 26
    last_close = np.float32(stored(provider[0], "AAPL", "close", "15min")["2024-11-29 13:00"])
    assert set(np.unique(bars[14:])) == {0, last_close}
    assert (bars[:14] > 0).all()


@pytest.mark.parametrize("convention", ["start", "end"])
def test_clocks_that_change_move_no_bar(tmp_path: Path, target: Path, convention: str) -> None:
    """09:30 in New York is 14:30 UTC on 8 March 2024 and 13:30 UTC on the 11th."""
    rows = minute_rows("SPY", trading_minutes(["2024-03-08", "2024-03-11"], FULL))
    vendor = stamped(rows, US, convention)
    assert vendor["timestamp"].iloc[0][11:16] == ("14:30" if convention == "start" else "14:31")
    assert vendor["timestamp"].iloc[390][11:16] == ("13:30" if convention == "start" else "13:31")
    vendor.to_csv(tmp_path / "us.csv", index=False)
    report = run(tmp_path, target, {"session": "us", "bars": BARS | {"stamps": convention}})
    assert report.inputs["bars"].kept == 780
    found = stored(target, "SPY", "close", "15min")
    assert [str(found.index[0]), str(found.index[26])] == ["2024-03-08 09:45:00", "2024-03-11 09:45:00"]
    np.testing.assert_allclose(found, pandas_bars(rows, 15)["close"], rtol=1e-6)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"st": "s.csv"}, "st: the session has no special_treatment"),
        ({"limits": "l.csv"}, "limits: the session has no price_limits"),
    ],
)
def test_inputs_that_the_market_cannot_have_are_refused(
    tmp_path: Path, target: Path, content: dict[str, str], message: str
) -> None:
    csv(tmp_path, "us.csv", [{"symbol": "A"}])
    with pytest.raises(InputError) as error:
        run(tmp_path, target, {"session": "us", "bars": BARS, **content})
    assert str(error.value) == message


def test_the_documented_mapping_works(rows: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    text = (Path(__file__).parents[3] / "docs" / "ingest.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```yaml\n(session: us\n.*?)```", text, re.DOTALL)
    (tmp_path / "minutes").mkdir()
    stamped(rows, US).to_parquet(tmp_path / "minutes" / "2024.parquet")
    by_day = rows.groupby(["symbol", rows["start"].dt.date.rename("date")])
    how = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    by_day.agg(how).assign(factor=2.0).to_csv(tmp_path / "daily.csv")
    csv(tmp_path, "sp500.csv", [{"symbol": "MSFT", "start": "2024-11-27", "end": ""}])
    report = run(tmp_path, target, yaml.safe_load(block))
    assert report.inputs["bars"].kept == len(rows)
    one = pandas_bars(rows[rows["symbol"] == "MSFT"], 15)["close"]
    np.testing.assert_allclose(stored(target, "MSFT", "close", "15min").dropna(), one * 2, rtol=1e-6)
    assert len(stored(target, "MSFT", "close", "60min")) == 4 * 7
    assert spans(target, "sp500") == [["MSFT", "2024-11-27", "2024-12-02"]]
