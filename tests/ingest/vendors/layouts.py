"""The market in each vendor's files, as the comments of its ready mapping say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from .market import CODES, DAYS, PRICES, SPECIAL, SUSPENDED, Market

SUFFIX = {"SH": "SH", "SZ": "SZ"}
XSHG = {"SH": "XSHG", "SZ": "XSHE"}
CHINESE = dict(zip([*PRICES, "volume", "amount"], ["开盘", "最高", "最低", "收盘", "成交量", "成交额"], strict=True))


def after(symbol: pd.Series, exchanges: dict[str, str]) -> pd.Series:
    """``600000.SH``."""
    return symbol + "." + symbol.map(CODES).str[:2].map(exchanges)


def before(symbol: str) -> str:
    """``sh``."""
    return CODES[symbol][:2].lower()


def save(rows: pd.DataFrame, path: Path, **options: object) -> None:
    """A CSV, in a folder that is made for it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows.to_csv(path, **{"index": False, **options})  # type: ignore[call-overload]


def tushare(market: Market, folder: Path) -> None:
    daily = market.daily.assign(ts_code=after(market.daily["symbol"], SUFFIX))
    daily["trade_date"] = daily["date"].dt.strftime("%Y%m%d")
    rows = daily.rename(columns={"volume": "vol", "prev_close": "pre_close"})
    rows = rows.assign(vol=rows["vol"] / 100, amount=rows["amount"] / 1000)
    columns = ["ts_code", "trade_date", *PRICES, "pre_close", "vol", "amount"]
    for date, of_day in rows[::-1].groupby("trade_date"):
        save(of_day[columns], folder / "daily" / f"{date}.csv")
    factors = daily.rename(columns={"factor": "adj_factor"})[["ts_code", "trade_date", "adj_factor"]]
    save(factors, folder / "adj_factor" / "all.csv")
    bars = market.minutes["15min"].rename(columns={"datetime": "trade_time", "volume": "vol"})
    bars["ts_code"] = after(bars["symbol"], SUFFIX)
    for code, of_stock in bars.drop(columns="symbol")[::-1].groupby("ts_code"):
        save(of_stock, folder / "minutes" / f"{code}.csv")
    names = pd.DataFrame({"ts_code": list(CODES), "name": "甲股份", "start_date": "20100104", "end_date": ""})
    special = {"ts_code": SPECIAL[0], "name": "*ST甲", "start_date": SPECIAL[1].strftime("%Y%m%d"), "end_date": ""}
    names.loc[names["ts_code"] == SPECIAL[0], "end_date"] = (SPECIAL[1] - pd.Timedelta(days=1)).strftime("%Y%m%d")
    names = pd.concat([names, pd.DataFrame([special])])
    save(names.assign(ts_code=after(names["ts_code"], SUFFIX)), folder / "namechange" / "all.csv")


def baostock(market: Market, folder: Path) -> None:
    renamed = {"prev_close": "preclose", "is_st": "isST"}
    columns = ["date", "code", *PRICES, "preclose", "volume", "amount", "isST"]
    for stock, daily in market.daily.groupby("symbol"):
        code = f"{before(str(stock))}.{stock}"
        rows = daily.rename(columns=renamed).assign(code=code, date=daily["date"].dt.strftime("%Y-%m-%d"))
        rows = rows[columns].astype("str")
        if stock == SUSPENDED[0]:
            close = rows["close"].iloc[2]
            values = dict.fromkeys([*PRICES, "preclose"], close) | {"volume": "", "amount": "", "isST": "0"}
            row = pd.DataFrame([{"date": str(SUSPENDED[1].date()), "code": code} | values])
            rows = pd.concat([rows, row]).sort_values("date")
        save(rows, folder / "daily" / f"{code}.csv")
        bars = market.minutes["15min"][market.minutes["15min"]["symbol"] == stock]
        head = {"date": bars["datetime"].dt.strftime("%Y-%m-%d"), "code": code, "adjustflag": 3}
        bars = bars.assign(time=bars["datetime"].dt.strftime("%Y%m%d%H%M%S000"), **head)
        columns_of_bars = ["date", "time", "code", *PRICES, "volume", "amount", "adjustflag"]
        save(bars[columns_of_bars], folder / "minutes" / f"{code}.csv")
    for stock, events in market.events.groupby("symbol"):
        code = f"{before(str(stock))}.{stock}"
        factor = events["factor"]
        rows = pd.DataFrame({"code": code, "dividOperateDate": events["date"].dt.strftime("%Y-%m-%d")})
        rows = rows.assign(foreAdjustFactor=factor / factor.iloc[-1], backAdjustFactor=factor, adjustFactor=factor)
        save(rows, folder / "adjust_factor" / f"{code}.csv")


def _flags(market: Market) -> pd.DataFrame:
    flags = pd.DataFrame(0, index=DAYS, columns=after(pd.Series(list(CODES)), XSHG))
    flags.loc[SPECIAL[1] :, f"{SPECIAL[0]}.XSHE"] = 1
    return flags.astype(bool)


