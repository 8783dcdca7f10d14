"""tushare: answers as its documentation gives them, in our units; never asked over a network here."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.live.collecting.source import BARS, DAILY, Address, Busy, Refused, Source, Unreachable
from qlib_mfgru.live.collecting.sources.tushare import Tushare

ANSWERS: dict[str, tuple[str, list[tuple[Any, ...]]]] = {
    "trade_cal": ("exchange cal_date is_open pretrade_date", [
        ("SSE", "20240104", 1, "20240103"), ("SSE", "20240103", 1, "20240102"), ("SSE", "20240102", 1, "20231229"),
    ]),
    "daily": ("ts_code trade_date open high low close pre_close change pct_chg vol amount", [
        ("600000.SH", "20240104", 6.65, 6.70, 6.55, 6.60, 6.68, -0.08, -1.1976, 200000.5, 132000.25),
        ("600000.SH", "20240102", 6.60, 6.70, 6.58, 6.68, 6.62, 0.06, 0.9063, 250000.0, 166000.0),
    ]),
    "daily_basic": ("ts_code trade_date turnover_rate float_share", [
        ("600000.SH", "20240104", 0.0681, 2935208.04), ("600000.SH", "20240102", 0.0852, 2935208.04),
    ]),
    "suspend_d": ("ts_code trade_date suspend_timing suspend_type", [
        ("600000.SH", "20240103", None, "S"), ("600000.SH", "20240104", "09:30-10:00", "S"),
    ]),
    "namechange": ("ts_code name start_date end_date", [
        ("600000.SH", "ST浦发", "20240104", None), ("600000.SH", "浦发银行", "19991110", "20240103"),
    ]),
    "stk_mins": ("ts_code trade_time open close high low vol amount", [
        ("600000.SH", "2024-01-02 10:00:00", 6.62, 6.63, 6.65, 6.60, 1000000.0, 6630000.0),
        ("600000.SH", "2024-01-02 09:45:00", 6.60, 6.62, 6.64, 6.59, 2000000.0, 13240000.0),
    ]),
    "adj_factor": ("ts_code trade_date adj_factor", [
        ("600000.SH", "20240104", 12.5), ("600000.SH", "20240103", 12.0), ("600000.SH", "20240102", 12.0),
    ]),
    "index_member_all": ("l1_code l1_name ts_code name in_date out_date is_new", []),
    "index_weight": ("index_code con_code trade_date weight", [
        ("399300.SZ", "600000.SH", "20231229", 0.5), ("399300.SZ", "000001.SZ", "20231130", 0.6),
        ("399300.SZ", "T00018.SH", "20231229", 0.4),
    ]),
    "index_daily": ("ts_code trade_date close open high low pre_close change pct_chg vol amount", [
        ("000300.SH", "20240102", 3386.35, 3426.09, 3426.85, 3386.21, 3431.11, -44.76, -1.3045, 1.0, 2.0),
    ]),
}  # fmt: skip
SECTORS = {
    "N": [("801780.SI", "综合", "600000.SH", "浦发银行", "19991110", "20200101", "N")],
    "Y": [
        ("801780.SI", "银行", "600000.SH", "浦发银行", "20200101", None, "Y"),
        ("801170.SI", "交通运输", "T00018.SH", "上港集箱(退)", "20000719", None, "Y"),
    ],
}
BASICS = {
    "L": [("600000.SH", "浦发银行", "19991110", None)],
    "D": [("000003.SZ", "PT金田A", "19910114", "20020614"), ("T600018.SH", "上港集箱(退)", "20000719", "20061020")],
    "P": [],
}


class Recorded:
    """Stands for the client's ``DataApi``; notes what it was asked, and gives `most` rows at a time, if so many."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.error: Exception | None = None
        self.most = 2000

    def query(self, name: str, fields: str = "", **arguments: Any) -> pd.DataFrame:
        self.asked.append((name, arguments))
        if self.error:
            raise self.error
        if name == "stock_basic":
            return pd.DataFrame(BASICS[arguments["list_status"]], columns=fields.split(","))
        columns, rows = ANSWERS[name][0].split(), ANSWERS[name][1]
        rows = SECTORS[arguments["is_new"]] if name == "index_member_all" else rows
        if "trade_date" in columns:
            day = columns.index("trade_date")
            rows = [row for row in rows if arguments["start_date"] <= row[day] <= arguments["end_date"]]
        page = rows[arguments["offset"] : arguments["offset"] + min(arguments["limit"], self.most)]
        return pd.DataFrame(page, columns=columns)


@pytest.fixture
def api() -> Recorded:
    return Recorded()


@pytest.fixture
def source(api: Recorded, monkeypatch: pytest.MonkeyPatch) -> Source:
    monkeypatch.setitem(sys.modules, "tushare", SimpleNamespace(pro_api=lambda token, timeout: api))
    return Tushare(Address())


def test_daily_rows_in_shares_and_yuan_with_suspended_days(source: Source) -> None:
    rows = source.daily("SH600000", "2024-01-02", "2024-01-04")
    assert list(rows.columns) == list(DAILY)
    assert rows["date"].tolist() == ["2024-01-02", "2024-01-03", "2024-01-04"]
    assert rows["traded"].tolist() == [1, 0, 1]
    assert rows["is_st"].tolist() == [0, 0, 1]
    assert rows["volume"].tolist() == [25_000_000, 0, 20_000_050]
    assert rows["amount"].tolist()[::2] == [166_000_000, 132_000_250]
    assert rows["float_shares"].tolist()[::2] == [29_352_080_400] * 2
    assert rows["close"].tolist()[::2] == [6.68, 6.60]
    assert rows["prev_close"].iloc[2] == 6.68


