"""The last rows of each stock, as they were read: what the rules that look back need to judge a new day."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from qlib_mfgru.ingest.read.spool import ALWAYS, BAR, DAY, VALUE, VALUE_FIELDS, StockRows
from qlib_mfgru.ingest.read.spool.day_runs import DayRuns
from qlib_mfgru.ingest.read.stamps import MINUTES_A_DAY
from qlib_mfgru.ingest.state.past import PAST

OPEN = 26
"""Days with trade, counted from the last one, that a new day may still change: the usual size of a day, which says what
of a volume and an amount is wrong, is the median of the 20 sound days before and after it; the others are spare."""
KEPT = 64
"""Days with trade whose rows are kept: those, and what they are judged by."""
_CONTEXT = 2
"""Days before the open ones whose bars are kept too."""
_LAST_BARS = 30_000
"""Bars from the end in which days with trade are looked for."""


class Tail(NamedTuple):
    """Where a stock's kept rows begin, and what is stored of it; days since 1970.

    Attributes
    ----------
    is_cut : bool
        It had rows before.
    begins, bars_begin : int
        Days of the first row, and of the first bar, that are kept.
    opens : int
        The first day that a new one may change.
    first, last : int
        Days of the first and last stored value; -1 where nothing is stored.
    is_held : bool
        The judge refused the days after the last stored one.
    """

    is_cut: bool
    begins: int
    bars_begin: int
    opens: int
    first: int
    last: int
    is_held: bool

    @classmethod
    def of(cls, rows: StockRows, first: int, last: int) -> Tail:
        """The end of a stock's rows."""
        traded, sound = _days_with_trade(rows)
        days = sound if len(sound) else traded
        if len(days) <= KEPT:
            begins = rows.first_day
            return cls(False, begins, begins, begins, first, last, False)
        begins, opens = int(days[-KEPT]), int(days[-OPEN])
        bars_begin = int(days[-OPEN - _CONTEXT]) if _are_whole(rows.daily, traded, begins, opens) else begins
        return cls(True, begins, bars_begin, opens, first, last, False)


NOTHING = Tail(False, 0, 0, 0, -1, -1, False)
"""That of a stock of which tables say something, and which has neither bar nor day."""


def _days_with_trade(rows: StockRows) -> tuple[np.ndarray, np.ndarray]:
    """Days with trade, and those with an amount as well, by daily rows or bars; ascending."""
    bars, daily = rows.bars[-_LAST_BARS:], rows.daily
    runs, is_bar = DayRuns.of(bars["when"]), bars["volume"] > 0
    is_day = (daily["volume"] > 0) & (daily["close"] > 0)
    traded = _either(daily["when"][is_day], runs.of_any(is_bar))
    return traded, _either(daily["when"][is_day & (daily["amount"] > 0)], runs.of_any(is_bar & (bars["amount"] > 0)))


