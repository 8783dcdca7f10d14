"""What is collected through the real client is the market, to the last digit, and ingests into its provider."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from live.collecting.conftest import Collect
from qlib_mfgru.demo.baostock import Server, VendorMarket
from qlib_mfgru.ingest.mapping import load_mapping
from qlib_mfgru.ingest.pipeline import ingest


def ours(code: str) -> str:
    return code.replace(".", "").upper()


def table(folder: Path, pattern: str) -> pd.DataFrame:
    return pd.concat([pd.read_parquet(file) for file in sorted(folder.glob(pattern))], ignore_index=True)


@pytest.fixture(scope="module")
def folder(market: VendorMarket, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("baostock")
    from qlib_mfgru.demo.baostock import serving
    from qlib_mfgru.live import collect

    out = tmp_path_factory.mktemp("collected") / "out"
    with serving(market) as server:
        address = {"host": server.host, "port": server.port}
        collect(out, f"{market.days[0]:%Y-%m-%d}", jobs=1, quiet=True, address=address)
    return out


def test_daily_rows(folder: Path, market: VendorMarket) -> None:
    for code in market.stocks:
        rows, truth = table(folder, f"daily/*/{ours(code)}.parquet"), market.daily(code)
        assert list(pd.to_datetime(rows["date"])) == list(truth.index)
        for mine, theirs in {
            "prev_close": "preclose",
            **{name: name for name in ("open", "close", "amount", "turn")},
        }.items():
            np.testing.assert_array_equal(rows[mine], truth[theirs])
        assert list(rows["traded"] == 1) == list(truth["traded"])
        assert list(rows["is_st"] == 1) == list(truth["is_st"])
        assert rows["volume"].isna().sum() == (~truth["traded"]).sum()


def test_a_file_a_stock_and_year(folder: Path, market: VendorMarket) -> None:
    rows = pd.read_parquet(folder / "15min/2021/SH600000.parquet")
    assert rows["symbol"].unique().tolist() == ["SH600000"]
    truth = market.minutes("sh.600000")
    assert list(rows["datetime"]) == list(truth.index[truth.index.year == 2021])


def test_bars(folder: Path, market: VendorMarket) -> None:
    for code in market.stocks:
        truth = market.minutes(code)
        if len(truth):
            rows = table(folder, f"15min/*/{ours(code)}.parquet")
            assert list(rows["datetime"]) == list(truth.index)
            for name in truth:
                np.testing.assert_array_equal(rows[name], truth[name])


def test_events(folder: Path, market: VendorMarket) -> None:
    """After a first row, of the first day and with 1: then ingest knows of every stock."""
    for code in market.stocks:
        truth, rows = market.events(code), pd.read_parquet(folder / f"events/{ours(code)}.parquet")
        assert list(pd.to_datetime(rows["date"])) == [market.daily(code).index[0], *truth.index]
        np.testing.assert_array_equal(rows["factor"], [1.0, *truth])
    assert sum(len(market.events(code)) for code in market.stocks) > 5


def test_members_are_exact_to_the_day(folder: Path, market: VendorMarket) -> None:
    for name in ("csi300", "csi500"):
        spans = pd.read_parquet(folder / f"members/{name}.parquet")
        for at, day in enumerate(market.days.date):
            current = spans[(spans["start"] <= day) & (spans["end"].isna() | (spans["end"].fillna(day) >= day))]
            assert sorted(current["symbol"]) == sorted(map(ours, market.members(name, at))), day


def test_levels_calendar_and_industries(folder: Path, market: VendorMarket) -> None:
    for index in ("SH000300", "SH000905", "SH000852"):
        levels = pd.read_parquet(folder / f"index/{index}.parquet")
        np.testing.assert_array_equal(levels["close"], market.levels(f"{index[:2].lower()}.{index[2:]}")["close"])
    assert list(pd.to_datetime(pd.read_parquet(folder / "calendar.parquet")["date"])) == list(market.days)
    industries = pd.read_parquet(folder / "industry.parquet")
    assert set(industries["symbol"]) <= set(map(ours, market.stocks))
    assert industries["symbol"].is_unique


def test_float_shares_are_those_behind_the_turnover(folder: Path, market: VendorMarket) -> None:
    for at, code in enumerate(market.stocks):
        rows, (first, last) = table(folder, f"daily/*/{ours(code)}.parquet"), market.listing(code)
        shares = np.rint(market.demo.path.shares[first : last + 1, at])
        traded = rows["traded"] == 1
        np.testing.assert_allclose(rows["float_shares"][traded], shares[traded], rtol=1e-4)


def test_the_provider_has_the_market(folder: Path, market: VendorMarket, tmp_path: Path) -> None:
    report = str(ingest(load_mapping(folder / "mapping.yaml"), folder, tmp_path / "provider", n_jobs=1, quiet=True))
    assert report.split("bars rows")[1].splitlines()[0].endswith(" 0 dropped")
    for code in market.stocks:
        truth, factor = market.daily(code), market.factor(code).to_numpy()
        traded = truth["traded"].to_numpy()
        first, last = traded.argmax(), len(traded) - traded[::-1].argmax()
        close = np.where(traded, truth["close"] * factor, np.nan)[first:last].astype(np.float32)
        np.testing.assert_allclose(stored(tmp_path / "provider", code, "close.day"), close, rtol=1e-6)
        st = stored(tmp_path / "provider", code, "is_st.day")
        assert (st == truth["is_st"].to_numpy()[first:last]).all()
    bars = market.minutes("sh.600000")
    adjusted = bars["close"] * market.factor("sh.600000").reindex(bars.index.normalize()).to_numpy()
    kept = stored(tmp_path / "provider", "sh.600000", "close.15min")
    np.testing.assert_allclose(kept[np.isfinite(kept)], adjusted, rtol=1e-6)


def stored(provider: Path, code: str, field: str) -> np.ndarray:
    """A series as it lies in a provider, without the position that it begins at."""
    return np.fromfile(provider / "features" / ours(code).lower() / f"{field}.bin", dtype="<f4")[1:]


def test_only_some_stocks(collect: Collect, server: Server, tmp_path: Path) -> None:
    collected = collect(stocks=("600000.SH", "sz000001"))
    assert collected.stocks == 2
    assert sorted(path.name for path in (tmp_path / "out/daily/2020").iterdir()) == [
        "SH600000.parquet",
        "SZ000001.parquet",
    ]