def test_a_suspended_day_is_the_same_row_in_any_answer(source: Source) -> None:
    """Evening by evening it is all that there is, and says by its volume that the stock is still listed."""
    within = source.daily("SH600000", "2024-01-02", "2024-01-04").iloc[[1]].reset_index(drop=True)
    alone = source.daily("SH600000", "2024-01-03", "2024-01-03")
    pd.testing.assert_frame_equal(alone, within)
    assert alone[["date", "volume", "traded", "is_st"]].to_numpy().tolist() == [["2024-01-03", 0.0, 0, 0]]
    assert alone[["open", "high", "low", "close", "prev_close", "amount", "turn"]].isna().all(axis=None)


def test_shares_that_are_not_told_yet_are_numbers_all_the_same(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ANSWERS, "daily_basic", (ANSWERS["daily_basic"][0], []))
    rows = source.daily("SH600000", "2024-01-02", "2024-01-04")
    assert rows[["turn", "float_shares"]].dtypes.tolist() == [float, float]
    assert rows[["turn", "float_shares"]].isna().all(axis=None)


def test_bars_are_in_order(source: Source, api: Recorded) -> None:
    rows = source.bars("SH600000", "15min", "2024-01-02", "2024-01-02")
    assert list(rows.columns) == list(BARS)
    assert rows["datetime"].astype(str).tolist() == ["2024-01-02 09:45:00", "2024-01-02 10:00:00"]
    assert rows["volume"].tolist() == [2_000_000, 1_000_000]
    assert api.asked[0][1]["end_date"] == "2024-01-02 19:00:00"


def test_events_are_the_changes(source: Source) -> None:
    events = source.events("SH600000", "2024-01-04")
    assert events.to_dict("list") == {"date": ["2024-01-02", "2024-01-04"], "factor": [12.0, 12.5]}


def test_the_rest(source: Source) -> None:
    assert source.calendar("2024-01-01", "2024-01-04") == ["2024-01-02", "2024-01-03", "2024-01-04"]
    assert [(stock.code, stock.delisted) for stock in source.universe()] == [
        ("SH600000", ""),
        ("SZ000003", "2002-06-14"),
    ]
    assert source.industries("2024-01-02") == {"SH600000": "银行"}
    assert source.industries("2019-12-31") == {"SH600000": "综合"}
    assert source.members("csi300", "2024-01-02") == {"SH600000"}
    assert source.levels("SH000300", "2024-01-01", "2024-01-04")["volume"].tolist() == [100]


def test_pages(source: Source, api: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    """However few rows are given at a time: up to a page that is short, empty, or the one before again."""
    api.most = 2
    monkeypatch.setattr("qlib_mfgru.live.collecting.sources.tushare._PART", 2)
    assert len(source.calendar("2024-01-01", "2024-01-04")) == 3
    assert [arguments["offset"] for _, arguments in api.asked] == [0, 2]
    api.most = 1
    monkeypatch.setattr("qlib_mfgru.live.collecting.sources.tushare._PART", 1)
    monkeypatch.setitem(SECTORS, "Y", SECTORS["Y"][::-1])
    assert source.industries("2024-01-02") == {"SH600000": "银行"}
    assert [arguments["offset"] for _, arguments in api.asked[2:]] == [0, 1, 0, 1, 2]
    assert [stock.code for stock in source.universe()] == ["SH600000", "SZ000003"]


def test_a_small_page_is_not_taken_for_the_last_one(
    source: Source, api: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = pd.bdate_range("2023-01-02", periods=350).strftime("%Y%m%d")
    monkeypatch.setitem(ANSWERS, "trade_cal", (ANSWERS["trade_cal"][0], [("SSE", day, 1, day) for day in days]))
    api.most = 100
    assert len(source.calendar("2023-01-01", "2024-12-31")) == 350
    assert [arguments["offset"] for _, arguments in api.asked] == [0, 100, 200, 300]


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (Exception("抱歉，您每分钟最多访问该接口200次"), Busy, "每分钟"),
        (Exception("抱歉，您没有访问该接口的权限"), InputError, "tushare does not give trade_cal: "),
        (Exception("您的token不对，请确认。"), InputError, "token"),
        (Exception("参数错误"), Refused, "参数错误"),
        (ConnectionError(), Unreachable, "trade_cal: ConnectionError"),
    ],
)
def test_errors(source: Source, api: Recorded, error: Exception, kind: type[Exception], words: str) -> None:
    api.error = error
    with pytest.raises(kind, match=words):
        source.calendar("2024-01-01", "2024-01-04")


def test_an_http_error_which_the_client_makes_an_empty_frame(source: Source, api: Recorded) -> None:
    api.query = lambda *_, **__: pd.DataFrame()  # type: ignore[method-assign]
    with pytest.raises(Unreachable, match="an error of the server"):
        source.calendar("2024-01-01", "2024-01-04")


def test_without_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    def pro_api(token: str, timeout: float) -> Any:
        raise Exception("api init error.")

    monkeypatch.setitem(sys.modules, "tushare", SimpleNamespace(pro_api=pro_api))
    with pytest.raises(InputError, match="set TUSHARE_TOKEN"):
        Tushare(Address())