def _either(days: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Days that are in one or the other, both of which are ascending; most stocks have the same in both."""
    return days if np.array_equal(days, others) else np.union1d(days, others)


def _are_whole(daily: np.ndarray, traded: np.ndarray, begins: int, opens: int) -> bool:
    """Whether all days with trade between two days have a daily row with an amount, so that bars add nothing."""
    rows = daily[(daily["when"] >= begins) & (daily["when"] < opens)]
    days = traded[(traded >= begins) & (traded < opens)]
    is_whole = (rows["volume"] > 0) & (rows["amount"] > 0)
    whole = rows["when"][is_whole]
    return np.array_equal(days, whole) or bool(np.isin(days, whole).all())


@dataclass
class Tails:
    """Tails of the stocks of a bucket, with their rows.

    Attributes
    ----------
    tails : dict of str to Tail
        By code.
    daily, bars : dict of str to ndarray
        Of dtype `DAY` and `BAR`; the first daily row has the factor and flag that hold from before it.
    values : dict of str to dict of str to ndarray
        Of dtype `VALUE`, by field and code: the last before the tail, and all within.
    past : dict of str to ndarray
        Of dtype `PAST`: what the judge has counted.
    """

    tails: dict[str, Tail] = field(default_factory=dict)
    daily: dict[str, np.ndarray] = field(default_factory=dict)
    bars: dict[str, np.ndarray] = field(default_factory=dict)
    values: dict[str, dict[str, np.ndarray]] = field(default_factory=lambda: {name: {} for name in VALUE_FIELDS})
    past: dict[str, np.ndarray] = field(default_factory=dict)

    def add(
        self,
        rows: StockRows,
        tail: Tail,
        past: np.ndarray | None = None,
        made: np.ndarray | None = None,
        days: np.ndarray | None = None,
    ) -> None:
        """Keep a stock's tail.

        Parameters
        ----------
        past : ndarray of shape (n_kinds,), optional
            What the judge has counted of it.
        made, days : ndarray of shape (n_days,), optional
            The factor that previous closes make up, and the days, since 1970, that it is of.
        """
        self.tails[rows.code] = tail
        if past is not None:
            self.past[rows.code] = past
        self.daily[rows.code] = _daily_from(rows.daily, tail)
        self.bars[rows.code] = rows.bars[
            np.searchsorted(rows.bars["when"], tail.bars_begin * MINUTES_A_DAY, side="right") :
        ]
        for name, values in rows.values.items():
            kept = values if name == "st_span" or not tail.is_cut else _values_from(values, tail.begins)
            self.values[name][rows.code] = kept
        if made is not None and days is not None and tail.is_cut:
            known = (days >= tail.begins) & (days <= tail.opens) & ~np.isnan(made)
            self.values["made"][rows.code] = _made(days[known], made[known])

    def content(self) -> bytes:
        """All of it, as bytes that are the same for the same stocks and rows."""
        codes = sorted(self.tails)
        arrays: dict[str, Any] = {
            "codes": np.array(codes, dtype="U64"),
            "tails": np.array([self.tails[code] for code in codes], dtype="i4").reshape(-1, len(Tail._fields)),
            "daily": _joined(codes, self.daily, DAY),
            "bars": _joined(codes, self.bars, BAR),
            "past": _joined(codes, self.past, PAST),
            **{f"value_{name}": _joined(codes, values, VALUE) for name, values in self.values.items()},
        }
        file = io.BytesIO()
        np.savez(file, **arrays)
        return file.getvalue()


class KeptRows(NamedTuple):
    """What `Tails.content` holds, read again: rows carry the position of their code.

    Attributes
    ----------
    codes : list of str
    tails : list of Tail
    rows : mapping of str to ndarray
        ``daily``, ``bars``, ``past``, and by the names of `VALUE_FIELDS`.
    """

    codes: list[str]
    tails: list[Tail]
    rows: Mapping[str, np.ndarray]

    @classmethod
    def read(cls, file: Any) -> KeptRows:
        """From a file of `Tails.content`."""
        with np.load(file) as arrays:
            rows = {name.removeprefix("value_"): arrays[name] for name in arrays if name not in ("codes", "tails")}
            return cls(arrays["codes"].tolist(), [_tail(each) for each in arrays["tails"].tolist()], rows)


def codes_in(file: Any) -> tuple[list[str], list[str]]:
    """Codes in a file of `Tails.content`: those with bars or days, and those of which only tables say something."""
    with np.load(file) as arrays:
        codes, has_rows = arrays["codes"], (arrays["tails"] != np.array(NOTHING, "i4")).any(axis=1)
    return codes[has_rows].tolist(), codes[~has_rows].tolist()


def _tail(numbers: list[int]) -> Tail:
    is_cut, *days, is_held = numbers
    begins, bars_begin, opens, first, last = days
    return Tail(bool(is_cut), begins, bars_begin, opens, first, last, bool(is_held))


def _daily_from(daily: np.ndarray, tail: Tail) -> np.ndarray:
    """Daily rows of a tail; the first one says what holds from before, where it says nothing itself."""
    start = int(np.searchsorted(daily["when"], tail.begins))
    if start == 0 or start == len(daily):
        return daily[start:]
    kept = daily[start:].copy()
    for name in ("factor", "is_st"):
        known = np.flatnonzero(~np.isnan(daily[name][:start]))
        if np.isnan(kept[name][0]) and len(known):
            kept[name][0] = daily[name][known[-1]]
    return kept


def _values_from(values: np.ndarray, begins: int) -> np.ndarray:
    """The values that hold on a day and after it: the last before it, all from it on, and one without a date."""
    place = int(np.searchsorted(values["when"], begins, side="right")) - 1
    if place <= 0:
        return values
    place = int(np.searchsorted(values["when"], values["when"][place]))
    undated = values[:1] if place and values["when"][0] == ALWAYS else values[:0]
    return np.concatenate([undated, values[place:]])


def _made(days: np.ndarray, factor: np.ndarray) -> np.ndarray:
    rows = np.zeros(len(days), VALUE)
    rows["when"], rows["value"] = days, factor
    return rows


def _joined(codes: list[str], by_code: Mapping[str, np.ndarray], dtype: np.dtype) -> np.ndarray:
    """Rows of all stocks, each with the position of its code; files have no number any more."""
    pieces = [by_code.get(code, np.empty(0, dtype)) for code in codes]
    rows = np.concatenate([np.empty(0, dtype), *pieces])
    rows["stock"] = np.repeat(np.arange(len(codes)), [len(piece) for piece in pieces])
    if dtype is not PAST:
        rows["file"] = 0
    return rows
