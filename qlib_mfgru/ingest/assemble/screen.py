"""Days of a stock that are left out: suspended ones, and those without a factor to adjust their prices."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qlib_mfgru.ingest.assemble.bars import DayBars
from qlib_mfgru.ingest.assemble.stock import DAY_PRICES, Stock
from qlib_mfgru.ingest.read.stamps import day_text


def screen_days(stock: Stock) -> None:
    """Count daily rows of days that are not live, and erase their prices."""
    if stock.conventions.has_daily:
        report, days = stock.report.input("daily"), stock.calendars.days
        present = np.isin(days, stock.rows.daily["when"])
        for reason, dropped in (
            ("suspended day", present & ~stock.traded),
            ("no factor", stock.traded & ~stock.live),
        ):
            cases = _cases(stock, stock.rows.daily, days[dropped], 1)
            report.drop_count(reason, int(dropped.sum()), cases)
        report.kept += int(stock.live.sum())
    for name in (*DAY_PRICES, "volume", "amount"):
        stock.daily[name][~stock.live] = np.nan


def screen_bars(stock: Stock, bars: DayBars) -> None:
    """Count bars of days without trade or without a factor, erase them, and bring the others to raw prices."""
    report, days, span = stock.report.input("bars"), stock.calendars.bar_days, stock.calendars.bar_span
    traded, factor = bars.traded, stock.factor[span]
    kept = traded & ~np.isnan(factor)
    per_day, blank = bars.n_rows.sum(axis=1), bars.n_blank.sum(axis=1)
    for reason, counts in (
        ("suspended day", np.where(traded, 0, per_day)),
        ("no factor on that day", np.where(traded & ~kept, per_day, 0)),
        ("no trade and no price", np.where(kept, blank, 0)),
    ):
        report.drop_count(reason, int(counts.sum()), _cases(stock, stock.rows.bars, days[counts > 0], 1440))
    report.kept += int((per_day - blank)[kept].sum())
    bars.erase(~kept)
    if stock.conventions.bars_adjusted:
        for prices in bars.prices.values():
            prices /= factor[:, None]


def _cases(stock: Stock, rows: np.ndarray, days: np.ndarray, when_per_day: int) -> Iterator[str]:
    """Name file, stock and day of the rows of some days; `when_per_day` is 1440 where `when` is a minute."""
    for day in days:
        row = rows[np.searchsorted(rows["when"], day * when_per_day)]
        yield f"{stock.rows.files[row['file']]}: {stock.code} {day_text(day)}"
