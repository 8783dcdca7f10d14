"""What most stocks have and some lack, or most lack on a date: the sign of files, or rows, that were lost."""

from __future__ import annotations

from collections import Counter

import numpy as np

from qlib_mfgru.provider.boards import RULES, board_of
from qlib_mfgru.provider.check.contents import NEEDED
from qlib_mfgru.provider.check.stored import DAY, Stored, StoredStock
from qlib_mfgru.provider.check.table import Ledger
from qlib_mfgru.provider.judge.market.attendance import SPARSE_DAYS, sparse_days
from qlib_mfgru.provider.judge.moves.spikes import FREE_DAYS

_LIMITS = frozenset({(DAY, "limit_up"), (DAY, "limit_down")})
_GRAVE = frozenset({"vwap", "amount", "factor"})
_OF_TABLES = frozenset({"industry", "market_cap"})
"""Fields from a vendor's tables, which name a new share some weeks after its listing."""
_LATE_DAYS = 10
"""Trading days within which `mfgru collect` asks again for what is missing."""
_NEW_DAYS = 25
"""Trading days from its first one on which a share is new: a month with its first day after."""


class Peers:
    """Remembers the files of all stocks, and compares each with the others."""

    def __init__(self, stored: Stored) -> None:
        self._stored = stored
        self._files: dict[str, set[tuple[str, str]]] = {}
        self._empty: dict[str, set[tuple[str, str]]] = {}
        self._without_bars: set[str] = set()
        self._new: set[str] = set()
        self._n_priced: dict[str, np.ndarray] = {}

    def add(self, stock: StoredStock) -> None:
        """Remember a stock that has any file."""
        if not stock.files:
            return
        self._files[stock.code] = stock.files
        free = _LIMITS if _has_no_limits(stock) else frozenset()
        self._empty[stock.code] = {
            file for file, values in stock.values.items() if file not in free and np.isnan(values).all()
        }
        for freq in {freq for freq, name in stock.values if name == "close"}:
            self._count_days(stock, freq)
        places, close = self._stored.places, stock.values.get((DAY, "close"))
        if close is not None and not np.isfinite(close[:-_NEW_DAYS]).any() and len(close) > _NEW_DAYS:
            self._new.add(stock.code)
        if places is not None and close is not None and self._stored.freq not in {freq for freq, _ in stock.files}:
            in_bars = np.isin(self._stored.all_days, places.days)
            if np.isfinite(close[in_bars]).any():
                self._without_bars.add(stock.code)

    def _count_days(self, stock: StoredStock, freq: str) -> None:
        """Count a stock on the days of the calendar on which it has a price, also before the first that is judged."""
        is_priced, places = np.isfinite(stock.values[freq, "close"]), self._stored.places
        if freq != DAY and places is not None:
            has_bar = np.bincount(places.day[is_priced], minlength=len(places.days)) > 0
            is_priced = np.isin(self._stored.all_days, places.days[has_bar])
        self._n_priced[freq] = self._n_priced.get(freq, 0) + is_priced.astype(int)

    def judge_days(self, ledger: Ledger) -> None:
        """On no day do far fewer stocks have a price than on those before, from the first to the last day with any."""
        for freq, n_priced in sorted(self._n_priced.items()):
            known = np.flatnonzero(n_priced)
            span = slice(known[0], known[-1] + 1) if len(known) else slice(0)
            days, n_priced = self._stored.all_days[span], n_priced[span]
            places = np.flatnonzero(sparse_days(n_priced) & (days >= self._stored.days[0]))
            cases = [f"{days[place]}: {n_priced[place]}" for place in places]
            kind = SPARSE_DAYS.format(what="have a price" if freq == DAY else f"have a {freq} bar")
            first = days[places[0]] if len(places) else self._stored.all_days[0]
            cause = _LATE if first in self._stored.all_days[-_LATE_DAYS:] else _HOLE
            is_last = first == self._stored.all_days[-1]
            ledger.note("warning" if is_last else "error", kind, cases, cause, judged=len(days))

    def judge(self, ledger: Ledger) -> None:
        """Every stock has the files that more than half of those with its frequency have, and the finest bars."""
        self.judge_days(ledger)
        with_freq = Counter(freq for files in self._files.values() for freq in {freq for freq, _ in files})
        with_file = Counter(file for code, files in self._files.items() for file in files - self._empty[code])
        usual = sorted(file for file, n in with_file.items() if n * 2 > with_freq[file[0]] and _is_judged(file[1]))
        for code, files in self._files.items():
            freqs = {freq for freq, _ in files}
            lacking = [file for file in usual if file[0] in freqs and file not in files]
            needed = [f"{code} {name}.{freq}" for freq, name in lacking if name in _GRAVE]
            empty = [file for file in usual if file in self._empty[code]]
            awaited = _OF_TABLES if code in self._new else frozenset()
            late = [f"{code} {name}.{freq}" for freq, name in (*lacking, *empty) if name in awaited]
            others = [f"{code} {name}.{freq}" for freq, name in lacking if name not in _GRAVE | awaited]
            ledger.note("error", "files that most stocks have and these lack", needed, _LOST, judged=len(usual))
            ledger.note("warning", "further files that most stocks have", others, _LOST, judged=len(usual))
            no_value = [f"{code} {name}.{freq}" for freq, name in empty if name not in awaited]
            ledger.note("warning", "fields of most stocks without any value", no_value, _LOST, judged=len(usual))
            kind = f"fields of most stocks that shares of the last {_NEW_DAYS} days have not yet"
            ledger.note("note", kind, late, _AWAITED, judged=len(usual))
            if self._is_usual(with_freq):
                without = [code] if code in self._without_bars else []
                ledger.note(
                    "warning", f"stocks that trade on days with {self._stored.freq} bars and have none", without
                )

    def _is_usual(self, with_freq: Counter[str]) -> bool:
        """Whether most stocks have the finest bars."""
        return with_freq[self._stored.freq or ""] * 2 > len(self._files)


def _has_no_limits(stock: StoredStock) -> bool:
    """Whether all that a provider has of a stock may be of days without a limit: a new share, or no share at all."""
    close = stock.values.get((DAY, "close"))
    n_days = 0 if close is None else int(np.isfinite(close).sum())
    return n_days <= FREE_DAYS or not RULES[board_of(stock.code)]


def _is_judged(name: str) -> bool:
    """Whether a field is one that all stocks have: a weight is of members, and what all need is judged by itself."""
    return name not in NEEDED and not name.endswith("_weight")


_HOLE = "rows of that day are missing: make it again from whole files"
_LATE = "the vendor was late, or files are not complete: mfgru update takes in what comes late"
_AWAITED = (
    "nothing is lost: the vendor's tables do not name them yet; mfgru update takes them in once a newer table does "
    "(mfgru collect asks for industries on each month's first trading day)"
)
_LOST = "files were lost: make the stocks again"
