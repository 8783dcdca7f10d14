"""Seven layouts, in the ways of vendors that people use."""

from __future__ import annotations

import pandas as pd

from .layouts import CHINESE, CODES, File, Layout, Tables, csv, dotted, feather, in_one, parquet, tdx, truth


def _monthly() -> Tables:
    bars, daily = truth()
    members = pd.DataFrame({"symbol": CODES[:3], "start": "2025-02-27", "end": ["2025-03-03", "", ""]})
    # on an ex-date the previous close falls with the factor
    before = (daily["close"] * daily["factor"]).groupby(daily["symbol"]).shift() / daily["factor"]
    before = before.fillna(daily["close"]).round(2)
    ratio = daily["symbol"].map(dict(zip(CODES, (0.1, 0.1, 0.2, 0.2), strict=True)))
    up, down = ((before * (1 + sign * ratio)).round(2) for sign in (1, -1))
    limits = daily[["symbol", "date"]].assign(limit_up=up, limit_down=down)
    return {"bars": bars, "daily": daily, "members": members, "limits": limits}


def _chinese() -> Tables:
    bars, daily = truth()
    daily = daily.assign(name=daily["symbol"].map({CODES[0]: "*ST浦发", CODES[1]: "平安银行"}).fillna("宁德时代"))
    industry = daily[["symbol"]].drop_duplicates().assign(行业=["银行", "新能源,电池", "银行", "半导体"])
    names = {"bars": bars, "daily": daily, "industry": industry.rename(columns={"symbol": "股票代码"})}
    return {name: table.rename(columns=CHINESE) for name, table in names.items()}


def _tushare() -> Tables:
    bars, daily = truth()
    minutes = bars.assign(ts_code=bars["symbol"].map(dotted)).rename(
        columns={"datetime": "trade_time", "volume": "vol"}
    )
    days = daily.assign(ts_code=daily["symbol"].map(dotted), trade_date=daily["date"].dt.strftime("%Y%m%d").astype(int))
    days = days.assign(vol=days["volume"] / 100, amount=days["amount"] / 1000, adj_factor=days["factor"])
    index = days[["trade_date", "open", "high", "low", "close", "vol", "amount"]].drop_duplicates("trade_date")
    weights = days[["ts_code", "trade_date"]].assign(weight=25.0, index_code="000905.SH")
    return {
        "bars": minutes.drop(columns="symbol").iloc[::-1],
        "daily": days[["ts_code", "trade_date", "open", "high", "low", "close", "vol", "amount"]].iloc[::-1],
        "factors": days[["ts_code", "trade_date", "adj_factor"]],
        "index": index.assign(ts_code="000905.SH"),
        "weights": weights.rename(columns={"ts_code": "con_code"}),
    }


def _baostock() -> Tables:
    bars, daily = truth()
    stamps = bars["datetime"]
    minutes = bars.assign(date=stamps.dt.strftime("%Y-%m-%d"), time=stamps.dt.strftime("%Y%m%d%H%M%S000"))
    tables = {"bars": minutes.drop(columns="datetime"), "daily": daily.assign(isST=0)}
    code = {name: table["symbol"].str[:2].str.lower() + "." + table["symbol"].str[2:] for name, table in tables.items()}
    return {name: table.drop(columns="symbol").assign(code=code[name]) for name, table in tables.items()}


def _tdx() -> Tables:
    bars, daily = truth()
    minutes = bars.assign(日期=bars["datetime"].dt.strftime("%Y/%m/%d"), 时间=bars["datetime"].dt.strftime("%H%M"))
    names = {"open": "开盘", "high": "最高", "low": "最低", "close": "收盘", "volume": "成交量", "amount": "成交额"}
    days = daily.assign(日期=daily["date"].dt.strftime("%Y/%m/%d"))
    heads = {"bars": ["symbol", "日期", "时间", *names.values()], "daily": ["symbol", "日期", *names.values()]}
    return {name: table.rename(columns=names)[heads[name]] for name, table in {"bars": minutes, "daily": days}.items()}


def _joinquant() -> Tables:
    """Prices and volumes that are adjusted; shares in a table of their own."""
    bars, daily = truth()
    prices = ["open", "high", "low", "close"]
    factor = bars["datetime"].dt.normalize().map(daily.drop_duplicates("date").set_index("date")["factor"])
    bars = bars.assign(**{name: bars[name] * factor for name in prices}, volume=bars["volume"] / factor)
    days = daily.assign(**{name: daily[name] * daily["factor"] for name in prices})
    days["volume"] = daily["volume"] / daily["factor"]
    tables = {
        "bars": bars.rename(columns={"amount": "money", "datetime": "time"}),
        "daily": days.rename(columns={"amount": "money"}),
        "float_shares": daily[["symbol", "date"]].assign(circulating_cap=100_000.0),
    }
    code = {"SH": "XSHG", "SZ": "XSHE"}
    for name, table in tables.items():
        spelling = table["symbol"].str[2:] + "." + table["symbol"].str[:2].map(code)
        tables[name] = table.drop(columns="symbol").assign(code=spelling)
    return tables


