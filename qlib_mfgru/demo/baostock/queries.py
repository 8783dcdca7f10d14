"""The vendor's queries: what is asked, as the client writes it, to a table of what is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from qlib_mfgru.demo.baostock.bars import FREQS
from qlib_mfgru.demo.baostock.known import BACKWARD, DAY_FIELDS, FORWARD, MINUTE_FIELDS, RAW, Known
from qlib_mfgru.demo.baostock.table import Table
from qlib_mfgru.demo.baostock.wire import ANSWERS, Question, Refused, message, records

MAX_PAGE = 10_000
"""Rows on one page, if a client asks for more."""
DIVIDEND_FIELDS = (
    "code dividPreNoticeDate dividAgmPumDate dividPlanAnnounceDate dividPlanDate dividRegistDate dividOperateDate "
    "dividPayDate dividStockMarketDate dividCashPsBeforeTax dividCashPsAfterTax dividStocksPs dividCashStock "
    "dividReserveToStockPs"
)


class Query(NamedTuple):
    """A query that is answered in pages; the arguments are the client's, after the page's number and size."""

    table: Callable[..., Table]
    n_arguments: int


def bars(known: Known, code: str, fields: str, start: str, end: str, frequency: str, flag: str) -> Table:
    """``query_history_k_data_plus``."""
    names = [name.strip() for name in fields.split(",")]
    allowed = DAY_FIELDS if frequency == "d" else MINUTE_FIELDS
    if frequency not in ("d", *FREQS) or flag not in (BACKWARD, FORWARD, RAW):
        raise Refused("10004006", "参数错误")
    if not set(names) <= set(allowed):
        raise Refused("10004012", "无效的指标")
    if frequency == "d":
        return known.daily(code, start, end, flag).only(names)
    return known.minutes(code, frequency, start, end, flag).only(names)


def securities(known: Known, date: str) -> Table:
    """``query_all_stock``: stocks and indices of a trading day, and whether they traded; nothing on other days."""
    day, rows = known.trading_day(date), []
    if day is not None:
        path = known.market.demo.path
        for at in np.flatnonzero(known.market.demo.universe.listed[day]):
            code = known.market.stocks[at]
            rows.append((code, str(int(path.traded[day, at])), known.name(code, day)))
        rows += [(code, "1", known.name(code, day)) for code in known.market.indices]
    return Table.of("code tradeStatus code_name", sorted(rows))


def basics(known: Known, code: str, name: str) -> Table:
    """``query_stock_basic`` of one code, of names that contain a text, or of all."""
    rows = [row for row in known.basics().rows() if code in ("", row[0]) and name in row[1]]
    return Table.of("code code_name ipoDate outDate type status", rows)


def industries(known: Known, code: str, date: str) -> Table:
    """``query_stock_industry``: stocks listed by a date; the industries do not change."""
    day = known.day(date)
    rows = [
        (f"{known.market.days[day]:%Y-%m-%d}", each, known.name(each, day), known.sector(each), "证监会行业分类")
        for each in known.market.stocks
        if code in ("", each) and known.market.listing(each)[0] <= day
    ]
    return Table.of("updateDate code code_name industry industryClassification", rows)


def members(market: str) -> Callable[[Known, str], Table]:
    """``query_hs300_stocks`` and its like: members on the last trading day on or before a date."""

    def table(known: Known, date: str) -> Table:
        day = known.day(date)
        codes = known.market.members(market, day) if day >= 0 else []
        rows = [(f"{known.market.days[day]:%Y-%m-%d}", code, known.name(code, day)) for code in codes]
        return Table.of("updateDate code code_name", rows)

    return table


def largest(known: Known, date: str) -> Table:
    """``query_sz50_stocks``: the CSI300's members in Shanghai."""
    rows = [row for row in members("csi300")(known, date).rows() if row[1].startswith("sh.")]
    return Table.of("updateDate code code_name", rows)


