"""The whole check: every instrument read once, and judged."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from qlib_mfgru.errors import InputError
from qlib_mfgru.provider.check.contents import judge_calendar, judge_fields, judge_files
from qlib_mfgru.provider.check.levels import judge_level_dates, judge_levels
from qlib_mfgru.provider.check.lists import judge_lists, judge_span
from qlib_mfgru.provider.check.market import Market
from qlib_mfgru.provider.check.peers import Peers
from qlib_mfgru.provider.check.stored import DAY, Stored
from qlib_mfgru.provider.check.table import Ledger, Row, table
from qlib_mfgru.provider.check.tables import Tables
from qlib_mfgru.provider.check.values import judge_values
from qlib_mfgru.provider.check.whole import judge_whole
from qlib_mfgru.provider.judge import MAX_INCONSISTENT, Verdict, judge
from qlib_mfgru.provider.judge.market.shifts import CAUSE, SHIFTED
from qlib_mfgru.provider.judge.market.slots import SELDOM, SELDOM_CAUSE
from qlib_mfgru.provider.storage.files import ProviderFiles
from qlib_mfgru.provider.symbols import normalise_symbol


def check_provider(
    path: Path | str, *, stocks: Sequence[str] = (), since: pd.Timestamp | None = None, quiet: bool = False
) -> list[Row]:
    """Judge everything that a provider stores.

    Parameters
    ----------
    path : Path or str
        A qlib provider, made by this package or another program.
    stocks : sequence of str
        Only these, written in any usual way; by default all.
    since : Timestamp, optional
        Only days from this one on.
    quiet : bool
        No progress bar.

    Returns
    -------
    list of Row
        Findings, errors first; empty where there is nothing to say.

    Raises
    ------
    InputError
        No provider, a calendar that is damaged, or a stock that is not there.
    """
    stored = Stored(ProviderFiles(path), since)
    ledger, verdict, peers, market = Ledger(), Verdict(MAX_INCONSISTENT), Peers(stored), Market(stored)
    levels: dict[str, np.ndarray] = {}
    judge_calendar(stored, ledger)
    judge_lists(stored, ledger)
    tables = Tables(stored, ledger)
    codes = _codes(stored, stocks)
    judge_whole(stored.files, codes if stocks else None, ledger, quiet=quiet)
    for code in tqdm(codes, desc="checking", unit="stock", disable=quiet or None):
        stock = stored.read(code)
        judge_files(stock, ledger)
        if stored.is_index(code):
            judge_levels(stock, stored, ledger)
            closes = stored.judged(stock, DAY)[1].get("close")
            levels |= {} if closes is None else {code: closes}
            continue
        peers.add(stock)
        market.add(stock)
        judge_fields(stock, stored, ledger)
        judge_span(stock, stored, ledger)
        judge_values(stock, stored, ledger)
        tables.judge(stock, ledger)
        if stock.values:
            series = stored.series(stock)
            verdict.add(series, judge(series))
    peers.judge(ledger)
    judge_level_dates(levels, verdict.shifts, stored, ledger)
    if not stocks:
        market.judge(ledger)
    tables.judge_totals(ledger)
    for _, case in verdict.shifts.judged():
        ledger.note("warning", SHIFTED, [case] if case else [], CAUSE)
    for fault in verdict.faults:
        ledger.note("error", fault, ["all stocks"])
    ledger.note("warning", SELDOM, verdict.slots.seldom(), SELDOM_CAUSE)
    return table(ledger, verdict)


def _codes(stored: Stored, stocks: Sequence[str]) -> list[str]:
    """Codes of all instruments, or those asked for: what lists name, and what is stored."""
    files = stored.files
    every = sorted({code for spans in stored.lists.values() for code in spans} | set(files.stored))
    if not stocks:
        return every
    wanted = [_code(text, every) for text in stocks]
    if absent := [code for code in wanted if code not in every]:
        raise InputError(f"{files.path}: no stock {', '.join(absent)} (--stocks)")
    return wanted


def _code(text: str, every: Collection[str]) -> str:
    """A code as the provider writes it; other spellings than its own are those of A-shares."""
    word = text.strip().upper()
    try:
        return word if word in every else normalise_symbol(text)
    except ValueError:
        return word
