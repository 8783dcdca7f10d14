"""xtquant, the interface of QMT and MiniQMT, whose terminal has to run on this machine (or at `--host` and `--port`).

Written to its public documentation (dict.thinktrader.net) and tested against recorded answers only. The terminal
downloads first and answers from its own files. It lists today's shares only, so delisted ones are missing.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import numpy as np
import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.live.collecting.source import (
    BARS,
    DAILY,
    EVENTS,
    LEVELS,
    Address,
    Source,
    Stock,
    Unreachable,
    known_code,
)

T = TypeVar("T")
_LOT = 100
_SHARES, _SECTOR = "沪深A股", "SW1"
_LISTS = {"csi300": "沪深300", "csi500": "中证500", "csi1000": "中证1000"}
_NEVER = ("0", "99999999", "")


class Xtquant(Source):
    """A terminal."""

    member_lists: ClassVar[tuple[str, ...]] = tuple(_LISTS)

    def __init__(self, address: Address) -> None:
        try:
            self._data = importlib.import_module("xtquant.xtdata")
        except ImportError:
            raise InputError("xtquant is not installed: pip install xtquant") from None
        if address.host:
            self._ask(lambda: self._data.connect(address.host, address.port or None))
        self._ask(self._data.download_sector_data)
        self._ask(self._data.download_his_st_data)

    def calendar(self, start: str, end: str) -> list[str]:
        return sorted(_days(pd.Series(self._ask(lambda: self._data.get_trading_dates("SH", _bare(start), _bare(end))))))

    def universe(self) -> list[Stock]:
        codes = self._ask(lambda: self._data.get_stock_list_in_sector(_SHARES))
        details = self._ask(lambda: self._data.get_instrument_detail_list(codes))
        return sorted(
            Stock(code, each["InstrumentName"], _iso(each["OpenDate"]), _iso(each["ExpireDate"]))
            for theirs, each in details.items()
            if each and (code := known_code(theirs))
        )

    def daily(self, code: str, start: str, end: str) -> pd.DataFrame:
        rows = self._rows(code, "1d", start, end)
        traded = rows["volume"] > 0
        rows = rows.assign(
            prev_close=rows["preClose"],
            volume=(rows["volume"] * _LOT).where(traded),
            amount=rows["amount"].where(traded),
            turn=np.nan,
            float_shares=self._float_shares(code, rows["date"]),
            traded=traded.astype(int),
            is_st=self._is_st(code, rows["date"]),
        )
        return rows[list(DAILY)]

    def bars(self, code: str, freq: str, start: str, end: str) -> pd.DataFrame:
        rows = self._rows(code, freq.removesuffix("in"), start, end)
        return rows.assign(volume=rows["volume"] * _LOT)[list(BARS)]

    def levels(self, index: str, start: str, end: str) -> pd.DataFrame:
        rows = self._rows(index, "1d", start, end)
        return rows.assign(volume=rows["volume"] * _LOT)[list(LEVELS)]

    def events(self, code: str, end: str) -> pd.DataFrame:
        """The running product of ``dr``, the ratio of one event each."""
        table = self._ask(lambda: self._data.get_divid_factors(_theirs(code), "", _bare(end)))
        if table.empty:
            return pd.DataFrame({"date": pd.Series(dtype=str), "factor": pd.Series(dtype=float)})
        table = table.assign(date=_days(table["time"])).sort_values("date")
        return pd.DataFrame({"date": table["date"], "factor": table["dr"].astype(float).cumprod()}).reset_index(
            drop=True
        )[list(EVENTS)]

    def industries(self, day: str) -> dict[str, str]:
        """First level of Shenwan's industries."""
        sectors = [name for name in self._ask(self._data.get_sector_list) if name.startswith(_SECTOR)]
        stocks = {name: self._stocks(name, day) for name in sorted(sectors)}
        return {code: name.removeprefix(_SECTOR) for name, codes in stocks.items() for code in codes}

    def members(self, market: str, day: str) -> frozenset[str]:
        return frozenset(self._stocks(_LISTS[market], day))

    def _stocks(self, sector: str, day: str) -> list[str]:
        codes = self._ask(lambda: self._data.get_stock_list_in_sector(sector, _bare(day)))
        return list(filter(None, map(known_code, codes)))

    def _rows(self, code: str, period: str, start: str, end: str) -> pd.DataFrame:
        """Rows in order, with `date` and, at the end of the bar, `datetime`."""
        theirs, first, last = _theirs(code), _bare(start), _bare(end)
        self._ask(lambda: self._data.download_history_data2([theirs], period, first, last))
        table = self._ask(
            lambda: self._data.get_market_data_ex(
                [], [theirs], period, first, last, dividend_type="none", fill_data=True
            )
        ).get(theirs)
        if table is None or table.empty:
            columns = ("time", "open", "high", "low", "close", "volume", "amount", "preClose")
            table = pd.DataFrame({name: pd.Series(dtype=float) for name in columns})
        stamps = _stamps(table["time"])
        rows = table.assign(datetime=stamps, date=stamps.dt.strftime("%Y-%m-%d"))
        return rows[rows["date"].between(start, end)].sort_values("datetime", ignore_index=True)

    def _float_shares(self, code: str, days: pd.Series) -> np.ndarray:
        """Float shares as announced by each day."""
        theirs = _theirs(code)
        self._ask(lambda: self._data.download_financial_data2([theirs], ["Capital"]))
        answer = self._ask(lambda: self._data.get_financial_data([theirs], ["Capital"], report_type="announce_time"))
        table = answer.get(theirs, {}).get("Capital")
        if table is None or table.empty:
            return np.full(len(days), np.nan)
        table = table.assign(date=table["m_anntime"].map(_iso)).sort_values("date", kind="stable")
        at = table["date"].to_numpy().searchsorted(days.to_numpy(), side="right") - 1
        shares = table["circulating_capital"].to_numpy(float)
        return np.where(at < 0, np.nan, shares[at.clip(min=0)])

    def _is_st(self, code: str, days: pd.Series) -> np.ndarray:
        """Days within spans of ST and \\*ST; their ends are the first days after them."""
        spans = self._ask(lambda: self._data.get_his_st_data(_theirs(code)))
        flags = np.zeros(len(days), dtype=int)
        for kind in ("ST", "*ST"):
            for start, end in spans.get(kind, []):
                flags |= ((days >= _iso(start)) & (days < _iso(end))).to_numpy().astype(int)
        return flags

    def _ask(self, question: Callable[[], T]) -> T:
        try:
            return question()
        except Exception as error:  # the client's own, of no type
            raise Unreachable(f"xtquant: {error}") from error


def _theirs(code: str) -> str:
    return f"{code[2:]}.{code[:2]}"


def _bare(day: str) -> str:
    return day.replace("-", "")


def _iso(day: Any) -> str:
    """``20200102`` as ``2020-01-02``; empty where there is none."""
    text = str(day)
    return "" if text in _NEVER or len(text) != 8 else f"{text[:4]}-{text[4:6]}-{text[6:]}"


def _stamps(milliseconds: pd.Series) -> pd.Series:
    """Local times of milliseconds since 1970."""
    stamps = pd.to_datetime(milliseconds.astype("int64"), unit="ms", utc=True)
    return stamps.dt.tz_convert("Asia/Shanghai").dt.tz_localize(None)


def _days(milliseconds: pd.Series) -> pd.Series:
    return _stamps(milliseconds).dt.strftime("%Y-%m-%d")