def joinquant(market: Market, folder: Path) -> None:
    daily, bars = market.daily, market.minutes["15min"]
    rows = daily.assign(code=after(daily["symbol"], XSHG), time=daily["date"], money=daily["amount"])
    rows = rows.assign(**{name: rows[name] * rows["factor"] for name in PRICES})
    rows["volume"] = rows["volume"] / rows["factor"]
    save(rows[["time", "code", *PRICES, "volume", "money", "factor"]], folder / "daily" / "all.csv")
    bars = bars.assign(code=after(bars["symbol"], XSHG), time=bars["datetime"], money=bars["amount"])
    save(bars[["time", "code", *PRICES, "volume", "money"]], folder / "minutes" / "all.csv")
    save(_flags(market), folder / "is_st.csv", index=True)


def ricequant(market: Market, folder: Path) -> None:
    for name, rows, when in (("daily", market.daily, "date"), ("minutes", market.minutes["15min"], "datetime")):
        rows = rows.assign(order_book_id=after(rows["symbol"], XSHG), total_turnover=rows["amount"])
        columns = [*PRICES, "volume", "total_turnover", *(["prev_close"] if name == "daily" else [])]
        indexed = rows.set_index(["order_book_id", when])[columns]
        (folder / name).mkdir(parents=True)
        indexed.to_parquet(folder / name / "all.parquet")
    events = market.events
    rows = pd.DataFrame({"ex_date": events["date"], "order_book_id": after(events["symbol"], XSHG)})
    save(rows.assign(ex_factor=events["factor"], ex_cum_factor=events["factor"]), folder / "ex_factor" / "all.csv")
    save(_flags(market), folder / "is_st_stock.csv", index=True)


def tdx(market: Market, folder: Path) -> None:
    for kind, rows, when in (("daily", market.daily, "date"), ("minutes", market.minutes["5min"], "datetime")):
        (folder / kind).mkdir(parents=True)
        for stock, of_stock in rows.groupby("symbol"):
            stamps = {"日期": of_stock[when].dt.strftime("%Y/%m/%d")}
            if kind == "minutes":
                stamps["时间"] = of_stock[when].dt.strftime("%H%M")
            table = pd.concat([pd.DataFrame(stamps), of_stock[list(CHINESE)].rename(columns=CHINESE)], axis=1)
            title = f"{stock} 甲股份 {'日线' if kind == 'daily' else '5分钟线'} 不复权\n"
            content = title + table.to_csv(index=False, sep="\t", lineterminator="\n") + "#数据来源:通达信\n"
            name = f"{CODES[str(stock)][:2]}#{stock}.txt"
            (folder / kind / name).write_text(content, encoding="gb18030")
    save(market.daily[["symbol", "date", "factor"]], folder / "factors.csv")


def qmt(market: Market, folder: Path) -> None:
    for kind, rows, when in (("daily", market.daily, "date"), ("minutes", market.minutes["15min"], "datetime")):
        for code, of_stock in rows.groupby(after(rows["symbol"], SUFFIX)):
            stamps = of_stock[when].dt.tz_localize("Asia/Shanghai").astype("datetime64[ns, Asia/Shanghai]")
            table = of_stock[[*PRICES, "volume", "amount"]].assign(volume=of_stock["volume"] // 100)
            table.insert(0, "time", stamps.astype("int64") // 10**6)
            if kind == "daily":
                table["preClose"] = of_stock["prev_close"]
            table.index = pd.Index(of_stock[when].dt.strftime("%Y%m%d%H%M%S" if kind == "minutes" else "%Y%m%d"))
            save(table, folder / kind / f"{code}.csv", index=True, index_label="")


def akshare(market: Market, folder: Path) -> None:
    for stock, daily in market.daily.groupby("symbol"):
        lot = 1 if str(stock).startswith("688") else 100
        for kind, rows in (("daily", daily), ("minutes", market.minutes["15min"].query("symbol == @stock"))):
            table = rows[list(CHINESE)].assign(volume=rows["volume"] // lot).rename(columns=CHINESE)
            if kind == "daily":
                table.insert(0, "日期", rows["date"].dt.strftime("%Y-%m-%d"))
                table.insert(1, "股票代码", stock)
            else:
                table.insert(0, "时间", rows["datetime"].dt.strftime("%Y-%m-%d %H:%M:%S"))
            save(table, folder / kind / f"{stock}.csv")
        events = market.events[market.events["symbol"] == stock][::-1]
        first = pd.DataFrame({"date": ["1900-01-01"], "hfq_factor": [1.0]})
        rows = pd.DataFrame({"date": events["date"].dt.strftime("%Y-%m-%d"), "hfq_factor": events["factor"]})
        save(pd.concat([rows, first]), folder / "hfq_factor" / f"{before(str(stock))}{stock}.csv")


def xbx(market: Market, folder: Path) -> None:
    names = {name: f"{chinese}价" for name, chinese in CHINESE.items() if name in PRICES}
    names |= {"volume": "成交量", "amount": "成交额", "prev_close": "前收盘价", "name": "股票名称", "date": "交易日期"}
    for stock, daily in market.daily.groupby("symbol"):
        rows = daily.rename(columns=names)[list(names.values())]
        code = f"{before(str(stock))}{stock}"
        rows.insert(0, "股票代码", code)
        (folder / "daily").mkdir(parents=True, exist_ok=True)
        content = "数据由社区整理, 仅供学习\n" + rows.to_csv(index=False, lineterminator="\n")
        (folder / "daily" / f"{code}.csv").write_text(content, encoding="gb18030")


LAYOUTS: dict[str, Callable[[Market, Path], None]] = {
    each.__name__: each for each in (tushare, baostock, joinquant, ricequant, tdx, qmt, akshare, xbx)
}
