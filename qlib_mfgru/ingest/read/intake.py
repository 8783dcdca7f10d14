"""From vendor files to the spool: the one pass over the input."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import BarInput, FileInput, IndustryInput, PriceInput, StInput
from qlib_mfgru.ingest.read.slices import (
    CHUNK_ROWS,
    PRICES,
    Slice,
    check_units,
    iter_slices,
    price_checks,
    stamp_column,
    to_units,
)
from qlib_mfgru.ingest.read.spool import ALWAYS, BAR, DAILY_OPTIONAL, DAY, VALUE, Registry, Spool
from qlib_mfgru.ingest.read.stamps import bar_ends, diagnose, parse_stamps
from qlib_mfgru.ingest.report import Account

Check = tuple[str, np.ndarray]
_STAMPS = ("datetime", "date", "time")


@dataclass
class Intake:
    """Reads inputs into a spool and remembers the days that it met.

    Parameters
    ----------
    progress : callable
        Called with each file that has been read.
    """

    spool: Spool
    registry: Registry
    account: Account
    chunk_rows: int = CHUNK_ROWS
    progress: Callable[[Path], object] = lambda path: None
    days: set[int] = field(default_factory=set)
    bar_days: set[int] = field(default_factory=set)
    industries: dict[str, int] = field(default_factory=dict)
    fields: dict[str, set[str]] = field(default_factory=dict)

    def bars(self, source: BarInput, paths: Sequence[Path]) -> None:
        """Spool intraday bars; bars off the session grid, and faulty ones, are counted out."""
        account = self.account.input("bars")
        for part in self._slices("bars", source, paths, (*PRICES, "volume"), (*_STAMPS, "amount")):
            stamps = parse_stamps(stamp_column(part))
            if part.first_row == 0 and (fault := diagnose(stamps, source.freq, source.stamps)):
                raise InputError(f"{part.path}: {fault}")
            values, bad = part.numbers((*PRICES, "volume", "amount"))
            to_units(values, source)
            check_units(values, part.path, source)
            ends = bar_ends(stamps, source.freq, source.stamps)
            good = part.drop(account, stamp_checks(part, stamps, ends < 0) + price_checks(values, bad))
            self._spool("bars", part, BAR, good, ends, values)
            self.bar_days.update(np.unique(ends[good] // 1440).tolist())
        self.days |= self.bar_days

    def daily(self, source: PriceInput, paths: Sequence[Path]) -> None:
        """Spool daily bars; days without trade stay, since their factor is known."""
        account = self.account.input("daily")
        for part in self._slices("daily", source, paths, (*PRICES, "volume"), (*_STAMPS, *DAILY_OPTIONAL)):
            stamps = parse_stamps(stamp_column(part))
            values, bad = part.numbers((*PRICES, "volume", *DAILY_OPTIONAL))
            to_units(values, source)
            check_units(values, part.path, source)
            good = part.drop(account, stamp_checks(part, stamps) + price_checks(values, bad))
            days = day_numbers(stamps)
            self._spool("daily", part, DAY, good, days, values)
            self.days.update(np.unique(days[good]).tolist())

    def values(
        self, name: str, source: FileInput, paths: Sequence[Path], fields: Sequence[str], scale: float = 1.0
    ) -> None:
        """Spool dated values, or a snapshot, of stocks, times `scale`: factors, limits, float shares."""
        account = self.account.input(name)
        for part in self._slices(name, source, paths, fields, _STAMPS):
            days, checks = self._days_or_always(part, name)
            values, bad = part.numbers(fields)
            checks.append(("text where a number belongs", bad))
            for item in fields:
                checks.append((f"no {item}", ~(values[item] > 0)))
            good = part.drop(account, checks)
            account.kept += int(good.sum())
            for item in fields:
                self._spool(item, part, VALUE, good, days, {"value": values[item] * scale})

    def industry(self, source: IndustryInput, paths: Sequence[Path]) -> None:
        """Spool industries as numbers in the order met; `industries` holds the names."""
        account = self.account.input("industry")
        for part in self._slices("industry", source, paths, ("industry",), ("date", "name")):
            days, checks = self._days_or_always(part, "industry")
            words = part.frame["industry"].astype("str").str.strip()
            if source.level == "letter":
                words = words.str[:1].str.upper()
            unknown = (part.frame["industry"].isna() | (words == "")).to_numpy()
            good = part.drop(account, [*checks, ("no industry", unknown)])
            account.kept += int(good.sum())
            numbers = np.zeros(len(good))
            numbers[good] = [self.industries.setdefault(word, len(self.industries)) for word in words[good]]
            self._spool("industry", part, VALUE, good, days, {"value": numbers})

    def st(self, source: StInput, paths: Sequence[Path]) -> None:
        """Spool special treatment: spans, dated flags, flagged days, or today's names."""
        account = self.account.input("st")
        for part in self._slices("st", source, paths, ("name",) if source.from_name else (), _ST_FIELDS):
            frame = part.frame
            if source.from_name:
                days, flags = np.full(len(frame), ALWAYS), frame["name"].astype("str").str.contains("ST").to_numpy()
                if source.since and source.since != "prices":
                    days[:] = day_numbers(parse_stamps(pd.Series([source.since])))[0]
                good = part.drop(account, [("unknown symbol", part.code < 0)])
                account.kept += int(good.sum())
                self._spool("st_step", part, VALUE, good, days, {"value": flags.astype("f8")})
            elif "start" in frame:
                self._st_spans(part)
            else:
                self._st_days(part)
        if source.from_name:
            since = {None: "to all days", "prices": "since the stock's last close beyond a 5 % limit"}
            self.account.note(f"$is_st: today's names, applied {since.get(source.since, f'since {source.since}')}")

    def _st_days(self, part: Slice) -> None:
        """Days with a flag; without a flag's column, every row is a day under special treatment."""
        stamps = parse_stamps(stamp_column(part))
        values, bad = part.numbers(["is_st"])
        flags = values["is_st"] if "is_st" in part.frame else np.ones(len(stamps))
        good = part.drop(self.account.input("st"), [*stamp_checks(part, stamps), ("text where a number belongs", bad)])
        self.account.input("st").kept += int(good.sum())
        self._spool("st_day", part, VALUE, good, day_numbers(stamps), {"value": flags})

    def _st_spans(self, part: Slice) -> None:
        first, last, checks = span_days(part)
        good = part.drop(self.account.input("st"), checks)
        self.account.input("st").kept += int(good.sum())
        self._spool("st_step", part, VALUE, good, first, {"value": np.ones(len(good))})
        self._spool("st_step", part, VALUE, good & (last < _NEVER), last + 1, {"value": np.zeros(len(good))})

    def _slices(
        self, name: str, source: FileInput, paths: Sequence[Path], required: Sequence[str], optional: Sequence[str]
    ) -> Iterator[Slice]:
        for part in iter_slices(
            paths, source, required, optional, owner=name, registry=self.registry,
            account=self.account.input(name), rows=self.chunk_rows, progress=self.progress,
        ):  # fmt: skip
            self.fields.setdefault(name, set()).update(part.frame.columns)
            yield part

    def _days_or_always(self, part: Slice, name: str) -> tuple[np.ndarray, list[Check]]:
        """Days of dated values; a file without dates is a snapshot, and the account says so."""
        if not set(_STAMPS) & set(part.frame.columns):
            self.account.note(f"{name}: {part.path.name} has no dates, taken as a snapshot that holds on all days")
            return np.full(len(part.frame), ALWAYS), [("unknown symbol", part.code < 0)]
        stamps = parse_stamps(stamp_column(part))
        return day_numbers(stamps), stamp_checks(part, stamps, weekends=False)

    def _spool(
        self,
        name: str,
        part: Slice,
        dtype: np.dtype,
        good: np.ndarray,
        when: np.ndarray,
        values: dict[str, np.ndarray],
    ) -> None:
        rows = np.empty(int(good.sum()), dtype)
        rows["code"], rows["when"], rows["file"] = part.code[good], when[good], part.file
        for item, column in values.items():
            rows[item] = column[good]
        self.spool.append(name, rows)


