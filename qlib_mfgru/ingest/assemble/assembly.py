"""What happens to one stock: it is screened, completed from its bars, and given the fields besides its prices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from qlib_mfgru.ingest.assemble.bars import DayBars, vwap_of
from qlib_mfgru.ingest.assemble.consistency import (
    Given,
    leave_out_previous,
    mend_factor,
    replace_mean_prices,
    series_of,
)
from qlib_mfgru.ingest.assemble.extras import add_extras
from qlib_mfgru.ingest.assemble.quantities import mend_quantities
from qlib_mfgru.ingest.assemble.screening import SPIKED
from qlib_mfgru.ingest.assemble.stock import DAY_PRICES, Stock
from qlib_mfgru.ingest.read.spool import DAY, PRICES
from qlib_mfgru.ingest.read.stamps import MINUTES_A_DAY, day_text
from qlib_mfgru.ingest.report import INCONSISTENT, NO_BARS
from qlib_mfgru.provider.judge import Verdict, judge

EARLY = "no factor yet, before the first of the table (with before_first: one it is 1 until then)"
"""Why days are dropped that a sparse table of factors does not reach."""
NO_VOLUME = "no volume all day, though prices move and the daily row has one"


def assemble(stock: Stock, verdict: Verdict) -> bool:
    """Bring daily rows and bars of a stock together, in place; return whether it has any day to store.

    Rows of suspended days, and of days without a factor, are counted out of ``daily`` and ``bars``; all rows are where
    the judge leaves the stock out.
    """
    n_kept = _screen_days(stock)
    given = Given.of(stock)
    bars_kept, from_bars = np.zeros(len(stock.calendars.bar_days), dtype=int), None
    if stock.bars:
        finest = stock.bars[0]
        bars_kept = _screen_bars(stock, finest)
        from_bars = finest.daily()
        bars_kept[_complete_days(stock, finest, from_bars, bars_kept)] = 0
        for bars in stock.bars:
            _fill_bar_vwap(stock, bars)
    is_kept = bool(stock.live.any())
    if is_kept:
        mend_factor(stock)
        leave_out_previous(stock)
        is_stand_in = _fill_day_vwap(stock, from_bars)
        add_extras(stock)
        series = series_of(stock, given, is_stand_in)
        stock.findings = judge(series)
        is_kept = verdict.add(series, stock.findings)
        if is_kept:
            mend_quantities(stock, given)
            replace_mean_prices(stock)
    _count_rows(stock, "daily", stock.rows.daily, stock.calendars.days, n_kept, is_kept)
    _count_rows(stock, "bars", stock.rows.bars, stock.calendars.bar_days, bars_kept, is_kept)
    return is_kept


def _screen_days(stock: Stock) -> np.ndarray:
    """Count daily rows of days that are not live, and erase their prices; rows kept of each day, shape (n_days,)."""
    days = stock.calendars.days
    if stock.conventions.has_daily:
        report = stock.report.input("daily")
        suspended = stock.has_row & ~stock.traded & ~stock.spiked
        factorless, early = stock.traded & ~stock.live, _before_first_factor(stock)
        for reason, dropped in (
            ("suspended day", suspended),
            (EARLY, factorless & early),
            ("no factor", factorless & ~early),
            (SPIKED, stock.spiked),
        ):
            new = days[dropped & stock.is_counted(days)]
            report.drop_count(reason, len(new), _cases(stock, stock.rows.daily, new))
    unused = np.flatnonzero(~stock.live)
    for name in (*DAY_PRICES, "volume", "amount"):
        stock.daily[name][unused] = np.nan
    return stock.live.astype(int)


def _before_first_factor(stock: Stock) -> np.ndarray:
    """Days before the first factor of a table, or all if the stock has none; shape (n_days,)."""
    unknown = np.logical_and.accumulate(np.isnan(stock.factor))
    return unknown if stock.conventions.factor_table else np.zeros_like(unknown)


def _screen_bars(stock: Stock, finest: DayBars) -> np.ndarray:
    """Count bars of days without trade or without a factor, erase them, and bring the others to raw prices.

    Returns
    -------
    ndarray of int, shape (n_bar_days,)
        The vendor's rows that are kept of each day.
    """
    report, days, span = stock.report.input("bars"), stock.calendars.bar_days, stock.calendars.bar_span
    traded, factor, early = finest.traded, stock.factor[span], _before_first_factor(stock)[span]
    kept = traded & ~np.isnan(factor)
    per_day, blank = finest.n_rows, finest.n_blank
    moves = (finest.prices["high"] > finest.prices["low"]).any(axis=1)
    lost = ~traded & moves & stock.traded[span]
    for reason, counts in (
        ("suspended day", np.where(traded | lost, 0, per_day)),
        (NO_VOLUME, np.where(lost, per_day, 0)),
        (EARLY, np.where(traded & ~kept & early, per_day, 0)),
        ("no factor on that day", np.where(traded & ~kept & ~early, per_day, 0)),
        ("no trade and no price", np.where(kept, blank, 0)),
    ):
        new = np.where(stock.is_counted(days), counts, 0)
        report.drop_count(reason, int(new.sum()), _cases(stock, stock.rows.bars, days[new > 0]))
    for bars in stock.bars:
        bars.erase(~kept)
        if stock.conventions.bars_adjusted:
            for prices in bars.prices.values():
                prices /= factor[:, None]
    return np.where(kept, per_day - blank, 0)


def _count_rows(stock: Stock, name: str, rows: np.ndarray, days: np.ndarray, n_rows: np.ndarray, is_kept: bool) -> None:
    """Count the good rows of an input, `n_rows` of each of the `days`, as kept, or as those of a stock left out."""
    n_rows = np.where(stock.is_counted(days), n_rows, 0)
    if not n_rows.any() or not len(rows):
        return
    report = stock.report.input(name)
    if is_kept:
        report.kept += int(n_rows.sum())
    else:
        report.drop_count(INCONSISTENT, int(n_rows.sum()), _cases(stock, rows, days[n_rows > 0]))


def _complete_days(
    stock: Stock, bars: DayBars, from_bars: Mapping[str, np.ndarray], bars_kept: np.ndarray
) -> np.ndarray:
    """Make the daily bar of days that have bars but no live daily row, unless they are spikes, too.

    Returns
    -------
    ndarray of bool, shape (n_bar_days,)
        Days whose bars are forgotten; they are counted, with `bars_kept` rows of each day.
    """
    span, bar_days, traded = stock.calendars.bar_span, stock.calendars.bar_days, bars.traded
    lacking = traded & ~stock.live[span]
    spiked = np.zeros_like(lacking)
    if lacking.any():
        for name, values in from_bars.items():
            stock.daily[name][span][lacking] = values[lacking]
        stock.live[span] |= lacking
        stock.forget_moves()
        spiked = lacking & stock.spikes(stock.moves)[span]
        if spiked.any():
            _forget_days(stock, spiked)
            new = spiked & stock.is_counted(bar_days)
            cases = _cases(stock, stock.rows.bars, bar_days[new])
            stock.report.input("bars").drop_count(SPIKED, int(bars_kept[new].sum()), cases)
    if stock.conventions.has_daily:
        stock.warn("days without a live daily row, made from their bars", bar_days, lacking & ~spiked)
        stock.warn(NO_BARS, bar_days, stock.live[span] & ~traded)
    return spiked


def _forget_days(stock: Stock, days: np.ndarray) -> None:
    """Erase bars, and what was made of them, of days under a mask of shape (n_bar_days,)."""
    span = stock.calendars.bar_span
    for bars in stock.bars:
        bars.erase(days)
    for name in (*PRICES, "volume", "amount"):
        stock.daily[name][span][days] = np.nan
    stock.live[span] &= ~days
    stock.spiked[span] |= days
    stock.forget_moves()


def _fill_bar_vwap(stock: Stock, bars: DayBars) -> None:
    """Fill the vwap of the bars of one frequency; of the finest one, stand-ins are counted."""
    conventions = stock.conventions
    amount = bars.amount if conventions.raw_known else np.full_like(bars.amount, np.nan)
    bars.vwap, is_stand_in = vwap_of(bars.prices, bars.volume, amount, typical=conventions.typical_vwap)
    if bars is stock.bars[0]:
        new = is_stand_in[stock.is_counted(stock.calendars.bar_days)]
        stock.report.warn(f"bars without amount: $vwap is {conventions.vwap_stand_in}", int(new.sum()))


def _fill_day_vwap(stock: Stock, from_bars: Mapping[str, np.ndarray] | None) -> np.ndarray:
    """Fill the daily vwap: the vendor's, daily amount / volume, the bars' amount / volume, or a stand-in.

    Parameters
    ----------
    from_bars : mapping of str to ndarray of shape (n_bar_days,), optional
        The days that the bars add up to; their amount also fills a missing daily one.

    Returns
    -------
    ndarray of bool, shape (n_days,)
        Where it is a stand-in.
    """
    daily, conventions = stock.daily, stock.conventions
    amount = daily["amount"] if conventions.raw_known else np.full_like(daily["amount"], np.nan)
    vwap, is_stand_in = vwap_of(daily, daily["volume"], amount, typical=conventions.typical_vwap)
    if from_bars is not None and conventions.raw_known:
        _amounts_from_bars(stock, from_bars, vwap, is_stand_in)
    is_vendors = daily["vwap"] > 0
    is_stand_in &= ~is_vendors
    new = is_stand_in[stock.is_counted(stock.calendars.days)]
    stock.report.warn(f"days without any amount: $vwap is {conventions.vwap_stand_in}", int(new.sum()))
    daily["vwap"] = np.where(is_vendors, daily["vwap"], vwap)
    return is_stand_in


def _amounts_from_bars(
    stock: Stock, from_bars: Mapping[str, np.ndarray], vwap: np.ndarray, is_stand_in: np.ndarray
) -> None:
    """Take amount and vwap of days without a daily amount from their bars; changes `vwap` and `is_stand_in`."""
    span, amount, volume = stock.calendars.bar_span, from_bars["amount"], from_bars["volume"]
    from_amount = is_stand_in[span] & (volume > 0) & (amount > 0)
    vwap[span] = np.divide(amount, volume, out=vwap[span].copy(), where=from_amount)
    is_stand_in[span] &= ~from_amount
    daily_amount = stock.daily["amount"]
    missing = stock.live[span] & ~(daily_amount[span] > 0) & (amount > 0)
    daily_amount[span] = np.where(missing, amount, daily_amount[span])
    if from_amount.any():
        stock.report.note("daily $vwap and $amount of days without a daily amount: from the day's bars")


def _cases(stock: Stock, rows: np.ndarray, days: np.ndarray) -> Iterator[str]:
    """Name file, stock and day of the first of the `rows` (daily rows or bars) of each of some days."""
    for day in days:
        row = rows[np.searchsorted(rows["when"], day if rows.dtype == DAY else day * MINUTES_A_DAY + 1)]
        yield f"{stock.rows.files[row['file']]}: {stock.code} {day_text(day)}"
