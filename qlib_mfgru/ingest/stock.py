"""One stock: its daily rows, bars and dated values, brought together on the calendar."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from qlib_mfgru.ingest.account import Account, InputAccount
from qlib_mfgru.ingest.bars import DayBars, aggregate, mean_price
from qlib_mfgru.ingest.calendar import day_values, fill_forward, step_values, when_text
from qlib_mfgru.ingest.rows import PRICES
from qlib_mfgru.ingest.spool import DAILY_OPTIONAL, DAY

_DAY_PRICES = (*PRICES, "vwap", "prev_close", "limit_up", "limit_down")


@dataclass(frozen=True)
class StockRows:
    """What the spool holds of one stock, sorted by time and without duplicates; `values` by field."""

    code: str
    daily: np.ndarray
    bars: np.ndarray
    values: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Setting:
    """What is the same for all stocks.

    `days` is the calendar and `bar_days` the part of it with bars, in days since 1970. `factorless` says that
    prices are stored as they came, because no factor is known; `bars_adjusted` and `daily_adjusted` that the vendor's
    prices are already adjusted.
    """

    days: np.ndarray
    bar_days: np.ndarray
    files: list[str]
    has_daily: bool
    factorless: bool
    daily_adjusted: bool
    bars_adjusted: bool
    typical_vwap: bool

    @property
    def raw_unknown(self) -> bool:
        """Prices are adjusted by a factor that is not known, so amount / volume is on another scale than they are."""
        return self.factorless and (self.daily_adjusted or self.bars_adjusted)

    @property
    def bar_span(self) -> slice:
        """Where `bar_days` lies in `days`."""
        first = int(np.searchsorted(self.days, self.bar_days[0])) if len(self.bar_days) else 0
        return slice(first, first + len(self.bar_days))


@dataclass
class Stock:
    """Raw values of one stock on the calendar; each daily array of shape (n_days,).

    `live` marks the days with trade: on all others every price is NaN. `first_row` is the position of its first day
    in the vendor's files, traded or not. `reference` holds vendor-given previous closes.
    """

    code: str
    factor: np.ndarray
    daily: dict[str, np.ndarray]
    bars: DayBars | None
    bar_vwap: np.ndarray | None
    live: np.ndarray
    first_row: int
    extras: dict[str, np.ndarray] = field(default_factory=dict)


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
    bars, bar_vwap = None, None
    if len(setting.bar_days):
        bars = aggregate(rows.bars, setting.bar_days)
        _screen_bars(rows, bars, factor, setting, account)
        _days_from_bars(rows.code, daily, live, bars, setting, account)
        bar_vwap = _bar_vwap(rows.code, bars, setting, account)
    if not live.any():
        return None
    _day_vwap(rows.code, daily, live, bars, setting, account)
    seen = [int(part["when"][0]) // scale for part, scale in ((rows.daily, 1), (rows.bars, 1440)) if len(part)]
    return Stock(rows.code, factor, daily, bars, bar_vwap, live, int(np.searchsorted(setting.days, min(seen))))


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
    span = setting.bar_span
    made = bars.traded & ~live[span]
    if setting.has_daily:
        dates = _dates(code, setting.bar_days, made)
        account.warn("days without a live daily row, made from their bars", int(made.sum()), dates)
        missing = live[span] & ~bars.traded
        account.warn("live days without bars", int(missing.sum()), _dates(code, setting.bar_days, missing))
    whole = summarise(bars)
    for name, values in whole.items():
        daily[name][span] = np.where(made, values, daily[name][span])
    live[span] |= made


def summarise(bars: DayBars) -> dict[str, np.ndarray]:
    """Daily open, high, low, close, volume and amount from the bars, each of shape (n_days,)."""
    priced = ~np.isnan(bars.prices["close"])
    first, last = priced.argmax(axis=1), priced.shape[1] - 1 - priced[:, ::-1].argmax(axis=1)
    days = np.arange(len(priced))
    return {
        "open": bars.prices["open"][days, first],
        "high": np.fmax.reduce(bars.prices["high"], axis=1),
        "low": np.fmin.reduce(bars.prices["low"], axis=1),
        "close": bars.prices["close"][days, last],
        "volume": np.nansum(bars.volume, axis=1),
        # NaN amounts of bars that are there stay NaN in the sum; bars that are not there add nothing
        "amount": np.where(priced, bars.amount, 0.0).sum(axis=1),
    }


def _bar_vwap(code: str, bars: DayBars, setting: Setting, account: Account) -> np.ndarray:
    amount = np.full_like(bars.amount, np.nan) if setting.raw_unknown else bars.amount
    vwap, guessed = mean_price(bars.prices, bars.volume, amount, typical=setting.typical_vwap)
    account.warn(f"bars without amount: $vwap is {_stand_in(setting)}", int(guessed.sum()))
    outside = np.logical_or(vwap < bars.prices["low"] * 0.999, vwap > bars.prices["high"] * 1.001)
    days = np.any(outside, axis=1)
    account.warn(
        "bars whose amount / volume lies outside [low, high] by more than 0.1 %, kept",
        int(outside.sum()), _dates(code, setting.bar_days, days),
    )  # fmt: skip
    return vwap


def _day_vwap(
    code: str, daily: dict[str, np.ndarray], live: np.ndarray, bars: DayBars | None, setting: Setting, account: Account
) -> None:
    """Fill the daily vwap: the vendor's, daily amount / volume, the bars' amount / volume, or a stand-in."""
    amount = np.full_like(daily["amount"], np.nan) if setting.raw_unknown else daily["amount"]
    vwap, guessed = mean_price(daily, daily["volume"], amount, typical=setting.typical_vwap)
    if bars is not None and not setting.raw_unknown:
        span, whole = setting.bar_span, summarise(bars)
        found = guessed[span] & (whole["volume"] > 0) & (whole["amount"] > 0)
        vwap[span] = np.divide(whole["amount"], whole["volume"], out=vwap[span].copy(), where=found)
        guessed[span] &= ~found
        missing = live[span] & ~(daily["amount"][span] > 0)
        daily["amount"][span] = np.where(missing & (whole["amount"] > 0), whole["amount"], daily["amount"][span])
        if found.any():
            account.note("daily $vwap and $amount of days without a daily amount: from the day's bars")
    given = daily["vwap"] > 0
    account.warn(f"days without any amount: $vwap is {_stand_in(setting)}", int((guessed & ~given).sum()))
    daily["vwap"] = np.where(given, daily["vwap"], vwap)


def _stand_in(setting: Setting) -> str:
    return "(open + high + low + close) / 4" if setting.typical_vwap else "NaN"


def _dates(code: str, days: np.ndarray, mask: np.ndarray) -> Iterator[str]:
    return (f"{code} {when_text(int(day))}" for day in days[mask])
