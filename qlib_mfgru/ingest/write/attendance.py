"""Days on which few stocks trade are counted; a date that almost nothing has is refused."""

from __future__ import annotations

import numpy as np

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.read.stamps import day_text
from qlib_mfgru.ingest.report import IngestReport
from qlib_mfgru.ingest.write.stocks import StoredStocks
from qlib_mfgru.provider.judge.market.attendance import SPARSE_DAYS, lone_days, sparse_days, usual_number


def warn_of_sparse_days(stocks: StoredStocks, report: IngestReport, first: int = 0) -> None:
    """Count days, from a position on, on which far fewer stocks trade, or have bars, than on those before."""
    for what, days, counts in (
        ("trade", stocks.days, stocks.n_trading),
        ("have bars", stocks.bar_days, stocks.n_with_bars),
    ):
        places = np.flatnonzero(sparse_days(counts) & np.isin(days, stocks.days[first:]))
        cases = (f"{day_text(days[place])}: {counts[place]}" for place in places)
        report.warn(SPARSE_DAYS.format(what=what), len(places), cases)


def check_lone_days(stocks: StoredStocks, first: int = 0) -> None:
    """Refuse days, from a position on, on which almost no stock trades and no index has a level.

    One row with a wrong date would else be a day of the market, and one of the future its end.

    Raises
    ------
    InputError
        With the first such day, and the stocks that end on it.
    """
    places = np.flatnonzero(lone_days(stocks.n_trading) & ~stocks.has_level)
    places = places[places >= first]
    if not len(places):
        return
    place, usual = int(places[0]), usual_number(stocks.n_trading, 1)
    ending = [code for code in stocks.codes if stocks.lives[code][1] == place]
    named = f" ({', '.join(ending[:3])}{', ..' if len(ending) > 3 else ''})" if ending else ""
    others = f", and {len(places) - 1} more such days" if len(places) > 1 else ""
    raise InputError(
        f"{day_text(stocks.days[place])}: {stocks.n_trading[place]} of the usual {usual[place]:.0f} stocks "
        f"trade{named}, and no index has a level{others}: a wrong date: correct or take out its rows; or files "
        "that are not complete: wait for the others"
    )
