"""Demo markets of other sessions: their days, bars, lots, names, and that nothing limits their prices."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.demo import DemoSpec, load_truth, make_demo_market, mean_rank_ic
from qlib_mfgru.demo.market import simulate
from qlib_mfgru.demo.spec import FREQ
from qlib_mfgru.demo.venue.calendar import closes_early, open_days
from qlib_mfgru.demo.venue.names import PLAIN_INDICES, stock_codes
from qlib_mfgru.demo.venue.shape import U_SHAPE, DayShape, u_shape
from qlib_mfgru.provider import SESSIONS, read_manifest

from .conftest import read_field

N_STOCKS, N_DAYS, INTRADAY_DAYS = 40, 240, 30
HALF_DAYS = ["2020-11-27", "2020-12-24"]
Aggregate = Callable[[np.ndarray], np.ndarray]
BARS = {"us": 26, "hk": 22, "crypto": 96}


@pytest.fixture(scope="module", params=list(BARS))
def market(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A session, and a market of it whose 15-minute bars begin in November 2020."""
    target = tmp_path_factory.mktemp("sessions") / request.param
    start = "2020-01-15" if request.param == "us" else "2020-01-20"
    sizes = {"n_stocks": N_STOCKS, "n_days": N_DAYS, "intraday_days": INTRADAY_DAYS}
    make_demo_market(target, **sizes, seed=3, start=start, session=request.param)
    return request.param, target


def by_day(frame: pd.DataFrame, n_bars: int) -> np.ndarray:
    return frame.to_numpy(np.float64).reshape(-1, n_bars, frame.shape[1])


def days(first: str, last: str, session: str) -> pd.DatetimeIndex:
    return open_days(pd.Timestamp(first), pd.Timestamp(last), session)


def test_every_session_has_its_demo_market() -> None:
    assert set(get_args(DemoSpec.model_fields["session"].annotation)) == set(SESSIONS)
    assert DemoSpec(session="hk").rules == SESSIONS["hk"]


@pytest.mark.parametrize(
    ("session", "closed"),
    [
        ("us", "01-01 01-20 02-17 04-10 05-25 07-03 09-07 11-26 12-25"),
        ("hk", "01-01 01-27 04-10 04-13 05-01 07-01 10-01 12-25"),
        ("crypto", ""),
    ],
)
def test_the_weekdays_without_trading_in_2020(session: str, closed: str) -> None:
    missing = pd.bdate_range("2020-01-01", "2020-12-31").difference(days("2020-01-01", "2020-12-31", session))
    assert " ".join(missing.strftime("%m-%d")) == closed


def test_only_a_market_that_never_closes_trades_on_weekends() -> None:
    assert [len(days("2020-02-01", "2020-02-29", name)) for name in ("us", "crypto")] == [19, 29]


def test_new_york_closes_early_after_thanksgiving_and_on_christmas_eve() -> None:
    """Christmas Eve 2021 is a holiday, and those of 2022 and 2023 are on weekends."""
    early = closes_early(days("2020-01-01", "2023-12-31", "us"), "us")
    assert list(early.strftime("%Y-%m-%d")) == [*HALF_DAYS, "2021-11-26", "2022-11-25", "2023-11-24"]
    assert len(closes_early(days("2020-01-01", "2023-12-31", "hk"), "hk")) == 0


def test_the_shape_of_a_day() -> None:
    np.testing.assert_array_equal(u_shape(16), U_SHAPE / U_SHAPE.sum())
    two = pd.DatetimeIndex(["2020-11-25", "2020-11-27"])
    shape = DayShape.of(two, two[1:], SESSIONS["us"], FREQ)
    assert shape.open.sum(axis=1).tolist() == [26, 14]
    np.testing.assert_allclose(shape.share.sum(axis=1), 1.0)
    assert shape.share[0].argmax() == 0
    assert 10 < shape.share[0].argmin() < 18
    assert np.flatnonzero(shape.edge[0]).tolist() == [0, 1, 2, 3, 4, 21, 22, 23, 24, 25]
    assert np.flatnonzero(shape.edge[1]).tolist() == [0, 1, 2, 11, 12, 13]
    assert not shape.share[1, 14:].any()


@pytest.mark.parametrize(("session", "first", "last"), [("us", "BABA", "ZUPO"), ("hk", "HK00001", "HK00200"),
                                                       ("crypto", "BABAUSD", "ZUPOUSD")])  # fmt: skip
def test_codes_are_plain_distinct_and_ascending(session: str, first: str, last: str) -> None:
    codes = stock_codes(session, 200)
    assert (codes[0], codes[-1], len(set(codes))) == (first, last, 200)
    assert list(codes) == sorted(codes)
    assert len(set(stock_codes(session, 6000))) == 6000


