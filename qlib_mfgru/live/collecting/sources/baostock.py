"""baostock, through its own client: free, without an account, 15-minute bars among others.

The client (0.9.4) has one connection a process, prints what it should raise, and ends a result early, without an error,
when one of its pages does not come; `Line` and `_rows` see to that.
"""

from __future__ import annotations

import importlib
import io
from collections.abc import Callable
from contextlib import redirect_stdout, suppress
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.live.collecting.source import (
    BARS,
    DAILY,
    EVENTS,
    LEVELS,
    Address,
    Busy,
    Expired,
    Refused,
    Source,
    Stock,
    Unreachable,
    known_code,
)
from qlib_mfgru.live.collecting.sources.line import Line, install

_HOST, _PORT = "public-api.baostock.com", 10030
_OK, _NO_LOGIN, _TOO_MANY, _NOT_FOR_US = "0", "10001001", "10001005", "10001006"
_DAMAGED = {"10004001", "10004002", "10004003", "10004019"}
"""Errors of the request's parameters that a message damaged on its way has."""
_FIRST_DAY = "1990-01-01"
_PRICES = ("open", "high", "low", "close", "volume", "amount")
_OF_A_DAY = {"preclose": "prev_close", "turn": "turn", "tradestatus": "traded", "isST": "is_st"}
_RAW = "3"
_LISTS = {"csi300": "query_hs300_stocks", "csi500": "query_zz500_stocks"}


