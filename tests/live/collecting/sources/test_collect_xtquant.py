"""xtquant: answers as its documentation gives them, in our units; no terminal is asked here."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pandas as pd
import pytest

from qlib_mfgru.live.collecting.source import BARS, DAILY, EVENTS, Address, Source, Unreachable
from qlib_mfgru.live.collecting.sources.xtquant import Xtquant


def ms(text: str) -> int:
    return int(pd.Timestamp(text, tz="Asia/Shanghai").value // 10**6)


class Recorded(ModuleType):
    """Stands for ``xtquant.xtdata``."""

    def __init__(self) -> None:
        super().__init__("xtquant.xtdata")
        self.downloaded: list[tuple[str, str, str]] = []

    def connect(self, host: str, port: int) -> None:
        raise Exception("无法连接xtquant服务")

    def download_sector_data(self) -> None: ...

    def download_his_st_data(self) -> None: ...

    def download_financial_data2(self, codes: list[str], tables: list[str]) -> None: ...

    def download_history_data2(self, codes: list[str], period: str, start: str, end: str) -> None:
        self.downloaded.append((period, start, end))

    def get_trading_dates(self, market: str, start: str, end: str) -> list[int]:
        return [ms("2024-01-02"), ms("2024-01-03")]

    def get_stock_list_in_sector(self, sector: str, day: str = "") -> list[str]:
        shares, members = ["600000.SH", "000001.SZ", "T00018.SH"], ["600000.SH", "T00018.SH"]
        return {"沪深A股": shares, "沪深300": members, "SW1银行": members}[sector]

    def get_sector_list(self) -> list[str]:
        return ["上证A股", "SW1银行", "SW2股份制银行"]

    def get_instrument_detail_list(self, codes: list[str]) -> dict[str, Any]:
        detail = {"InstrumentName": "浦发银行", "OpenDate": "19991110", "ExpireDate": "99999999"}
        return {"600000.SH": detail, "000001.SZ": None, "T00018.SH": detail}

    def get_market_data_ex(
        self,
        fields: list[str],
        codes: list[str],
        period: str,
        start: str,
        end: str,
        dividend_type: str,
        fill_data: bool,
    ) -> dict[str, pd.DataFrame]:
        assert (fields, dividend_type) == ([], "none")
        if codes != ["600000.SH"]:
            return {codes[0]: pd.DataFrame()}
        times = {"1d": ["2024-01-02", "2024-01-03"], "15m": ["2024-01-02 09:45", "2024-01-02 10:00"]}[period]
        frame = pd.DataFrame(
            {"time": [ms(time) for time in times], "open": 6.6, "high": 6.7, "low": 6.5, "close": 6.62}
        )
        return {codes[0]: frame.assign(volume=[2500, 0], amount=[1.65e6, 0], preClose=[6.6, 6.62], suspendFlag=[0, 1])}

    def get_divid_factors(self, code: str, start: str, end: str) -> pd.DataFrame:
        if code != "600000.SH":
            return pd.DataFrame({})
        times = [ms("2023-07-21"), ms("2022-07-21")]
        return pd.DataFrame({"time": [float(time) for time in times], "interest": [0.32, 0.41], "dr": [1.05, 1.06]})

    def get_financial_data(self, codes: list[str], tables: list[str], report_type: str) -> dict[str, Any]:
        rows = {"m_anntime": ["20231231", "20240103"], "circulating_capital": [2.9e10, 2.95e10]}
        return {codes[0]: {"Capital": pd.DataFrame(rows)}}

    def get_his_st_data(self, code: str) -> dict[str, list[list[str]]]:
        return {"*ST": [["20240103", "20380119"]]}


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> Source:
    monkeypatch.setitem(sys.modules, "xtquant", ModuleType("xtquant"))
    monkeypatch.setitem(sys.modules, "xtquant.xtdata", Recorded())
    return Xtquant(Address())


def test_daily_rows_in_shares_with_suspended_days(source: Source) -> None:
    rows = source.daily("SH600000", "2024-01-02", "2024-01-03")
    assert list(rows.columns) == list(DAILY)
    assert rows["date"].tolist() == ["2024-01-02", "2024-01-03"]
    assert rows["traded"].tolist() == [1, 0]
    assert rows["volume"].iloc[0] == 250_000
    assert rows["volume"].isna().iloc[1]
    assert rows["is_st"].tolist() == [0, 1]
    assert rows["float_shares"].tolist() == [2.9e10, 2.95e10]


def test_bars_are_stamped_in_chinas_time(source: Source) -> None:
    rows = source.bars("SH600000", "15min", "2024-01-02", "2024-01-02")
    assert list(rows.columns) == list(BARS)
    assert rows["datetime"].astype(str).tolist() == ["2024-01-02 09:45:00", "2024-01-02 10:00:00"]
    assert source.bars("SZ000001", "15min", "2024-01-02", "2024-01-02").empty


def test_events_are_the_running_product(source: Source) -> None:
    events = source.events("SH600000", "2024-01-03")
    assert list(events.columns) == list(EVENTS)
    assert events["date"].tolist() == ["2022-07-21", "2023-07-21"]
    assert events["factor"].tolist() == pytest.approx([1.06, 1.113])
    assert source.events("SZ000001", "2024-01-03").empty


def test_the_rest(source: Source) -> None:
    assert source.calendar("2024-01-01", "2024-01-03") == ["2024-01-02", "2024-01-03"]
    assert [tuple(stock) for stock in source.universe()] == [("SH600000", "浦发银行", "1999-11-10", "")]
    assert source.industries("2024-01-02") == {"SH600000": "银行"}
    assert source.members("csi300", "2024-01-02") == {"SH600000"}
    assert source.levels("SH000300", "2024-01-02", "2024-01-03").empty


def test_a_terminal_that_does_not_run(source: Source) -> None:
    with pytest.raises(Unreachable, match="xtquant: 无法连接xtquant服务"):
        Xtquant(Address(host="127.0.0.1", port=58610))
