"""Stocks whose dates are a day early or late: their returns go with the market's of another day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from qlib_mfgru.provider.judge.series import StockSeries

SHIFTED = "stocks whose returns go with the market's of the day before or after"
CAUSE = "all of their dates are shifted, in bars and days alike: look at the stamps of their files"

DAYS = 120
"""Returns of a stock that are needed, with all three days of the market around each."""
OTHERS = 30
"""Other stocks that make up the market's return of a day."""
FOLLOWS, AHEAD = 0.3, 0.25
"""What the correlation with the market's return of another day must be, and by how much it must beat that of the same.

Of 4,595 real A-shares with 120 returns or more between 2012 and 2022 the largest lead is 0.08; cut to 120 days, 0.17.
"""
_AT_A_TIME = 64
"""Stocks whose correlations are computed together: what memory grows with."""
_LARGEST = 0.25
"""Returns beyond it are no part of a correlation."""


class Shifts:
    """Remembers the daily returns of all stocks, two bytes each, and compares each with the mean of the others.

    Attributes
    ----------
    n_days : int
        Days that all stocks have; 0 before there is one.
    """

    def __init__(self) -> None:
        self._returns: dict[str, tuple[int, np.ndarray]] = {}
        self.n_days = 0

    def add(self, series: StockSeries) -> None:
        """Remember the returns of a stock from a day to the next; all have the same days."""
        moves, self.n_days = series.moves, len(series.days)
        returns = moves.raw + moves.change
        is_known = (np.diff(moves.places) == 1) & (np.abs(returns) < _LARGEST)
        if is_known.sum() >= DAYS:
            first, last = moves.places[[1, -1]]
            dense = np.full(last - first + 1, np.nan, dtype="f2")
            dense[moves.places[1:][is_known] - first] = returns[is_known]
            self._returns[series.code] = int(first), dense

    def add_all(self, other: Shifts) -> None:
        """Remember the returns of other stocks."""
        self._returns |= other._returns
        self.n_days = max(self.n_days, other.n_days)

    def mean(self, members: Mapping[str, np.ndarray] | None = None, least: int = OTHERS) -> np.ndarray:
        """Mean return of a day, of all stocks or of members; shape (n_days,), NaN on days with fewer than `least`.

        Parameters
        ----------
        members : mapping of str to ndarray of bool, shape (n_days,)
            The days on which a stock is one, by code.
        """
        total, count = np.zeros((2, self.n_days))
        for code, (first, returns) in self._returns.items():
            span = slice(first, first + len(returns))
            own = returns.astype("f8")
            if members is not None:
                own[~members[code][span] if code in members else slice(None)] = np.nan
            total[span] += np.nan_to_num(own)
            count[span] += ~np.isnan(own)
        mean = np.full(self.n_days, np.nan)
        return np.divide(total, count, out=mean, where=count >= least)

    def judged(self) -> Iterator[tuple[str, str]]:
        """Yield each stock that can be judged, and how it is shifted: ``SH600000 a day early``; empty where it is not.

        A stock is shifted where the correlation of its returns with the market's of the day before or after is at
        least `FOLLOWS`, and `AHEAD` more than with that of the same day.
        """
        # a day more at both ends, on which there is no market
        total, count = np.zeros((2, self.n_days + 2))
        for first, returns in self._returns.values():
            span = slice(first + 1, first + 1 + len(returns))
            total[span] += np.nan_to_num(returns)
            count[span] += ~np.isnan(returns)
        codes = list(self._returns)
        for start in range(0, len(codes), _AT_A_TIME):
            block = codes[start : start + _AT_A_TIME]
            own = np.full((len(block), len(total)), np.nan)
            for row, code in zip(own, block, strict=True):
                first, returns = self._returns[code]
                row[first + 1 : first + 1 + len(returns)] = returns
            others, market = count - ~np.isnan(own), np.full_like(own, np.nan)
            np.divide(total - np.nan_to_num(own), others, out=market, where=others >= OTHERS)
            for code, shift in zip(block, shifts_of(own[:, 1:-1], market), strict=True):
                if shift is not None:
                    yield code, f"{code} {shift}" if shift else ""


def shifts_of(own: np.ndarray, market: np.ndarray) -> list[str | None]:
    """How returns are shifted against a market's: ``a day early``; empty where they are not, None of too few days.

    Parameters
    ----------
    own : ndarray of shape (n_series, n)
    market : ndarray of shape (n_series, n + 2) or (n + 2,)
        From the day before the first to the day after the last.
    """
    market = np.broadcast_to(market, (len(own), own.shape[1] + 2))
    around = np.stack([market[:, :-2], market[:, 1:-1], market[:, 2:]])
    known = ~np.isnan(own) & ~np.isnan(around).any(axis=0)
    before, same, after = _correlations(own, around, known)
    is_shifted = np.maximum(before, after) >= np.maximum(FOLLOWS, same + AHEAD)
    said = np.where(is_shifted, np.where(after > before, "a day early", "a day late"), "")
    return [shift if n >= DAYS else None for shift, n in zip(said.tolist(), known.sum(axis=1).tolist(), strict=True)]


def _correlations(own: np.ndarray, around: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Correlation over the known days of returns with each of three; shape (3, n_series), 0 where nothing moves."""
    n_known = np.maximum(known.sum(axis=1, keepdims=True), 1)
    own, around = (np.where(known, each, 0.0) for each in (own, around))
    own, around = (np.where(known, each - each.sum(axis=-1, keepdims=True) / n_known, 0.0) for each in (own, around))
    sizes = np.sqrt((own * own).sum(axis=1) * (around * around).sum(axis=2))
    return np.divide((around * own).sum(axis=2), sizes, out=np.zeros(sizes.shape), where=sizes > 0)
