"""One stock: its daily rows, bars and dated values, brought together on the calendar."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qlib_mfgru.ingest.assemble.bars import DayBars, aggregate, summarise
from qlib_mfgru.ingest.assemble.calendar import case_dates, day_values, fill_forward, step_values, when_text
from qlib_mfgru.ingest.assemble.setting import Setting, Stock, StockRows
from qlib_mfgru.ingest.assemble.vwap import bar_vwap, fill_day_vwap
from qlib_mfgru.ingest.read.slices import PRICES
from qlib_mfgru.ingest.read.spool import DAILY_OPTIONAL, DAY
from qlib_mfgru.ingest.report import Account, InputAccount

_DAY_PRICES = (*PRICES, "vwap", "prev_close", "limit_up", "limit_down")


def assemble(rows: StockRows, setting: Setting, account: Account) -> Stock | None:
    """Bring a stock together; None if nothing of it is left.

    Counts rows of suspended days and of days without a factor out of ``bars`` and ``daily``.
    """
    daily = _lay_daily(rows, setting)
    factor = _factor(rows, daily, setting)
    if setting.daily_adjusted:
        for name in _DAY_PRICES:
            daily[name] /= factor
    live = _screen_days(rows, daily, factor, setting, account)
    bars, mean = None, None
    if len(setting.bar_days):
        bars = aggregate(rows.bars, setting.bar_days)
        _screen_bars(rows, bars, factor, setting, account)
        _days_from_bars(rows.code, daily, live, bars, setting, account)
        mean = bar_vwap(rows.code, bars, setting, account)
    if not live.any():
        return None
    fill_day_vwap(rows.code, daily, live, bars, setting, account)
    seen = [int(part["when"][0]) // scale for part, scale in ((rows.daily, 1), (rows.bars, 1440)) if len(part)]
    return Stock(rows.code, factor, daily, bars, mean, live, int(np.searchsorted(setting.days, min(seen))))


def _lay_daily(rows: StockRows, setting: Setting) -> dict[str, np.ndarray]:
    position = np.searchsorted(setting.days, rows.daily["when"])
    laid = {}
    for name in (*PRICES, "volume", *DAILY_OPTIONAL):
        laid[name] = np.full(len(setting.days), np.nan)
        laid[name][position] = rows.daily[name]
    for name in ("limit_up", "limit_down"):
        if name in rows.values:
            given = day_values(rows.values[name], setting.days)
            laid[name] = np.where(np.isnan(laid[name]), given, laid[name])
    return laid


def _factor(rows: StockRows, daily: dict[str, np.ndarray], setting: Setting) -> np.ndarray:
    """Factor of each day, NaN where unknown.

    One from the daily rows holds until the next row, but not beyond the last one: an ex-date that nobody reports
    would turn into a false return. A table of factors is a list of changes and holds on.
    """
    if setting.factorless:
        return np.ones(len(setting.days))
    factor = np.where(daily["factor"] > 0, daily["factor"], np.nan)
    if len(rows.daily):
        last = int(np.searchsorted(setting.days, rows.daily["when"][-1]))
        factor[: last + 1] = fill_forward(factor[: last + 1])
    if "factor" in rows.values:
        factor = np.where(np.isnan(factor), step_values(rows.values["factor"], setting.days), factor)
    return factor


def _screen_days(
    rows: StockRows, daily: dict[str, np.ndarray], factor: np.ndarray, setting: Setting, account: Account
) -> np.ndarray:
    traded = (daily["volume"] > 0) & (daily["close"] > 0)
    live = traded & ~np.isnan(factor)
    if setting.has_daily:
        part = account.input("daily")
        present = np.isin(setting.days, rows.daily["when"])
        for reason, mask in (("suspended day", present & ~traded), ("no factor", traded & ~live)):
            _drop_days(part, reason, rows.daily, mask.astype(int), setting.days, setting, rows.code)
        part.kept += int(live.sum())
    for name in (*_DAY_PRICES, "volume", "amount"):
        daily[name][~live] = np.nan
    return live


def _screen_bars(rows: StockRows, bars: DayBars, factor: np.ndarray, setting: Setting, account: Account) -> None:
    part = account.input("bars")
    unknown = bars.traded & np.isnan(factor[setting.bar_span])
    kept = bars.traded & ~unknown
    per_day, blank = bars.n_rows.sum(axis=1), bars.n_blank.sum(axis=1)
    for reason, counts in (
        ("suspended day", np.where(bars.traded, 0, per_day)),
        ("no factor on that day", np.where(unknown, per_day, 0)),
        ("no trade and no price", np.where(kept, blank, 0)),
    ):
        _drop_days(part, reason, rows.bars, counts, setting.bar_days, setting, rows.code)
    part.kept += int((per_day - blank)[kept].sum())
    bars.erase(~kept)
    if setting.bars_adjusted:
        for prices in bars.prices.values():
            prices /= factor[setting.bar_span, None]


def _drop_days(
    part: InputAccount,
    reason: str,
    source: np.ndarray,
    counts: np.ndarray,
    days: np.ndarray,
    setting: Setting,
    code: str,
) -> None:
    """Count rows of whole days out; `counts` of shape (n_days,) says how many on each of `days`.

    The examples name file, stock and day.
    """

    def examples() -> Iterator[str]:
        scale = 1 if source.dtype == DAY else 1440
        for day in days[counts > 0]:
            row = source[np.searchsorted(source["when"], day * scale)]
            yield f"{setting.files[row['file']]}: {code} {when_text(int(day))}"

    part.drop_count(reason, int(counts.sum()), examples())


def _days_from_bars(
    code: str, daily: dict[str, np.ndarray], live: np.ndarray, bars: DayBars, setting: Setting, account: Account
) -> None:
    """Make the daily bar of days that have bars but no live daily row, in place."""
    span, whole = setting.bar_span, summarise(bars)
    made = bars.traded & ~live[span]
    if setting.has_daily:
        dates = case_dates(code, setting.bar_days, made)
        account.warn("days without a live daily row, made from their bars", int(made.sum()), dates)
        missing = live[span] & ~bars.traded
        account.warn("live days without bars", int(missing.sum()), case_dates(code, setting.bar_days, missing))
        _compare_with_daily(code, daily, whole, setting, account)
    for name, values in whole.items():
        daily[name][span] = np.where(made, values, daily[name][span])
    live[span] |= made


def _compare_with_daily(
    code: str, daily: dict[str, np.ndarray], whole: dict[str, np.ndarray], setting: Setting, account: Account
) -> None:
    """Count days whose bars leave the daily range: prices of one of the two may be adjusted otherwise than stated."""
    span = setting.bar_span
    outside = np.logical_or(whole["high"] > daily["high"][span] * 1.01, whole["low"] < daily["low"][span] * 0.99)
    account.warn(
        "days whose bars leave the daily [low, high] by more than 1 %, kept",
        int(outside.sum()),
        case_dates(code, setting.bar_days, outside),
    )
