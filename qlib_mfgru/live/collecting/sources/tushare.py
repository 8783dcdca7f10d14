"""tushare pro, through its own client; the token is TUSHARE_TOKEN's, or the one that the client keeps.

Written to its public documentation (tushare.pro/document/2) and tested against recorded answers only. Bars need a
permission of their own (``stk_mins``). Members are those of the newest known weights, of month ends.
"""

from __future__ import annotations

import importlib
import os
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.read.values.treatment import has_st_name
from qlib_mfgru.live.collecting.source import (
    BARS,
    DAILY,
    EVENTS,
    LEVELS,
    Address,
    Busy,
    Refused,
    Source,
    Stock,
    Unreachable,
    known_code,
)

_PAGE = 5000
_PART = 100
"""Whole pages have multiples of so many rows: interfaces give what they like, such as 2,000, whatever is asked for, and
of fewer than 1,000 the vendor's documentation names pages of 100 alone."""
_LOT, _THOUSAND, _TEN_THOUSAND = 100, 1000, 10_000
_WEIGHTS = {"csi300": "399300.SZ", "csi500": "000905.SH", "csi1000": "000852.SH"}
_MONTHS_BACK = 70
"""Days before which the newest weights of a month's end are sought."""


class Tushare(Source):
    """A token's access to tushare pro."""

    member_lists: ClassVar[tuple[str, ...]] = tuple(_WEIGHTS)

    def __init__(self, address: Address) -> None:
        try:
            client = importlib.import_module("tushare")
        except ImportError:
            raise InputError("tushare is not installed: pip install tushare") from None
        try:
            self._api = client.pro_api(os.environ.get("TUSHARE_TOKEN", ""), timeout=address.timeout)
        except Exception as error:  # the client's own, of no type
            raise InputError(f"tushare needs a token: set TUSHARE_TOKEN ({error})") from None
        if address.host:
            self._api._DataApi__http_url = f"http://{address.host}:{address.port or 80}/dataapi"
        self._sectors: pd.DataFrame | None = None

    def calendar(self, start: str, end: str) -> list[str]:
        days = self._all("trade_cal", exchange="SSE", is_open="1", **_span(start, end))
        return sorted(map(_iso, days["cal_date"]))

    def universe(self) -> list[Stock]:
        fields = "ts_code,name,list_date,delist_date"
        stocks = [
            Stock(code, name, _iso(listed), _iso(delisted))
            for status in ("L", "D", "P")
            for theirs, name, listed, delisted in self._all(
                "stock_basic", fields=fields, exchange="", list_status=status
            ).itertuples(index=False)
            if (code := known_code(theirs))
        ]
        return sorted(stocks)

    def daily(self, code: str, start: str, end: str) -> pd.DataFrame:
        asked = {"ts_code": _theirs(code), **_span(start, end)}
        rows = self._all("daily", **asked).rename(columns={"pre_close": "prev_close"})
        sizes = self._all("daily_basic", fields="ts_code,trade_date,turnover_rate,float_share", **asked)
        halted = self._all("suspend_d", suspend_type="S", **asked)
        rows = rows.merge(sizes[["trade_date", "turnover_rate", "float_share"]], on="trade_date", how="left")
        rows = rows.assign(
            volume=rows["vol"] * _LOT,
            amount=rows["amount"] * _THOUSAND,
            turn=rows["turnover_rate"].astype(float),
            float_shares=rows["float_share"].astype(float) * _TEN_THOUSAND,
            traded=1,
        )
        absent = sorted(set(halted["trade_date"][halted["suspend_timing"].isna()]) - set(rows["trade_date"]))
        if absent:  # a volume says that the stock is still there; its last price may be of a day before the answer's
            suspended = pd.DataFrame({"trade_date": absent, "volume": 0.0, "traded": 0})
            rows = pd.concat([rows, suspended], ignore_index=True) if len(rows) else suspended
        rows = rows.assign(date=rows["trade_date"].map(_iso)).sort_values("date", ignore_index=True)
        return rows.assign(is_st=self._is_st(code, rows["date"])).reindex(columns=list(DAILY))

    def bars(self, code: str, freq: str, start: str, end: str) -> pd.DataFrame:
        span = {"start_date": f"{start} 09:00:00", "end_date": f"{end} 19:00:00"}
        rows = self._all("stk_mins", ts_code=_theirs(code), freq=freq, **span)
        rows = rows.assign(datetime=pd.to_datetime(rows["trade_time"]), volume=rows["vol"])
        return rows.sort_values("datetime", ignore_index=True)[list(BARS)]

    def events(self, code: str, end: str) -> pd.DataFrame:
        rows = self._all("adj_factor", ts_code=_theirs(code), **_span("", end)).sort_values("trade_date")
        changes = rows[rows["adj_factor"] != rows["adj_factor"].shift()]
        frame = pd.DataFrame({"date": changes["trade_date"].map(_iso), "factor": changes["adj_factor"].astype(float)})
        return frame.reset_index(drop=True)[list(EVENTS)]

    def industries(self, day: str) -> dict[str, str]:
        """First level of Shenwan's industries."""
        if self._sectors is None:
            parts = [self._all("index_member_all", is_new=newest) for newest in ("N", "Y")]
            self._sectors = pd.concat(parts, ignore_index=True).fillna({"in_date": "", "out_date": ""})
        table, wanted = self._sectors, day.replace("-", "")
        current = table[(table["in_date"] <= wanted) & ((table["out_date"] == "") | (table["out_date"] > wanted))]
        pairs = zip(current["ts_code"], current["l1_name"], strict=True)
        return {code: name for theirs, name in pairs if (code := known_code(theirs))}

    def members(self, market: str, day: str) -> frozenset[str]:
        earliest = (pd.Timestamp(day) - pd.Timedelta(days=_MONTHS_BACK)).strftime("%Y-%m-%d")
        rows = self._all("index_weight", index_code=_WEIGHTS[market], **_span(earliest, day))
        newest = rows["con_code"][rows["trade_date"] == rows["trade_date"].max()]
        return frozenset(filter(None, map(known_code, newest)))

    def levels(self, index: str, start: str, end: str) -> pd.DataFrame:
        rows = self._all("index_daily", ts_code=_theirs(index), **_span(start, end))
        rows = rows.assign(
            date=rows["trade_date"].map(_iso), volume=rows["vol"] * _LOT, amount=rows["amount"] * _THOUSAND
        )
        return rows.sort_values("date", ignore_index=True)[list(LEVELS)]

    def _is_st(self, code: str, days: pd.Series) -> np.ndarray:
        """Whether the name on each day, the one that began last, is one of special treatment."""
        names = self._all("namechange", ts_code=_theirs(code), fields="ts_code,name,start_date,end_date")
        names = names.assign(start=names["start_date"].map(_iso)).sort_values("start", kind="stable")
        if names.empty:
            return np.zeros(len(days), dtype=int)
        flags = np.array([has_st_name(name) for name in names["name"]], dtype=int)
        at = names["start"].to_numpy().searchsorted(days.to_numpy(), side="right") - 1
        return np.where(at < 0, 0, flags[at.clip(min=0)])

    def _all(self, name: str, *, fields: str = "", **arguments: Any) -> pd.DataFrame:
        """All pages of an answer."""
        pages = [self._page(name, fields, {**arguments, "limit": _PAGE, "offset": 0})]
        while len(pages[-1]) >= 10 * _PART or (len(pages[-1]) and len(pages[-1]) % _PART == 0):
            received = sum(map(len, pages))
            page = self._page(name, fields, {**arguments, "limit": _PAGE, "offset": received})
            if page.empty or page.equals(pages[-1]):  # the same again: of an interface that knows no offset
                break
            pages.append(page)
        return pd.concat(pages, ignore_index=True) if len(pages) > 1 else pages[0]

    def _page(self, name: str, fields: str, arguments: dict[str, Any]) -> pd.DataFrame:
        try:
            page: pd.DataFrame = self._api.query(name, fields=fields, **arguments)
        except OSError as error:  # of the network
            raise Unreachable(f"{name}: {type(error).__name__}") from error
        except Exception as error:  # the server's words, of no type
            raise _said(name, str(error)) from error
        if not len(page.columns):  # what the client makes of an HTTP error
            raise Unreachable(f"{name}: an error of the server")
        return page


def _said(name: str, words: str) -> Exception:
    if "每分钟" in words:
        return Busy(f"{name}: {words}")
    if any(word in words for word in ("token", "权限", "每天", "积分")):
        return InputError(f"tushare does not give {name}: {words}")
    return Refused(f"{name}: {words}")


def _theirs(code: str) -> str:
    return f"{code[2:]}.{code[:2]}"


def _span(start: str, end: str) -> dict[str, str]:
    return {"start_date": start.replace("-", ""), "end_date": end.replace("-", "")}


def _iso(day: str | None) -> str:
    """``20200102`` as ``2020-01-02``; empty where there is none."""
    return f"{day[:4]}-{day[4:6]}-{day[6:]}" if isinstance(day, str) and len(day) == 8 else ""
