"""Stocks with identical days under two codes: most likely one stock whose code changed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import numpy as np

TWINS = "pairs of codes with identical days, one stock under two codes (renames makes it one)"
"""What is said of them."""
_DAYS = 3
"""Identical days from which on two codes are one stock."""
_HELD = 4_000_000
"""Days that are remembered; of more, those with an even, later a fourth, hash and so on, the same of all stocks."""
_DAY_HASH = np.dtype([("hash", "u8"), ("stock", "i4"), ("day", "i4")])


class Twins:
    """Remembers the days of all stocks by a hash of date, prices and volume."""

    def __init__(self) -> None:
        self._codes: list[str] = []
        self._pieces: list[np.ndarray] = []
        self._n_held, self._every = 0, 1

    def add(self, code: str, days: np.ndarray, values: Sequence[np.ndarray]) -> None:
        """Remember days of a stock.

        Parameters
        ----------
        days : ndarray of int, shape (n_days,)
            Since 1970.
        values : sequence of ndarray of shape (n_days,)
            Prices and volume, raw or all adjusted, the same of all stocks; days without a volume are none.
        """
        traded = values[-1] > 0
        piece = np.empty(int(traded.sum()), _DAY_HASH)
        piece["hash"] = _hashes(days[traded], [each[traded] for each in values])
        piece["stock"], piece["day"] = len(self._codes), days[traded]
        self._codes.append(code)
        self._hold(piece)

    def add_all(self, other: Twins) -> None:
        """Remember the days of other stocks."""
        for piece in other._pieces:
            piece["stock"] += len(self._codes)
            self._hold(piece)
        self._codes += other._codes

    def _hold(self, piece: np.ndarray) -> None:
        self._pieces.append(piece if self._every == 1 else piece[piece["hash"] % self._every == 0])
        self._n_held += len(self._pieces[-1])
        while self._n_held > _HELD:
            self._every *= 2
            self._pieces = [piece[piece["hash"] % self._every == 0] for piece in self._pieces]
            self._n_held = sum(map(len, self._pieces))

    def pairs(self, since: int | None = None, new: Collection[str] = ()) -> Iterator[str]:
        """Pairs of codes with identical days: both codes, the first and the last such day.

        Parameters
        ----------
        since : int, optional
            Leave out pairs whose days before this one, since 1970, are enough to have told of them.
        new : collection of str
            Codes of which nothing was known then.
        """
        rows = np.concatenate([np.empty(0, _DAY_HASH), *self._pieces])
        order = np.argsort(rows["hash"])
        hashes = rows["hash"][order]
        is_same, is_twice = hashes[1:] == hashes[:-1], np.zeros(len(hashes), dtype=bool)
        is_twice[1:] |= is_same
        is_twice[:-1] |= is_same
        rows = np.sort(rows[order[is_twice]], order=["hash", "stock"])
        days: dict[tuple[int, int], list[int]] = {}
        for place in np.flatnonzero(rows["hash"][1:] == rows["hash"][:-1]):
            one, other = rows[place], rows[place + 1]
            if one["stock"] != other["stock"]:
                days.setdefault((int(one["stock"]), int(other["stock"])), []).append(int(one["day"]))
        for (one, other), each in sorted(days.items()):
            codes = sorted([self._codes[one], self._codes[other]])
            n_known = 0 if since is None or not {*new}.isdisjoint(codes) else sum(day < since for day in each)
            if len(each) * self._every >= _DAYS and n_known < _DAYS:
                first, last = np.array([min(each), max(each)], "M8[D]")
                yield f"{' and '.join(codes)}, {first} .. {last}"


def _hashes(days: np.ndarray, values: Sequence[np.ndarray]) -> np.ndarray:
    """A hash of each day's date, prices and volume; shape (n_days,)."""
    columns = [days.astype("u8"), *(each.astype("f4").view("u4").astype("u8") for each in values)]
    hashes = np.zeros(len(days), "u8")
    for column in columns:
        # the steps of splitmix64, one for each value
        hashes = (hashes ^ column) * np.uint64(0x9E3779B97F4A7C15)
        hashes ^= hashes >> np.uint64(29)
    return hashes