def day_bars(known: Known, date: str) -> Table:
    """``query_daily_history_k_AStock``: the daily rows of all stocks on one day."""
    rows = [row for code in known.listed() for row in known.daily(code, date, date).rows()]
    return Table.of(" ".join(DAY_FIELDS), rows)


def day_events(known: Known, date: str) -> Table:
    """``query_daily_adjust_factor``: the adjustment events of one day."""
    rows = [row for code in known.listed() for row in known.events(code, date, date).rows()]
    return Table.of("code dividOperateDate foreAdjustFactor backAdjustFactor adjustFactor", rows)


def dividends(known: Known, code: str, year: str, kind: str) -> Table:
    """``query_dividend_data``: the year's ex-days; both kinds of years, of the plan and of the ex-day, are one here."""
    paid = known.market.dividends(code)[: known.today] if code in known.listed() else pd.DataFrame()
    rows = [
        (code, *[""] * 5, *[f"{day:%Y-%m-%d}"] * 2, "", f"{cash:.6f}", f"{cash:.6f}", f"{bonus:.6f}", "", "0.000000")
        for day, cash, bonus in paid.itertuples()
        if str(day.year) == year
    ]
    return Table.of(DIVIDEND_FIELDS, rows)


QUERIES: dict[str, Query] = {
    "query_history_k_data_plus": Query(bars, 6),
    "query_trade_dates": Query(Known.calendar, 2),
    "query_adjust_factor": Query(Known.events, 3),
    "query_dividend_data": Query(dividends, 3),
    "query_all_stock": Query(securities, 1),
    "query_stock_basic": Query(basics, 2),
    "query_stock_industry": Query(industries, 2),
    "query_hs300_stocks": Query(members("csi300"), 1),
    "query_zz500_stocks": Query(members("csi500"), 1),
    "query_sz50_stocks": Query(largest, 1),
}
OF_ONE_DAY: dict[str, Callable[[Known, str], Table]] = {
    "query_daily_history_k_AStock": day_bars,
    "query_daily_history_k_ETF": lambda known, date: Table.of(" ".join(DAY_FIELDS), []),
    "query_daily_adjust_factor": day_events,
}
"""Queries that are answered on one page, however long."""


def answered(known: Known, question: Question, short: bool = False, empty: frozenset[str] = frozenset()) -> bytes:
    """The answer to a question.

    Parameters
    ----------
    short : bool
        The page lacks its last row, and so looks like the last one.
    empty : frozenset of str
        Stocks for which there are no rows.

    Raises
    ------
    Refused
        A wrong number of arguments, or one of them is not understood.
    """
    try:
        whole = question.name in OF_ONE_DAY
        return _whole(known, question, short, empty) if whole else _page(known, question, short, empty)
    except (ValueError, pd.errors.OutOfBoundsDatetime) as error:
        raise Refused("10004006", "参数错误") from error


def _whole(known: Known, question: Question, short: bool, empty: frozenset[str]) -> bytes:
    (date,) = question.arguments
    table = OF_ONE_DAY[question.name](known, date)
    codes = table.columns["code"][0]
    rows = [row for row, code in zip(table.rows(), codes, strict=True) if code not in empty]
    return _message(question, [records(rows[:-1] if short else rows), table.fields])


def _page(known: Known, question: Question, short: bool, empty: frozenset[str]) -> bytes:
    query, (page, size, *arguments) = QUERIES[question.name], question.arguments
    if len(arguments) != query.n_arguments:
        raise Refused("10004006", "参数错误")
    table = query.table(known, *arguments)
    count = min(int(size), MAX_PAGE)
    start = (int(page) - 1) * count
    rows = [] if arguments[0] in empty else table.rows(start, start + count)
    data = records(rows[:-1] if short else rows)
    echo = [*arguments, table.fields]
    if question.name == "query_history_k_data_plus":
        echo = [arguments[0], table.fields, *arguments[2:]]
    return _message(question, [page, size, data, *echo])


def _message(question: Question, parts: list[str]) -> bytes:
    return message(ANSWERS[question.name], ["0", "success", question.name, question.user, *parts])
