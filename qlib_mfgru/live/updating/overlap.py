"""New rows beside those that are stored: which say the same, which say something else, and which come late."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.read.stamps import day_text

_NAMED = 5
_KEYS = frozenset({"stock", "when", "file"})
_SEVERAL = 3
"""Days of a stock from which on one ratio between new and stored prices is that of another adjustment."""
_SAME_RATIO = 1e-3
_DATE = len("2024-01-02")


class Conflict(NamedTuple):
    """A row of a stored day that says something else than what is stored.

    Attributes
    ----------
    code, when : str
    fields : tuple of str
        Those that differ.
    ratio : float
        Of the new close, or factor, to the stored one; NaN where there is none.
    is_early : bool
        It is of a day that an update cannot change.
    is_after_same : bool
        A price of an earlier day is the stored one.
    """

    code: str
    when: str
    fields: tuple[str, ...]
    ratio: float
    is_early: bool
    is_after_same: bool

    def __str__(self) -> str:
        return f"{self.code} {self.when} {', '.join(self.fields)}"


@dataclass
class Conflicts:
    """All rows that contradict what is stored.

    Attributes
    ----------
    cases : list of Conflict
    count : int
    n_early : int
    """

    cases: list[Conflict] = field(default_factory=list)

    def add(self, conflicts: Iterable[Conflict]) -> None:
        """Take some in."""
        self.cases += conflicts

    def check(self, *, revise: bool) -> None:
        """Stop where rows contradict what is stored, unless the later ones are to be taken and can be.

        Raises
        ------
        InputError
            With the first cases: stock, date and fields.
        """
        if (adjusted := self._adjusted_anew()) is not None:
            raise InputError(
                f"{adjusted.code}: prices or factors of stored days are {adjusted.ratio:.6g} times what is stored: "
                "they are adjusted to the newest day, and change with every event: ingest all files again, or give "
                "raw prices"
            )
        cases = [case for case in self.cases if case.is_early] if revise else self.cases
        if not cases:
            return
        named = "; ".join(map(str, cases[:_NAMED])) + (" .." if len(cases) > _NAMED else "")
        way_out = "--revise takes the later"
        if any(case.is_early for case in cases):
            way_out = "an update changes a stock's last days only: ingest all files again"
        raise InputError(f"{len(cases)} rows of stored days differ from what is stored: {named}: {way_out}")

    def _adjusted_anew(self) -> Conflict | None:
        """A case of a stock of which several days are the stored ones times one other number than 1.

        A stock that is adjusted anew is so on all days up to an event: prices before them are not the same.
        """
        ratios: dict[str, list[Conflict]] = {}
        for case in self.cases:
            if np.isfinite(case.ratio) and not case.is_after_same and {"close", "factor"} & {*case.fields}:
                ratios.setdefault(case.code, []).append(case)
        for cases in ratios.values():
            values = np.array([case.ratio for case in cases])
            middle, n_days = float(np.median(values)), len({case.when[:_DATE] for case in cases})
            if n_days >= _SEVERAL and abs(middle - 1) > _SAME_RATIO and np.ptp(values) < _SAME_RATIO * middle:
                return cases[0]
        return None


def differing(rows: np.ndarray, others: np.ndarray) -> dict[str, np.ndarray]:
    """Which fields of rows differ from those of others; NaN equals NaN; by field, each of shape (n,)."""
    names = [name for name in rows.dtype.names or () if name not in _KEYS]
    return {name: ~((rows[name] == others[name]) | (np.isnan(rows[name]) & np.isnan(others[name]))) for name in names}


def stored_twins(rows: np.ndarray) -> np.ndarray:
    """For each row the position of the stored one of the same stock and time, -1 where there is none; shape (n,).

    Stored rows have file 0; `rows` are sorted by stock and time, and begin with the stored one.
    """
    is_stored, positions = rows["file"] == 0, np.arange(len(rows))
    same = (rows["stock"][1:] == rows["stock"][:-1]) & (rows["when"][1:] == rows["when"][:-1])
    firsts = np.maximum.accumulate(np.where(np.append(False, same)[: len(rows)], 0, positions))
    return np.where(is_stored[firsts] & ~is_stored, firsts, -1) if len(rows) else positions


def skipped_rows(rows: np.ndarray, twins: np.ndarray) -> np.ndarray:
    """Stored rows that a new file does not have, though it has earlier and later ones of the stock; shape (n,).

    Rows and twins are as of `stored_twins`.
    """
    new = np.flatnonzero(rows["file"] != 0)
    key = (rows["stock"][new].astype("i8") << 32) + rows["file"][new]
    _, firsts = np.unique(key, return_index=True)
    _, lasts = np.unique(key[::-1], return_index=True)
    edges = np.zeros(len(rows) + 1, dtype=int)
    np.add.at(edges, new[firsts], 1)
    np.add.at(edges, new[::-1][lasts], -1)
    is_between = edges.cumsum()[:-1] > 0
    is_between[new] = False
    is_between[twins[twins >= 0]] = False
    return is_between


def after_same(rows: np.ndarray, is_same: np.ndarray) -> np.ndarray:
    """Rows of a stock that has an earlier one with a price that `is_same` as stored; shape (n,), sorted as above."""
    price = rows["close"] if "close" in (rows.dtype.names or ()) else rows["value"]
    places = np.flatnonzero(is_same & (price > 0))
    stocks, firsts = np.unique(rows["stock"][places], return_index=True)
    first = np.full(int(rows["stock"].max(initial=0)) + 1, np.iinfo("i8").max)
    first[stocks] = rows["when"][places][firsts]
    return np.asarray(rows["when"] > first[rows["stock"]])


def conflicts_of(
    rows: np.ndarray,
    others: np.ndarray,
    when: Sequence[str],
    early: np.ndarray,
    after: np.ndarray,
    codes: Sequence[str],
    name: str,
) -> list[Conflict]:
    """What differs between rows and the stored ones; of values, `name` is that of the only field.

    `early` and `after` are the conflicts' `is_early` and `is_after_same`.
    """
    masks: Mapping[str, np.ndarray] = differing(rows, others)
    close = "close" if "close" in masks else "value"
    cases = []
    for place in np.flatnonzero(np.any(list(masks.values()), axis=0)).tolist():
        fields = tuple(name if field == "value" else field for field, mask in masks.items() if mask[place])
        key = "factor" if "factor" in fields and close == "close" and "close" not in fields else close
        ratio = float(rows[key][place]) / float(others[key][place]) if others[key][place] else np.nan
        known = ratio if key != "value" or name == "factor" else np.nan
        code = codes[rows["stock"][place]]
        cases.append(Conflict(code, when[place], fields, known, bool(early[place]), bool(after[place])))
    return cases


def untold_conflicts(rows: np.ndarray, codes: Sequence[str], name: str) -> list[Conflict]:
    """Values of days that cannot be changed, and of which nothing is stored."""
    others = rows.copy()
    others["value"] = np.nan
    early, after = np.ones(len(rows), dtype=bool), np.zeros(len(rows), dtype=bool)
    return conflicts_of(rows, others, [day_text(each) for each in rows["when"]], early, after, codes, name)