class Baostock(Source):
    """A session of baostock's client, which a process can have one of."""

    industry_level: ClassVar[Literal["name", "letter"]] = "letter"
    member_lists: ClassVar[tuple[str, ...]] = tuple(_LISTS)

    def __init__(self, address: Address) -> None:
        try:
            self._client = importlib.import_module("baostock")
        except ImportError:
            raise InputError("baostock is not installed: pip install 'qlib_mfgru[collect]'") from None
        self._context = importlib.import_module("baostock.common.context")
        self._page = importlib.import_module("baostock.common.contants").BAOSTOCK_PER_PAGE_COUNT
        host, port = address.host or _HOST, address.port or _PORT
        install(importlib.import_module("baostock.util.socketutil"), host, port, address.timeout)
        try:
            self._rows(self._client.login)
        except BaseException:
            self._hang_up()
            raise

    def close(self, *, broken: bool = False) -> None:
        if not broken:
            with suppress(Exception), redirect_stdout(io.StringIO()):
                self._client.logout()
        self._hang_up()

    def calendar(self, start: str, end: str) -> list[str]:
        table = self._table(lambda: self._client.query_trade_dates(start, end), ("calendar_date", "is_trading_day"))
        return sorted(table["calendar_date"][table["is_trading_day"] == "1"])

    def universe(self) -> list[Stock]:
        columns = ("code", "code_name", "ipoDate", "outDate", "type")
        table = self._table(self._client.query_stock_basic, columns)
        shares = table[table["type"] == "1"]
        return sorted(
            Stock(code, name, listed, delisted)
            for theirs, name, listed, delisted in shares[list(columns[:4])].itertuples(index=False)
            if (code := known_code(theirs))
        )

    def daily(self, code: str, start: str, end: str) -> pd.DataFrame:
        table = self._history(code, (*_PRICES, *_OF_A_DAY), start, end, "d").rename(columns=_OF_A_DAY)
        return table.assign(float_shares=np.nan)[list(DAILY)]

    def market_day(self, day: str) -> pd.DataFrame:
        columns = (*_PRICES, *_OF_A_DAY)
        asked = ("date", "code", "adjustflag", *columns)
        table = self._table(lambda: self._client.query_daily_history_k_AStock(day), asked, paged=False)
        if (table["adjustflag"] != _RAW).any() or (table["date"] != day).any():
            raise Refused("baostock's rows of all stocks are not raw, or of another day")
        rows = _numbers(table, list(columns)).rename(columns=_OF_A_DAY)
        rows = rows.assign(symbol=table["code"].map(known_code), float_shares=np.nan).dropna(subset="symbol")
        return rows[["symbol", *DAILY]]

    def bars(self, code: str, freq: str, start: str, end: str) -> pd.DataFrame:
        table = self._history(code, ("time", *_PRICES), start, end, freq.removesuffix("min"))
        return table[list(BARS)]

    def levels(self, index: str, start: str, end: str) -> pd.DataFrame:
        return self._history(index, _PRICES, start, end, "d")[list(LEVELS)]

    def events(self, code: str, end: str) -> pd.DataFrame:
        table = self._table(
            lambda: self._client.query_adjust_factor(_theirs(code), _FIRST_DAY, end),
            ("dividOperateDate", "backAdjustFactor"),
        )
        columns = {"dividOperateDate": "date", "backAdjustFactor": "factor"}
        return _in_order(_numbers(table.rename(columns=columns)[list(EVENTS)], ["factor"]), "date")

    def industries(self, day: str) -> dict[str, str]:
        table = self._table(lambda: self._client.query_stock_industry("", day), ("updateDate", "code", "industry"))
        known = table[(table["updateDate"] <= day) & (table["industry"] != "")]
        pairs = zip(known["code"], known["industry"], strict=True)
        return {code: industry for theirs, industry in pairs if (code := known_code(theirs))}

    def members(self, market: str, day: str) -> frozenset[str]:
        if market not in _LISTS:
            raise Refused(f"baostock has no list of {market}")
        table = self._table(lambda: getattr(self._client, _LISTS[market])(day), ("updateDate", "code"))
        return frozenset(filter(None, map(known_code, table["code"][table["updateDate"] <= day])))

    def _history(self, code: str, columns: tuple[str, ...], start: str, end: str, freq: str) -> pd.DataFrame:
        """Rows of a stock or index within a span, numbers as such; `datetime` instead of date and time of bars."""
        asked, theirs = ("date", "code", *columns), _theirs(code)
        table = self._table(
            lambda: self._client.query_history_k_data_plus(theirs, ",".join(asked), start, end, freq, _RAW), asked
        )
        if not ((table["code"] == theirs) & table["date"].between(start, end)).all():
            raise Unreachable(f"an answer that is not about {theirs} from {start} to {end}")
        table = _numbers(table, [name for name in columns if name != "time"])
        if "time" not in columns:
            return _in_order(table, "date")
        stamps = pd.to_datetime(table["time"].str[:14], format="%Y%m%d%H%M%S", errors="coerce")
        if stamps.isna().any() or (stamps.dt.strftime("%Y-%m-%d") != table["date"]).any():
            raise Unreachable("an answer with times that are none")
        return _in_order(table.assign(datetime=stamps), "datetime")

    def _table(self, query: Callable[[], Any], columns: tuple[str, ...], *, paged: bool = True) -> pd.DataFrame:
        """A query's whole answer, as text."""
        rows, fields = self._rows(query, paged)
        if rows and (set(columns) - set(fields) or any(len(row) != len(fields) for row in rows)):
            raise Unreachable("an answer without the columns that were asked for")
        return pd.DataFrame(rows, columns=fields if rows else list(columns), dtype=str)

    def _rows(self, query: Callable[[], Any], paged: bool = True) -> tuple[list[list[str]], list[str]]:
        """All pages of an answer; one that is not paged may have as many rows as a page by chance.

        The client's own loop ends as after the last page when a page does not come: its data then stay what they were.
        """
        with redirect_stdout(io.StringIO()):
            try:
                result = query()
                self._judge(result)
                rows = list(result.data)
                while paged and len(result.data) == self._page:
                    before, result.cur_row_num = result.data, self._page
                    result.next()
                    self._judge(result)
                    if result.data is before:
                        raise Unreachable(Line.trouble or "a page that is missing")
                    rows += result.data
            except (Unreachable, Refused, InputError):
                raise
            except Exception as error:  # the client parses without looking
                raise Unreachable(Line.trouble or f"an answer that cannot be read ({type(error).__name__})") from error
        return rows, list(result.fields)

    def _judge(self, result: Any) -> None:
        code, message = str(result.error_code), f"{result.error_code} {result.error_msg}"
        if code == _OK:
            return
        if code == _NO_LOGIN:
            raise Expired(f"the session is over ({message})")
        if code == _NOT_FOR_US or (code.startswith("10004") and code not in _DAMAGED):
            raise Refused(message)
        if code.startswith("10001") and code != _TOO_MANY:
            raise InputError(f"baostock does not let us in: {message}")
        raise Unreachable(Line.trouble) if Line.trouble else Busy(message)

    def _hang_up(self) -> None:
        line = getattr(self._context, "default_socket", None)
        if line is not None:
            line.close()


def _theirs(code: str) -> str:
    return f"{code[:2].lower()}.{code[2:]}"


def _numbers(table: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Text as numbers; an empty one is missing."""
    try:
        numbers = {name: pd.to_numeric(table[name].replace("", np.nan)).astype(float) for name in columns}
    except ValueError as error:
        raise Unreachable(f"an answer with text for a number: {error}") from None
    return table.assign(**numbers)


def _in_order(table: pd.DataFrame, stamp: str) -> pd.DataFrame:
    return table.sort_values(stamp, kind="stable").drop_duplicates(stamp, keep="last").reset_index(drop=True)