def test_the_provider_carries_its_session(market: tuple[str, Path]) -> None:
    name, provider = market
    assert read_manifest(provider)["session"] == json.loads(SESSIONS[name].model_dump_json())
    stamps = (provider / f"calendars/{FREQ}.txt").read_text().splitlines()
    assert len(stamps) == INTRADAY_DAYS * BARS[name]
    folder = provider / f"features/{read_field(provider, 'close').columns[0].lower()}"
    stored = {path.name.split(".")[0] for path in folder.iterdir()}
    assert "large_weight" in stored
    assert not stored & {"limit_up", "limit_down", "is_st", "csi300_weight"}
    assert {path.stem for path in (provider / "instruments").iterdir()} == {"all", "large", "mid", "small", "micro"}
    for index in PLAIN_INDICES:
        weights = read_field(provider, f"{index.market}_weight").fillna(0.0)
        np.testing.assert_allclose(weights.to_numpy(np.float64).sum(axis=1), 1.0, atol=1e-6)
        assert (provider / f"features/{index.market}/close.day.bin").exists()


@pytest.mark.parametrize(
    ("field", "aggregate"),
    [
        ("open", lambda bars: bars[:, 0]),
        ("high", lambda bars: bars.max(axis=1)),
        ("low", lambda bars: bars.min(axis=1)),
        ("close", lambda bars: bars[:, -1]),
    ],
)
def test_daily_prices_are_exactly_those_of_the_bars(market: tuple[str, Path], field: str, aggregate: Aggregate) -> None:
    name, provider = market
    bars = by_day(read_field(provider, field, FREQ), BARS[name])
    np.testing.assert_array_equal(aggregate(bars), read_field(provider, field).to_numpy()[-INTRADAY_DAYS:])


def test_half_days_have_no_trade_after_their_close(market: tuple[str, Path]) -> None:
    name, provider = market
    volume, close = (by_day(read_field(provider, field, FREQ), BARS[name]) for field in ("volume", "close"))
    dates = read_field(provider, "close").index[-INTRADAY_DAYS:]
    half = dates.isin(pd.DatetimeIndex(HALF_DAYS)) if name == "us" else np.zeros(len(dates), dtype=bool)
    assert half.sum() == (2 if name == "us" else 0)
    live = np.isfinite(close[:, 0])
    assert np.nanmax(volume[half][:, 14:], initial=0.0) == 0
    np.testing.assert_array_equal(close[half][:, 14:], np.repeat(close[half][:, 13:14], BARS[name] - 14, axis=1))
    assert (volume[half][:, 13][live[half]] > 0).all()
    assert (volume[~half][:, -1][live[~half]] > 0).all()


@pytest.mark.parametrize(("session", "lot"), [("ashare", 100), ("hk", 100), ("us", 1)])
def test_raw_volumes_are_whole_lots(tmp_path: Path, session: str, lot: int) -> None:
    make_demo_market(tmp_path / "p", 20, 60, 1, session=session)
    raw = read_field(tmp_path / "p", "volume") * read_field(tmp_path / "p", "factor")
    shares = raw.to_numpy(np.float64)[np.isfinite(raw)]
    small = shares[shares < 1e6]  # as float32 holds them
    assert len(small) > 50
    off = np.abs(small / 100 - np.rint(small / 100)) > 1e-3
    assert off.mean() > 0.9 if lot == 1 else not off.any()


def test_no_limit_cuts_a_return() -> None:
    """The same returns as among A-shares, which are cut there."""
    sizes = {"n_stocks": 100, "n_days": 300, "intraday_days": 1}
    free, cut = (simulate(DemoSpec(**sizes, session=name)).path for name in ("us", "ashare"))
    moves = [np.log(path.close / path.reference)[path.traded] for path in (free, cut)]
    assert np.abs(moves[0]).max() > 0.12
    assert (np.abs(moves[0]) > 0.11).sum() > (np.abs(moves[1]) > 0.11).sum()
    assert not (free.close == free.limit_up).any()


def test_the_oracles_of_the_default_us_market(tmp_path: Path) -> None:
    """In the range that the documentation states, as among A-shares."""
    made = make_demo_market(tmp_path / "us", intraday_days=330, session="us")
    assert 0.12 < made.oracle_rank_ic["daily"] < 0.18
    assert 0.12 < made.oracle_rank_ic["intraday"] < 0.18
    assert 0.19 < made.oracle_rank_ic["combined"] < 0.26
    volume = by_day(read_field(made.target, "volume", FREQ), 26)
    edges = [*range(5), *range(21, 26)]
    with np.errstate(invalid="ignore"):
        share = pd.DataFrame(volume[:, edges].sum(axis=1) / volume.sum(axis=1))
    assert mean_rank_ic(share, pd.DataFrame(load_truth(made.target).intraday[-330:])) > 0.7
