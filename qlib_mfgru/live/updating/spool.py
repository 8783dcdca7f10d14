"""A spool whose rows follow those that a provider's state holds."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from itertools import groupby, pairwise
from pathlib import Path
from typing import Literal

import numpy as np

from qlib_mfgru.ingest.read.spool import ALWAYS, BAR, UNUSED, Registry, Spool, StockRows
from qlib_mfgru.ingest.read.spool.repeats import repeats
from qlib_mfgru.ingest.read.stamps import day_text, minute_text
from qlib_mfgru.ingest.report import REVISED, STORED, TOO_EARLY, IngestReport
from qlib_mfgru.ingest.state import Tail, rows_file
from qlib_mfgru.ingest.state.tails import KeptRows
from qlib_mfgru.live.updating.overlap import (
    Conflicts,
    after_same,
    conflicts_of,
    differing,
    skipped_rows,
    stored_twins,
    untold_conflicts,
)
from qlib_mfgru.live.updating.values import days_of, differ_from, in_order, is_told

LATE = "rows of stored days that came late, taken in"
GONE = "rows of stored days that are not in a file with days before and after them; kept"


class UpdateSpool(Spool):
    """The rows of an update, with the stored ones before them.

    Parameters
    ----------
    folder, n_buckets, registry, keep
        As of a `Spool`; the registry knows the codes of all stored stocks, and its first file stands for stored rows.
    provider : Path
    last_day : int
        The provider's, in days since 1970.
    names_since : int
        Day from which on names without a date hold, as of `names_since`.
    flags_hold : bool
        A day's flag of special treatment holds until the next one, as of `Conventions.st_holds`.

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
        names_since: int = ALWAYS,
        flags_hold: bool = False,
    ) -> None:
        super().__init__(folder, n_buckets, registry, keep)
        self._provider, self._last_day, self._names_since = provider, last_day, names_since
        self._of_days = frozenset({"limit_up", "limit_down", *(() if flags_hold else ("st_day",))})
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
        self._opens, self._begins, self._bars_begin = np.full((3, size), ALWAYS)
        self._known = np.zeros(size, dtype=bool)
        for number, tail in zip(numbers.tolist(), self.tails.values(), strict=True):
            self._known[number] = True
            if tail.is_cut:
                self._opens[number], self._begins[number] = tail.opens, tail.begins
                self._bars_begin[number] = tail.bars_begin
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
        if name.startswith(UNUSED):  # those of the days of the rows that they are held against
            begins = self._bars_begin if dtype == BAR else self._begins
            return new[days_of(new) >= begins[new["stock"]]]
        return in_order(np.concatenate([*self._rows.get(name, []), new]))

    def _without_repeats(self, name: str, rows: np.ndarray, report: IngestReport) -> np.ndarray:
        if not (rows["file"] != 0).any():
            return rows
        counted, n_rows = report.input(name), len(rows)
        rows = self._settled(name, rows)
        counted.drop_count(STORED, n_rows - len(rows), ())
        is_new, days = rows["file"] != 0, days_of(rows)
        early, twins = is_new & (days < self._opens[rows["stock"]]), stored_twins(rows)
        is_first = days == self._begins[rows["stock"]]  # its factor and flag may be from days before
        differs = self._differs(name, rows, twins, early, is_first, minute_text if rows.dtype == BAR else day_text)
        same = (twins >= 0) & ~differs
        left_out = (twins < 0) & early
        late = is_new & (twins < 0) & ~early & (days <= self._last_day) & self._known[rows["stock"]]
        counted.drop_count(STORED, int(same.sum()), ())
        too_early, skipped = left_out | (differs & early), skipped_rows(rows, twins)
        counted.drop_count(TOO_EARLY, int(too_early.sum()), self._named(rows["stock"], days, too_early))
        report.warn(f"{name}: {LATE}", int(late.sum()), self._named(rows["stock"], days, late))
        report.warn(f"{name}: {GONE}", int(skipped.sum()), self._named(rows["stock"], days, skipped))
        counted.kept += int(late.sum())  # rows of new days are counted where they are assembled
        replaced = np.zeros(len(rows), dtype=bool)
        replaced[twins[differs & ~early]] = True
        report.warn(f"{name}: rows of stored days that were revised", int(replaced.sum()))
        counted.drop_count(REVISED, int(replaced.sum()), ())
        left = ~(same | left_out | (differs & early) | replaced)
        self._touch(rows[left & is_new])
        return super()._without_repeats(name, rows[left], report)

    def _settled(self, name: str, rows: np.ndarray) -> np.ndarray:
        """Rows without new ones of stored days that repeat others of the files: these are settled as by an ingest.

        What is left of them is held against the stored row then.
        """
        new = np.flatnonzero(rows["file"] != 0)
        repeated = new[repeats(rows.take(new), self._kept(name))[0]]
        if not len(repeated):
            return rows
        is_closed = days_of(rows) < self._opens[rows["stock"]]
        left = np.ones(len(rows), dtype=bool)
        left[repeated] = ~(is_closed | (stored_twins(rows) >= 0))[repeated]
        return rows.take(np.flatnonzero(left))

    def _named(self, stocks: np.ndarray, days: np.ndarray, which: np.ndarray) -> Iterator[str]:
        """Stock and day of some rows, each once."""
        cases = groupby(zip(stocks[which].tolist(), days[which].tolist(), strict=True))
        return (f"{self._registry.codes[stock]} {day_text(day)}" for (stock, day), _ in cases)

    def _one_value_each(self, name: str, rows: np.ndarray, report: IngestReport) -> np.ndarray:
        if not (rows["file"] != 0).any():
            return rows
        is_span = name == "st_span"  # spans may meet on a day, and say how long they hold
        if not is_span:
            rows = self._dated(name, self._settled(name, rows), report)
        is_new, days, twins = rows["file"] != 0, rows["when"], stored_twins(rows)
        since = differ_from(rows, twins, self._last_day) if is_span else days
        early, nothing = is_new & (since < self._opens[rows["stock"]]), np.zeros(len(rows), dtype=bool)
        differs = self._differs(name, rows, twins, early, nothing, day_text)
        untold = early & (twins < 0) & is_told(rows, self._begins, of_days=name in self._of_days)
        skipped = nothing if is_span else skipped_rows(rows, twins)
        gone = skipped & (days <= self._last_day)
        report.warn(f"{name}: {GONE}", int(gone.sum()), self._named(rows["stock"], days, gone))
        replaced = skipped & ~gone  # of days to come, which nothing was made from
        replaced[twins[differs & ~early]] = True
        left = ~(((twins >= 0) & ~differs) | (early & ~untold) | replaced)
        self.conflicts.add(untold_conflicts(rows[untold], self._registry.codes, name))
        news = left & is_new
        self._touch(rows[news & (days <= self._last_day) & (days != ALWAYS)])
        return super()._one_value_each(name, in_order(rows[left]), report)

    def _differs(
        self,
        name: str,
        rows: np.ndarray,
        twins: np.ndarray,
        early: np.ndarray,
        is_left: np.ndarray,
        text: Callable[[int], str],
    ) -> np.ndarray:
        """Rows that contradict a stored one; they are noted, unless the input's later rows are kept anyway.

        Those that are to be `is_left` alone do not.
        """
        pairs = np.flatnonzero((twins >= 0) & ~is_left)
        masks = differing(rows[pairs], rows[twins[pairs]])
        differs = np.zeros(len(rows), dtype=bool)
        differs[pairs] = np.any(list(masks.values()), axis=0)
        places = np.flatnonzero(differs)
        if len(places) and not (self._kept(name) == "last" and not early[places].any()):
            when = [text(each) for each in rows["when"][places]]
            is_same = np.zeros(len(rows), dtype=bool)
            is_same[pairs] = ~differs[pairs]
            after, codes = after_same(rows, is_same), self._registry.codes
            self.conflicts.add(
                conflicts_of(rows[places], rows[twins[places]], when, early[places], after[places], codes, name)
            )
        return differs

    def _dated(self, name: str, rows: np.ndarray, report: IngestReport) -> np.ndarray:
        """Values without a date hold from the first new day on, where a stock had another one, or none, before."""
        since = self._names_since if name == "st_step" else ALWAYS
        undated = (rows["file"] != 0) & (rows["when"] == since) & self._known[rows["stock"]]
        if not undated.any():
            return rows
        last = {int(row["stock"]): float(row["value"]) for row in rows[rows["file"] == 0]}
        same = np.array([last.get(int(row["stock"])) == row["value"] for row in rows[undated]])
        others = np.flatnonzero(undated)[~same]
        rows["when"][others] = max(self._last_day + 1, since)
        cases = (self._registry.codes[stock] for stock in rows["stock"][others])
        report.warn(f"{name}: other values without a date, taken from the first new day on", len(others), cases)
        keep = np.ones(len(rows), dtype=bool)
        keep[np.flatnonzero(undated)[same]] = False
        return in_order(rows[keep])

    def _touch(self, rows: np.ndarray) -> None:
        self.touched |= {self._registry.codes[stock] for stock in np.unique(rows["stock"]).tolist()}