def _wide() -> Tables:
    _, daily = truth()
    fields = ["open", "high", "low", "close", "volume", "amount", "factor"]
    return {name: daily.pivot_table(index="date", columns="symbol", values=name).reset_index() for name in fields}


BARS = {"freq": "15min", "stamps": "end"}
LAYOUTS = {
    "a Parquet a month": Layout(
        {"bars": {"files": "bars/*.parquet", **BARS}, "daily": "daily.parquet", "limits": "limits.parquet",
         "members": {"csi300": "members.csv"}},
        _monthly,
        {"bars": File(parquet, lambda t: "bars/" + t["datetime"].astype("str").str[:7] + ".parquet"),
         "daily": File(parquet, in_one("daily.parquet")),
         "limits": File(parquet, in_one("limits.parquet")),
         "members": File(csv(), in_one("members.csv"))},
    ),
    "a CSV a stock, Chinese": Layout(
        {"bars": {"files": "bars/*.csv", "encoding": "gb18030", **BARS},
         "daily": {"files": "daily/*.csv", "encoding": "gb18030"},
         "industry": {"files": "industry.csv", "encoding": "gb18030"},
         "st": {"files": "daily/*.csv", "encoding": "gb18030", "from_name": True}, "max_dropped": 0.5},
        _chinese,
        {"bars": File(csv("gb18030"), lambda t: "bars/" + t["股票代码"].astype("str") + ".csv", drop=("股票代码",)),
         "daily": File(csv("gb18030"), lambda t: "daily/" + t["股票代码"].astype("str") + ".csv"),
         "industry": File(csv("gb18030"), in_one("industry.csv"))},
    ),
    "tushare": Layout(
        {"bars": {"files": "bars/*.csv", **BARS}, "factors": "adj_factor.csv", "index": "index_daily.csv",
         "daily": {"files": "daily.csv", "volume": "lots", "amount": "thousand"}, "weights": {"csi500": "weights.csv"}},
        _tushare,
        {"bars": File(csv(), lambda t: "bars/" + t["ts_code"].astype("str") + ".csv"),
         "daily": File(csv(), in_one("daily.csv")),
         "factors": File(csv(), in_one("adj_factor.csv")),
         "index": File(csv(), in_one("index_daily.csv")),
         "weights": File(csv(), in_one("weights.csv"))},
    ),
    "baostock": Layout(
        {"bars": {"files": "bars.csv", **BARS}, "daily": "daily.csv", "max_dropped": 1.0, "max_inconsistent": 1.0},
        _baostock,
        {"bars": File(csv(), in_one("bars.csv")), "daily": File(csv(), in_one("daily.csv"))},
    ),
    "tdx": Layout(
        {"bars": {"files": "lc15/*.txt", "encoding": "gb18030", "prices": "unadjusted", **BARS},
         "daily": {"files": "day/*.txt", "encoding": "gb18030", "prices": "unadjusted"}},
        _tdx,
        {"bars": File(tdx, lambda t: "lc15/" + _hashed(t["symbol"]) + ".txt", drop=("symbol",)),
         "daily": File(tdx, lambda t: "day/" + _hashed(t["symbol"]) + ".txt", drop=("symbol",))},
    ),
    "joinquant, adjusted": Layout(
        {"bars": {"files": "bars.parquet", "prices": "adjusted", "volume": "adjusted", **BARS},
         "daily": {"files": "daily.feather", "prices": "adjusted", "volume": "adjusted"},
         "float_shares": {"files": "valuation.csv", "unit": "ten_thousand"}, "max_dropped": 0.5},
        _joinquant,
        {"bars": File(parquet, in_one("bars.parquet")),
         "daily": File(feather, in_one("daily.feather")),
         "float_shares": File(csv(), in_one("valuation.csv"))},
    ),
    "a table a field": Layout(
        {"daily": {"wide": {name: f"{name}.csv" for name in
                            ("open", "high", "low", "close", "volume", "amount", "factor")}}, "max_dropped": 0.5},
        _wide,
        {name: File(csv(), in_one(f"{name}.csv")) for name in
         ("open", "high", "low", "close", "volume", "amount", "factor")},
    ),
}  # fmt: skip
"""By name."""


def _hashed(codes: pd.Series) -> pd.Series:
    """``SH#600000``."""
    text = codes.astype("str")
    return text.str[:2] + "#" + text.str[2:]
