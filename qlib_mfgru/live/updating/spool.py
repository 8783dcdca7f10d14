"""A spool whose rows follow those that a provider's state holds."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from itertools import groupby, pairwise
from pathlib import Path
from typing import Literal

import numpy as np

from qlib_mfgru.ingest.read.spool import ALWAYS, BAR, UNUSED, Registry, Spool, StockRows
from qlib_mfgru.ingest.read.stamps import day_text, days_of_bars, minute_text
from qlib_mfgru.ingest.report import REVISED, STORED, TOO_EARLY, IngestReport
from qlib_mfgru.ingest.state import Tail, rows_file
from qlib_mfgru.ingest.state.tails import KeptRows
from qlib_mfgru.live.updating.overlap import Conflicts, after_same, conflicts_of, differing, skipped_rows, stored_twins

LATE = "rows of stored days that came late, taken in"


class UpdateSpool(Spool):
    """The rows of an update, with the stored ones before them.

    Parameters
    ----------
    folder, n_buckets, registry, keep
        As of a `Spool`; the registry knows the codes of all stored stocks, and its first file stands for stored rows.
    provider : Path
    last_day : int
        The provider's, in days since 1970.

    Attributes
    ----------
    moved : dict of str to str
        Stored codes that are read as others from now on; the caller's to say, once all is read.
    tails : dict of str to Tail
        Of the stocks of the bucket that is read.
    has_news : bool
        There is any new row in the bucket.
    touched : set of str
        Stocks of the bucket with rows, or values of stored days, that are new.
    conflicts : Conflicts
        Of the bucket.
    past : dict of str to ndarray
        Of its stocks: what the judge has counted so far, of dtype `PAST`.
    """

    def __init__(
        self,
        folder: Path,
        n_buckets: int,
        registry: Registry,
        keep: Mapping[str, Literal["first", "last"]],
        *,
        provider: Path,
        last_day: int,
    ) -> None:
        super().__init__(folder, n_buckets, registry, keep)
        self._provider, self._last_day = provider, last_day
        self.moved: dict[str, str] = {}
        self._begin()

    def _begin(self) -> None:
        self.tails: dict[str, Tail] = {}
        self.past: dict[str, np.ndarray] = {}
        self.touched: set[str] = set()
        self.has_news = False
        self.conflicts = Conflicts()
        self._rows: dict[str, list[np.ndarray]] = {}

    def stocks(self, bucket: int, report: IngestReport) -> Iterator[StockRows]:
        """Yield the rows of every stock of a bucket, stored and new; as of a `Spool`."""
        self._begin()
        self._keep_rows(bucket)
        numbers = self._registry.add_codes(self.tails)
        size = len(self._registry.codes)
        self._opens, self._begins = np.full(size, ALWAYS), np.full(size, ALWAYS)
        self._known = np.zeros(size, dtype=bool)
        for number, tail in zip(numbers.tolist(), self.tails.values(), strict=True):
            self._known[number] = True
            if tail.is_cut:
                self._opens[number], self._begins[number] = tail.opens, tail.begins
        yield from super().stocks(bucket, report)

    def moved_into(self, bucket: int) -> bool:
        """Whether stocks of a bucket came to it, or left it, under another code."""
        codes = [*self.moved, *self.moved.values()]
        return any(zlib.crc32(code.encode()) % self.n_buckets == bucket for code in codes)

    def _keep_rows(self, bucket: int) -> None:
        """Load what is stored of a bucket's stocks: those of its own file, and those whose code now belongs to it."""
        from_others = {
            old: new for old, new in self.moved.items() if zlib.crc32(new.encode()) % self.n_buckets == bucket
        }
        buckets = dict.fromkeys([bucket, *(zlib.crc32(old.encode()) % self.n_buckets for old in from_others)])
        for number in buckets:
            kept = KeptRows.read(self._provider / rows_file(number))
            names = [
                from_others.get(code, code if number == bucket and code not in self.moved else None)
                for code in kept.codes
            ]
            wanted = np.array([name is not None for name in names], dtype=bool)
            self.tails |= {name: tail for name, tail in zip(names, kept.tails, strict=True) if name is not None}
            stocks = np.full(len(names), -1, "i4")
            stocks[wanted] = self._registry.add_codes(name for name in names if name is not None)
            for field, rows in kept.rows.items():
                if field == "past":
                    edges = np.searchsorted(rows["stock"], np.arange(len(names) + 1)).tolist()
                    of_stock = {name: rows[slice(*span)] for name, span in zip(names, pairwise(edges), strict=True)}
                    self.past |= {name: counts for name, counts in of_stock.items() if name is not None}
                    continue
                rows["stock"] = stocks[rows["stock"]]
                self._rows.setdefault(field, []).append(rows if wanted.all() else rows[rows["stock"] >= 0])

    def _load(self, name: str, bucket: int, dtype: np.dtype) -> np.ndarray:
        new = super()._load(name, bucket, dtype)
        self.has_news |= len(new) > 0
        if name.startswith(UNUSED):
            return new
        rows = np.concatenate([*self._rows.get(name, []), new])
        key = (rows["stock"].astype("i8") << 32) + rows["when"]
        return rows if (key[1:] >= key[:-1]).all() else rows.take(np.argsort(key, kind="stable"))

    def _without_repeats(self, name: str, rows: np.ndarray, report: IngestReport) -> np.ndarray:
        is_new = rows["file"] != 0
        if not is_new.any():
            return rows
        days = days_of_bars(rows["when"]) if rows.dtype == BAR else rows["when"]
        early, twins = is_new & (days < self._opens[rows["stock"]]), stored_twins(rows)
        is_first = days == self._begins[rows["stock"]]  # its factor and flag may be from days before
        differs = self._differs(name, rows, twins, early, is_first, minute_text if rows.dtype == BAR else day_text)
        same = (twins >= 0) & ~differs
        left_out = (twins < 0) & early
        late = is_new & (twins < 0) & ~early & (days <= self._last_day) & self._known[rows["stock"]]
        counted = report.input(name)
        counted.drop_count(STORED, int(same.sum()), ())
        too_early, skipped = left_out | (differs & early), skipped_rows(rows, twins)
        counted.drop_count(TOO_EARLY, int(too_early.sum()), self._named(rows["stock"], days, too_early))
        came_late = f"{name}: {LATE}"
        report.warn(came_late, int(late.sum()), self._named(rows["stock"], days, late))
        gone = f"{name}: rows of stored days that are not in a file with days before and after them; kept"
        report.warn(gone, int(skipped.sum()), self._named(rows["stock"], days, skipped))
        counted.kept += int(late.sum())  # rows of new days are counted where they are assembled
        replaced = np.zeros(len(rows), dtype=bool)
        replaced[twins[differs & ~early]] = True
        report.warn(f"{name}: rows of stored days that were revised", int(replaced.sum()))
        counted.drop_count(REVISED, int(replaced.sum()), ())
        left = ~(same | left_out | (differs & early) | replaced)
        self._touch(rows[left & is_new])
        return super()._without_repeats(name, rows[left], report)

    def _named(self, stocks: np.ndarray, days: np.ndarray, which: np.ndarray) -> Iterator[str]:
        """Stock and day of some rows, each once."""
        cases = groupby(zip(stocks[which].tolist(), days[which].tolist(), strict=True))
        return (f"{self._registry.codes[stock]} {day_text(day)}" for (stock, day), _ in cases)

    def _one_value_each(self, name: str, rows: np.ndarray, report: IngestReport) -> np.ndarray:
        is_new = rows["file"] != 0
        if not is_new.any():
            return rows
        rows = self._dated(name, rows, report)
        is_new, days = rows["file"] != 0, rows["when"]
        early, twins = is_new & (days < self._opens[rows["stock"]]), stored_twins(rows)
        if name == "st_span":  # what has ended since is no contradiction
            ends = np.minimum(np.abs(rows["value"]), self._last_day) * np.sign(rows["value"])
            went_on = (twins >= 0) & (ends == ends[twins])
            rows["value"][twins[went_on]] = rows["value"][went_on]
        differs = self._differs(name, rows, twins, early, np.zeros(len(rows), dtype=bool), day_text)
        untold = early & (twins < 0) & self._is_told(name, rows)
        replaced = np.zeros(len(rows), dtype=bool)
        replaced[twins[differs & ~early]] = True
        left = ~(((twins >= 0) & ~differs) | (early & ~untold) | replaced)
        self._refuse(name, rows[untold])
        news = left & (rows["file"] != 0)
        self._touch(rows[news & (rows["when"] <= self._last_day) & (rows["when"] != ALWAYS)])
        rows = rows[left]
        key = (rows["stock"].astype("i8") << 32) + rows["when"]
        return super()._one_value_each(name, rows.take(np.argsort(key, kind="stable")), report)

    def _differs(
        self,
        name: str,
        rows: np.ndarray,
        twins: np.ndarray,
        early: np.ndarray,
        is_first: np.ndarray,
        text: Callable[[int], str],
    ) -> np.ndarray:
        """Rows that contradict a stored one; they are noted, unless the input's later rows are kept anyway."""
        pairs = np.flatnonzero((twins >= 0) & ~is_first)
        masks = differing(rows[pairs], rows[twins[pairs]])
        differs = np.zeros(len(rows), dtype=bool)
        differs[pairs] = np.any(list(masks.values()), axis=0)
        places = np.flatnonzero(differs)
        if len(places) and not (self._keeps_last(name) and not early[places].any()):
            when = [text(each) for each in rows["when"][places]]
            is_same = np.zeros(len(rows), dtype=bool)
            is_same[pairs] = ~differs[pairs]
            after, codes = after_same(rows, is_same), self._registry.codes
            self.conflicts.add(
                conflicts_of(rows[places], rows[twins[places]], when, early[places], after[places], codes, name)
            )
        return differs

    def _keeps_last(self, name: str) -> bool:
        return self._keep.get(name, "first") == "last"

    def _dated(self, name: str, rows: np.ndarray, report: IngestReport) -> np.ndarray:
        """Values without a date hold from the first new day on, where a stock had another one, or none, before."""
        undated = (rows["file"] != 0) & (rows["when"] == ALWAYS) & self._known[rows["stock"]]
        if not undated.any() or name == "st_span":
            return rows
        last = {int(row["stock"]): float(row["value"]) for row in rows[rows["file"] == 0]}
        same = np.array([last.get(int(row["stock"])) == row["value"] for row in rows[undated]])
        others = np.flatnonzero(undated)[~same]
        rows["when"][others] = self._last_day + 1
        cases = (self._registry.codes[stock] for stock in rows["stock"][others])
        report.warn(f"{name}: other values without a date, taken from the first new day on", len(others), cases)
        keep = np.ones(len(rows), dtype=bool)
        keep[np.flatnonzero(undated)[same]] = False
        rows = rows[keep]
        key = (rows["stock"].astype("i8") << 32) + rows["when"]
        return rows.take(np.argsort(key, kind="stable"))

    def _is_told(self, name: str, rows: np.ndarray) -> np.ndarray:
        """Whether a value, of a day with none so far, is another one than that which holds there by what is kept."""
        stock, is_stored = rows["stock"], rows["file"] == 0
        base = np.full(len(self._opens), ALWAYS, dtype="i8")
        dated = is_stored & (rows["when"] != ALWAYS)
        base[stock[dated][::-1]] = rows["when"][dated][::-1]  # the first of each stock
        if name in ("st_day", "limit_up", "limit_down"):
            return np.asarray(rows["when"] >= self._begins[stock])
        same_stock = np.append(False, stock[1:] == stock[:-1])[: len(rows)]
        before = np.append(np.nan, rows["value"][:-1])[: len(rows)]
        return (rows["when"] >= base[stock]) & ~(same_stock & (before == rows["value"]))

    def _refuse(self, name: str, rows: np.ndarray) -> None:
        """Note values of days that cannot be changed."""
        others = rows.copy()
        others["value"] = np.nan
        when = [day_text(each) for each in rows["when"]]
        early, after = np.ones(len(rows), dtype=bool), np.zeros(len(rows), dtype=bool)
        self.conflicts.add(conflicts_of(rows, others, when, early, after, self._registry.codes, name))

    def _touch(self, rows: np.ndarray) -> None:
        self.touched |= {self._registry.codes[stock] for stock in np.unique(rows["stock"]).tolist()}
