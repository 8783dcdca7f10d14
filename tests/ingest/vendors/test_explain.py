"""What --explain finds in files whose truth is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy
import yaml

from qlib_mfgru.cli import main
from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.explain import explain

from ..vendor import make_bars, text
from .layouts import LAYOUTS
from .market import PRICES, Market


@pytest.fixture(scope="module")
def market() -> Market:
    return Market.make()


def mapping_of(*paths: Path, source: Path | None = None) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(explain(paths, source).mapping)
    return content


def saved(rows: pd.DataFrame, path: Path) -> Path:
    rows.to_csv(path, index=False)
    return path


@pytest.mark.parametrize(
    ("per_volume", "per_amount", "volume", "amount"),
    [
        (1, 1, "shares", "yuan"), (100, 1, "lots", "yuan"), (1, 1e3, "shares", "thousand"),
        (100, 1e3, "lots", "thousand"), (1, 1e4, "shares", "ten_thousand"), (100, 1e4, "lots", "ten_thousand"),
    ],
)  # fmt: skip
def test_units_by_evidence(
    market: Market, tmp_path: Path, per_volume: float, per_amount: float, volume: str, amount: str
) -> None:
    rows = market.minutes["15min"]
    rows = rows.assign(volume=rows["volume"] / per_volume, amount=rows["amount"] / per_amount)
    assert mapping_of(saved(rows, tmp_path / "bars.csv"))["bars"] == {
        "files": "bars.csv", "freq": "15min", "stamps": "end", "volume": volume, "amount": amount,
        "prices": "unadjusted",
    }  # fmt: skip


def test_a_board_in_another_unit(market: Market, tmp_path: Path) -> None:
    rows = market.daily.drop(columns=["name", "is_st", "prev_close"])
    lots = rows["volume"].where(rows["symbol"] == "688981", rows["volume"] / 100)
    found = explain([saved(rows.assign(volume=lots), tmp_path / "d.csv")])
    assert yaml.safe_load(found.mapping)["daily"]["volume"] == {"star": "shares", "*": "lots"}
    assert "main 100.3, star 1.001; so volume: {star: shares, *: lots}, amount: yuan" in str(found)


def test_amounts_that_no_unit_explains_are_said(market: Market, tmp_path: Path) -> None:
    rows = market.minutes["15min"].assign(amount=lambda bars: bars["amount"] * 7)
    found = explain([saved(rows, tmp_path / "b.csv")])
    assert "no unit explains that" in str(found)
    assert "volume" not in yaml.safe_load(found.mapping)["bars"]


@pytest.mark.parametrize("freq", ["1min", "5min", "15min", "30min", "60min"])
@pytest.mark.parametrize("stamps", ["end", "start"])
def test_frequency_and_convention(tmp_path: Path, freq: str, stamps: str) -> None:
    rows = make_bars(("600000",), freq=freq)
    if stamps == "start":
        rows["datetime"] -= pd.Timedelta(freq)
    section = mapping_of(saved(rows, tmp_path / "b.csv"))["bars"]
    assert (section["freq"], section["stamps"]) == (freq, stamps)


def test_another_market_by_its_hours(tmp_path: Path) -> None:
    stamps = pd.date_range("2025-03-03 09:30", periods=390, freq="1min")
    rows = make_bars(("AAPL",), freq="1min")
    us = rows.iloc[: len(stamps)].assign(datetime=stamps[: len(rows)])
    content = mapping_of(saved(us, tmp_path / "b.csv"))
    assert (content["session"], content["bars"]["freq"], content["bars"]["stamps"]) == ("us", "1min", "start")


@pytest.mark.parametrize("divided", [True, False])
def test_adjusted_prices_with_their_factor(market: Market, tmp_path: Path, divided: bool) -> None:
    rows = market.daily.drop(columns=["name", "is_st", "prev_close"])
    rows[PRICES] = rows[PRICES].mul(rows["factor"], axis=0)
    if divided:
        rows["volume"] /= rows["factor"]
    section = mapping_of(saved(rows, tmp_path / "d.csv"))["daily"]
    assert (section["prices"], section["volume"]) == ("adjusted", "adjusted" if divided else "shares")


def test_previous_closes_that_are_ex_rights_make_the_factor(market: Market, tmp_path: Path) -> None:
    rows = market.daily.drop(columns=["name", "is_st", "factor"])
    path = saved(rows, tmp_path / "d.csv")
    assert "on 2 days it is not the close of the day before" in str(explain([path]))
    assert mapping_of(path)["daily"]["factor"] == "from_prev_close"
    factors = saved(market.daily[["symbol", "date", "factor"]], tmp_path / "f.csv")
    content = mapping_of(path, factors)
    assert "factor" not in content["daily"]
    assert content["factors"] == {"files": "f.csv"}


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("csi300.txt", "SZ000001\t2005-04-08\t2005-06-30\nSH600000\t2005-04-08\t\n",
         {"members": {"csi300": {"files": "csi300.txt", "names": ["symbol", "start", "end"]}}}),
        ("zz500.csv", "date,code\n2025-03-03,600000.XSHG\n2025-04-01,600000.XSHG\n2025-04-01,000001.XSHE\n",
         {"members": {"csi500": {"files": "zz500.csv"}}}),
        ("w.csv", "index_code,con_code,trade_date,weight\n399300.SZ,600000.SH,20250303,60\n"
         "399300.SZ,000001.SZ,20250303,40\n000905.SH,000002.SZ,20250303,100\n",
         {"weights": {"csi500": {"files": "w.csv", "unit": "percent", "where": {"index_code": "000905.SH"}},
                      "csi300": {"files": "w.csv", "unit": "percent", "where": {"index_code": "399300.SZ"}}}}),
        ("csi300_w.csv", "code,date,weight\n600000,2025-03-03,0.4\n000001,2025-03-03,0.6\n",
         {"weights": {"csi300": {"files": "csi300_w.csv", "unit": "fraction"}}}),
        ("i.csv", "code,industry\n600000,J66货币金融服务\n000001,J66货币金融服务\n",
         {"industry": {"files": "i.csv", "level": "letter"}}),
        ("s.csv", "ts_code,trade_date,float_share\n600000.SH,20250303,2935217\n000001.SZ,20250303,1940558\n",
         {"float_shares": {"files": "s.csv", "unit": "ten_thousand"}}),
        ("m.csv", "code,date,流通市值\n600000,2025-03-03,3.1e11\n000001,2025-03-03,2.2e11\n",
         {"market_cap": {"files": "m.csv", "unit": "yuan"}}),
        ("l.csv", "ts_code,trade_date,up_limit,down_limit\n600000.SH,20250303,11.0,9.0\n",
         {"limits": {"files": "l.csv"}}),
        ("x.csv", "code,date,open,high,low,close\nsh.000300,2025-03-03,3900,3950,3880,3920\n",
         {"index": {"files": "x.csv"}}),
        ("n.csv", "code,name\n600000,浦发银行\n000001,平安银行\n", {"st": {"files": "n.csv", "from_name": True}}),
        ("is_st.csv", "date,600000.XSHG,000001.XSHE,688981.XSHG\n2025-03-03,False,True,False\n",
         {"st": {"wide": {"is_st": "is_st.csv"}}}),
    ],
)  # fmt: skip
def test_tables_beside_the_prices(tmp_path: Path, name: str, content: str, expected: dict[str, Any]) -> None:
    path = tmp_path / text(tmp_path, name, content)
    found = explain([path])
    assert yaml.safe_load(found.mapping) == expected
    assert found.mapping.startswith("# A mapping needs bars, daily, or both")


def test_wide_tables_of_bars(market: Market, tmp_path: Path) -> None:
    rows = market.minutes["15min"]
    fields = (*PRICES, "volume", "amount")
    for name in fields:
        rows.pivot_table(index="datetime", columns="symbol", values=name).to_csv(tmp_path / f"{name}.csv")
    assert mapping_of(*(tmp_path / f"{name}.csv" for name in fields))["bars"] == {
        "wide": {name: f"{name}.csv" for name in fields}, "freq": "15min", "stamps": "end",
    }  # fmt: skip


def test_the_report_names_what_it_saw(market: Market, tmp_path: Path) -> None:
    rows = market.daily.drop(columns=["name", "is_st", "prev_close"]).assign(turn=0.1)
    again = rows.iloc[[0]].assign(close=1.23)
    unknown = rows.iloc[[1]].assign(symbol="NOCODE", high=None)
    path = tmp_path / "d.csv"
    pd.concat([rows, again, unknown]).to_csv(path, index=False, sep=";", encoding="gb18030")
    report = str(explain([saved(pd.concat([rows, again, unknown]), path)]))
    for line in (
        f"{path}: daily rows",
        "file         text in utf-8, separated by comma, with a header",
        "columns      symbol, date, open, high, low, close, volume, amount, factor; not used: turn",
        "rows         21; 1 repeat a stock and time, with other values; empty: high 1",
        "stocks       4 (e.g. SZ000001, SZ300750, SH600000), by board: main 2, chinext 1, star 1; 1 rows with",
        "dates        2025-03-03 .. 2025-03-07: 5 days",
    ):
        assert line in report


def test_files_of_one_layout_are_one_section_relative_to_the_source(market: Market, tmp_path: Path) -> None:
    LAYOUTS["tushare"](market, tmp_path)
    days = sorted((tmp_path / "daily").iterdir())
    assert mapping_of(*days, source=tmp_path)["daily"]["files"] == "daily/*.csv"
    assert mapping_of(*days[:2], source=tmp_path)["daily"]["files"] == ["daily/20250303.csv", "daily/20250304.csv"]
    with pytest.raises(InputError, match="not in"):
        explain(days, tmp_path / "minutes")


def test_old_chinese_files_are_read_in_their_encoding(market: Market, tmp_path: Path) -> None:
    names = dict(zip(["symbol", "date", *PRICES], ["代码", "日期", "开盘", "最高", "最低", "收盘"], strict=True))
    market.daily.rename(columns=names).to_csv(tmp_path / "d.csv", index=False, encoding="gb18030")
    assert mapping_of(tmp_path / "d.csv")["daily"]["encoding"] == "gb18030"


def test_from_the_command_line(market: Market, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = saved(market.minutes["15min"], tmp_path / "bars.csv")
    assert main(["ingest", "--explain", str(path)]) == 0
    printed = capsys.readouterr().out
    assert "15min bars of ashare, stamped at their end: 100.0% are on that grid, 100% of its times are there" in printed
    assert f"mapping, with --source {tmp_path}:" in printed


def test_members_of_several_indices_in_files_of_their_own(tmp_path: Path) -> None:
    for name in ("csi300_members", "zz500", "mine"):
        text(tmp_path, f"{name}.csv", "code,start,end\n600000,2025-03-03,\n")
    assert mapping_of(tmp_path)["members"] == {
        "csi300": {"files": "csi300_members.csv"}, "csi500": {"files": "zz500.csv"}, "mine": {"files": "mine.csv"},
    }  # fmt: skip


def test_lists_of_members_by_date_are_told(tmp_path: Path) -> None:
    rows = "index_code,con_code,trade_date\n399300.SZ,600000.SH,20250303\n399300.SZ,600000.SH,20250401\n"
    found = explain([tmp_path / text(tmp_path, "l.csv", f"{rows}399300.SZ,000001.SZ,20250401\n")])
    assert yaml.safe_load(found.mapping) == {"members": {"csi300": {"files": "l.csv"}}}
    assert "lists        2, of 1 .. 2 members: each holds until the next" in str(found)


def test_a_folder_and_a_provider(market: Market, tmp_path: Path) -> None:
    LAYOUTS["tdx"](market, tmp_path)
    content = mapping_of(tmp_path)
    assert content["daily"]["files"] == "daily/*.txt"
    assert content["bars"]["files"] == "minutes/*.txt"
    assert "date = 日期" in str(explain([tmp_path / "minutes"]))
    assert "time = 时间" in str(explain([tmp_path / "minutes"]))
    (tmp_path / "cn" / "features").mkdir(parents=True)
    (tmp_path / "cn" / "calendars").mkdir()
    (tmp_path / "cn" / "instruments").mkdir()
    (tmp_path / "cn" / "calendars" / "day.txt").write_text("2025-03-03\n")
    assert mapping_of(tmp_path / "cn") == {"vendor": "qlib"}


@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
def test_the_tables_of_a_database(market: Market, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "market.db"
    engine = sqlalchemy.create_engine(f"{kind}:///{path}")
    rows = market.minutes["15min"]
    rows.assign(datetime=rows["datetime"].astype(str)).to_sql("minutes", engine, index=False)
    engine.dispose()
    assert mapping_of(path)["bars"] == {
        "sql": 'select * from "minutes"', "url": f"{kind}:///{path}", "freq": "15min", "stamps": "end",
        "volume": "shares", "amount": "yuan", "prices": "unadjusted",
    }  # fmt: skip


def test_the_title_goes_before_whole_cents(market: Market, tmp_path: Path) -> None:
    rows = market.daily[market.daily["symbol"] == "600000"].drop(columns=["name", "is_st", "prev_close", "factor"])
    for word, prices in (("前复权", "adjusted"), ("不复权", "unadjusted")):
        path = tmp_path / text(tmp_path, "d.txt", f"600000 日线 {word}\n{rows.to_csv(sep=chr(9), index=False)}")
        assert mapping_of(path)["daily"]["prices"] == prices


def test_the_order_of_dates_by_those_that_tell(market: Market, tmp_path: Path) -> None:
    rows = market.daily.drop(columns=["name", "is_st", "prev_close"])
    late = pd.to_datetime(rows["date"]) + pd.Timedelta(days=14)
    path = saved(rows.assign(date=late.dt.strftime("%d/%m/%Y")), tmp_path / "d.csv")
    assert mapping_of(path)["daily"]["day_first"] is True
    early = saved(rows.assign(date=pd.to_datetime(rows["date"]).dt.strftime("%d/%m/%Y")), tmp_path / "e.csv")
    with pytest.raises(InputError, match="do not say what comes first"):
        explain([early])


def test_codes_with_their_exchange_and_prices_that_are_missing(market: Market, tmp_path: Path) -> None:
    text(tmp_path, "SH#000300.txt", "date,open,high,low,close\n2025-03-03,3900,3950,3880,3920\n")
    assert "indices      1 (e.g. SH000300)" in str(explain([tmp_path / "SH#000300.txt"]))
    rows = market.daily.drop(columns=["name", "is_st"]).assign(close=None)
    assert "no rows with a price, a volume and an amount" in str(explain([saved(rows, tmp_path / "d.csv")]))


@pytest.mark.parametrize("cell", ["123.45亿", "", "-5"])
@pytest.mark.parametrize(("kind", "column"), [("market_cap", "流通市值"), ("float_shares", "float_shares")])
def test_sizes_that_are_no_numbers_tell_no_unit(tmp_path: Path, kind: str, column: str, cell: str) -> None:
    found = explain([tmp_path / text(tmp_path, "m.csv", f"code,date,{column}\n600000,2025-03-03,{cell}\n")])
    assert yaml.safe_load(found.mapping) == {kind: {"files": "m.csv"}}
    assert "units        the values are no positive numbers, so the unit cannot be judged" in str(found)


def test_wide_tables_whose_names_end_with_the_field(tmp_path: Path) -> None:
    text(tmp_path, "w_close.csv", "date,600000,000001,688981\n2025-03-03,1,2,3\n")
    assert mapping_of(tmp_path / "w_close.csv")["daily"] == {"wide": {"close": "w_close.csv"}}
