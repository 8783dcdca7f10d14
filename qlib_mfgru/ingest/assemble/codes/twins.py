"""Stocks with identical days under two codes: most likely one stock whose code changed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qlib_mfgru.ingest.assemble.stock import Stock
from qlib_mfgru.ingest.read.spool import PRICES
from qlib_mfgru.ingest.read.stamps import day_text

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

    def add(self, stock: Stock) -> None:
        """Remember the live days of a stock."""
        live = np.flatnonzero(stock.live & (stock.daily["volume"] > 0))
        piece = np.empty(len(live), _DAY_HASH)
        piece["hash"] = _hashes(stock, live)
        piece["stock"], piece["day"] = len(self._codes), stock.calendars.days[live]
        self._codes.append(stock.code)
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

    def pairs(self) -> Iterator[str]:
        """Pairs of codes with identical days: both codes, the first and the last such day."""
        hashes = np.sort(np.concatenate([np.empty(0, "u8"), *(piece["hash"] for piece in self._pieces)]))
        twice = hashes[1:][hashes[1:] == hashes[:-1]]
        found = [piece[np.isin(piece["hash"], twice)] for piece in self._pieces] if len(twice) else []
        rows = np.sort(np.concatenate([np.empty(0, _DAY_HASH), *found]), order=["hash", "stock"])
        days: dict[tuple[int, int], list[int]] = {}
        for place in np.flatnonzero(rows["hash"][1:] == rows["hash"][:-1]):
            one, other = rows[place], rows[place + 1]
            if one["stock"] != other["stock"]:
                days.setdefault((int(one["stock"]), int(other["stock"])), []).append(int(one["day"]))
        for (one, other), each in sorted(days.items()):
            if len(each) * self._every >= _DAYS:
                codes = sorted([self._codes[one], self._codes[other]])
                yield f"{' and '.join(codes)}, {day_text(min(each))} .. {day_text(max(each))}"


def _hashes(stock: Stock, places: np.ndarray) -> np.ndarray:
    """A hash of each day's date, raw prices and volume; shape (n,)."""
    columns = [stock.calendars.days[places].astype("u8")]
    columns += [stock.daily[name][places].astype("f4").view("u4").astype("u8") for name in (*PRICES, "volume")]
    hashes = np.zeros(len(places), "u8")
    for column in columns:
        # the steps of splitmix64, one for each value
        hashes = (hashes ^ column) * np.uint64(0x9E3779B97F4A7C15)
        hashes ^= hashes >> np.uint64(29)
    return hashes
