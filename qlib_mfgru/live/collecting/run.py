"""A whole collection: tables first, then the stocks on several connections, then what is missing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import Any

from tqdm.auto import tqdm

from qlib_mfgru.errors import InputError
from qlib_mfgru.folders import locked
from qlib_mfgru.live.collecting.account import GAPS, Collected, gaps_csv, gaps_of
from qlib_mfgru.live.collecting.connection import Connection, connection
from qlib_mfgru.live.collecting.mapping import is_collection, write_mapping
from qlib_mfgru.live.collecting.passes import collect_stocks
from qlib_mfgru.live.collecting.settings import CollectSettings
from qlib_mfgru.live.collecting.source import Address, Patience, Refused, Stock, Unreachable, source_class
from qlib_mfgru.live.collecting.stock import StockCollector
from qlib_mfgru.live.collecting.store import ORIGIN, STATE, Origin, Store
from qlib_mfgru.live.collecting.tables import Tables
from qlib_mfgru.provider.session import ASHARE
from qlib_mfgru.provider.symbols import normalise_symbol

_THE_VENDORS, _TWO_MINUTES = Address(), Patience()
_EVENINGS = 3
"""Days that are asked for all stocks together."""
_KEPT = "what was collected is kept: run again to go on"
_NOTHING = "nothing was collected: run again"


def collect(
    out: Path | str,
    since: date | str,
    *,
    source: str = "baostock",
    until: date | str | None = None,
    freq: str = "15min",
    stocks: Sequence[str] = (),
    jobs: int = 4,
    address: Address | Mapping[str, Any] = _THE_VENDORS,
    patience: Patience | Mapping[str, Any] = _TWO_MINUTES,
    quiet: bool = False,
) -> Collected:
    """Collect what a folder lacks: bars, daily rows, adjustment, shares, industries, members, levels.

    Parameters
    ----------
    out : Path or str
        The folder; one that is there is continued.
    since : date or str
        First day, such as ``"2013-01-01"``; a folder that begins earlier is continued as a whole.
    source : str
        ``baostock``, ``tushare`` or ``xtquant``.
    until : date or str, optional
        Last day; by default the newest that the vendor has.
    freq : str
        Of the bars: ``5min``, ``15min``, ``30min`` or ``60min``.
    stocks : sequence of str
        Codes in any spelling; empty for all A-shares.
    jobs : int
        Connections side by side, a process each.
    address : Address or mapping
        ``host`` and ``port`` of a mirror, and ``timeout``, seconds for one answer.
    patience : Patience or mapping
        ``total`` seconds of pauses of one question before it is given up.
    quiet : bool
        No progress bars.

    Returns
    -------
    Collected
        Printed it is the account; `gaps`, `waiting`, `refused` and others for programs.

    Raises
    ------
    InputError
        Wrong settings, a folder of another collection, a vendor that cannot be reached or lets nobody in. What was
        collected until then is kept; where that is nothing, no folder is left.
    """
    chosen = CollectSettings.of(
        out=out,
        since=since,
        source=source,
        until=until,
        freq=freq,
        stocks=stocks,
        jobs=jobs,
        address=address,
        patience=patience,
    )
    folder = chosen.out.expanduser()
    with locked(folder.resolve(), wait=False):  # one lock by whatever path
        store, since = _opened(folder, chosen)
        asker = connection(chosen.asking)
        try:
            return _collect(chosen, since, store, asker, quiet)
        except (Unreachable, Refused) as error:
            left = _KEPT if store.has_files() else _NOTHING
            what = "refuses" if isinstance(error, Refused) else "does not answer"
            raise InputError(f"{chosen.source} {what}: {error}; {left}") from None
        finally:
            asker.close()
            store.forget_nothing()


def _opened(folder: Path, settings: CollectSettings) -> tuple[Store, str]:
    """The folder, if it is new or of the same vendor and frequency, and the earliest first day it was asked for."""
    store = Store(folder, settings.freq)
    ours = Origin(settings.source, settings.freq, f"{settings.since:%Y-%m-%d}")
    there = store.origin()
    if store.damaged or (there is None and is_collection(folder)):
        note, what, example = folder / ORIGIN, "damaged" if store.damaged else "lost", json.dumps(asdict(ours))
        raise InputError(f"{note} is {what}: write into it what the folder was begun with, such as {example}")
    if there is None and folder.exists() and any(path.name != STATE for path in folder.iterdir()):
        raise InputError(f"{folder} holds files that `mfgru collect` did not make: name another folder")
    if there is not None and (there.source, there.freq) != (ours.source, ours.freq):
        raise InputError(f"{folder} holds {there.freq} bars from {there.source}: name another folder")
    since = ours.since if there is None else min(ours.since, there.since)
    store.keep_origin(replace(ours, since=since))
    return store, since


def _collect(settings: CollectSettings, since: str, store: Store, asker: Connection, quiet: bool) -> Collected:
    vendor = source_class(settings.source)
    tables = Tables(asker, store, since)
    calendar = tables.calendar(f"{settings.until:%Y-%m-%d}" if settings.until else None)
    stocks = _chosen(tables.universe(calendar[-1]), settings.stocks)
    for work in tqdm(tables.others(calendar, vendor.member_lists), desc="tables", disable=quiet or None):
        work()
    collected = Collected(
        settings.source,
        store.folder,
        store.freq,
        calendar[0],
        calendar[-1],
        len(calendar),
        len(stocks),
        tables.new_days,
        refused=tables.refused,
    )
    collector = StockCollector(settings.asking, store, calendar, len(ASHARE.bar_ends(settings.freq)))
    rows = tables.market_days(days) if (days := _lacking_everywhere(collector, stocks)) else None
    if rows is not None:
        collector.market_days = {str(code): own.drop(columns="symbol") for code, own in rows.groupby("symbol")}
    collected.note(*asker.spent())
    asker.close()
    collect_stocks(collector, stocks, settings.jobs, collected, quiet)
    _account(collector, store, stocks, calendar, collected)
    write_mapping(store, settings.source, vendor.industry_level, vendor.member_lists)
    return collected


def _chosen(universe: list[Stock], codes: Sequence[str]) -> list[Stock]:
    if not codes:
        return universe
    known = {stock.code: stock for stock in universe}
    try:
        wanted = sorted({normalise_symbol(code) for code in codes})
    except ValueError as error:
        raise InputError(f"stocks: {error}") from None
    if unknown := [code for code in wanted if code not in known]:
        raise InputError(f"stocks: {', '.join(unknown)}: no share that the vendor knows")
    return [known[code] for code in wanted]


def _lacking_everywhere(collector: StockCollector, stocks: Sequence[Stock]) -> list[str]:
    """The days that stocks lack, if they are so few that a question for each is less than one for each stock."""
    days, few = set[str](), 0
    for stock in stocks:
        lacking = collector.lacks_daily(stock)
        if 0 < len(lacking) <= _EVENINGS:
            days.update(lacking)
            few += 1
    return sorted(days) if few > 2 * len(days) else []


def _account(
    collector: StockCollector, store: Store, stocks: Sequence[Stock], calendar: list[str], collected: Collected
) -> None:
    begins = set[str]()
    for stock in stocks:
        state = store.stock(stock.code)
        begins.update(year.begins for year in state.bars.values() if year.begins)
        collected.gaps += gaps_of(stock.code, state, calendar)
        if state.refused:
            collected.refused[stock.code] = state.refused
        elif stock.code not in collected.refused and collector.pieces(stock):
            collected.waiting.append(stock.code)
    collected.bars_begin = min(begins, default="")
    collected.damaged |= store.damaged
    store.put(store.folder / GAPS, gaps_csv(collected.gaps).encode())