_ST_FIELDS = (*_STAMPS, "start", "end", "is_st")
_NEVER = 10**6
"""A day number after every calendar: the end of a span that has not ended."""


def span_days(part: Slice) -> tuple[np.ndarray, np.ndarray, list[Check]]:
    """First and last day of spans, in days since 1970; an empty end has not come yet."""
    first = parse_stamps(part.frame["start"])
    if "end" in part.frame:
        text = part.frame["end"]
        open_end = (text.isna() | (text.astype("str").str.strip() == "")).to_numpy()
        last = parse_stamps(text)
    else:
        open_end, last = np.ones(len(first), dtype=bool), np.full(len(first), np.datetime64("NaT", "s"))
    checks = [
        ("unknown symbol", part.code < 0),
        ("unparsable stamp", np.isnat(first) | (np.isnat(last) & ~open_end)),
        ("end before start", last < first),
    ]
    return day_numbers(first), np.where(open_end, _NEVER, day_numbers(last)), checks


def stamp_checks(
    part: Slice, stamps: np.ndarray, off_grid: np.ndarray | None = None, *, weekends: bool = True
) -> list[Check]:
    """Faults of a row's stock and stamp, worst first."""
    checks = [("unknown symbol", part.code < 0), ("unparsable stamp", np.isnat(stamps))]
    if weekends:
        # 1970-01-01 was a Thursday
        checks.append(("on a weekend", ~np.isnat(stamps) & ((day_numbers(stamps) + 3) % 7 >= 5)))
    return checks if off_grid is None else [*checks, ("off the session grid", off_grid)]


def day_numbers(stamps: np.ndarray) -> np.ndarray:
    """Days since 1970; meaningless where a stamp is NaT."""
    return stamps.astype("datetime64[D]").astype("int64")
