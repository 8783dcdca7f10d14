"""What stocks and indices are called: as A-shares are, or plainly."""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import numpy as np

BOARDS: tuple[tuple[str, int, float], ...] = (
    ("SH", 600000, 0.35),
    ("SZ", 1, 0.30),
    ("SZ", 300001, 0.20),
    ("SH", 688001, 0.15),
)
"""Exchange, first code and share of the stocks: two main boards, ChiNext, STAR."""


class Index(NamedTuple):
    """Market of the provider, code of its level, and share of the listed stocks in it."""

    market: str
    code: str
    share: float


ASHARE_INDICES = (
    Index("csi300", "SH000300", 0.15),
    Index("csi500", "SH000905", 0.25),
    Index("csi1000", "SH000852", 0.30),
    Index("cni2000", "SZ399303", 0.25),
)
"""The largest stocks come first; the rest are in none."""
PLAIN_INDICES = tuple(
    Index(name, name.upper(), index.share)
    for name, index in zip(("large", "mid", "small", "micro"), ASHARE_INDICES, strict=True)
)


def indices(session: str) -> tuple[Index, ...]:
    """The four indices of a demo market, the largest first."""
    return ASHARE_INDICES if session == "ashare" else PLAIN_INDICES


def stock_codes(session: str, n: int) -> tuple[str, ...]:
    """Codes in ascending order, e.g. ``SH600000``, ``HK00001``, ``BABO`` or ``BABOUSD``."""
    match session:
        case "ashare":
            return _ashares(n)
        case "hk":
            return tuple(f"HK{number:05d}" for number in range(1, n + 1))
        case "crypto":
            return tuple(f"{ticker}USD" for ticker in _tickers(n))
    return _tickers(n)


def _ashares(n: int) -> tuple[str, ...]:
    """Each board with its share of the codes."""
    edges = np.round(np.cumsum([0.0, *(share for _, _, share in BOARDS)]) * n).astype(int)
    board = np.repeat(np.arange(len(BOARDS)), np.diff(edges))
    return tuple(sorted(f"{BOARDS[b][0]}{BOARDS[b][1] + i - edges[b]:06d}" for i, b in enumerate(board)))


def _tickers(n: int) -> tuple[str, ...]:
    """Four letters that can be spoken, spread over the alphabet."""
    words = ["".join(letters) for letters in product("BCDFGKLMNPRSTVWZ", "AEIOU", "BCDFGKLMNPRSTVXZ", "AEIOU")]
    return tuple(words[i * len(words) // n] for i in range(n))
