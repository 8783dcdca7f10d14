"""The boards' price-limit rules, and the dates on which they changed, as data.

Sources: the exchanges' trading rules and notices. Main-board ST shares moved from 5 % to 10 % with the rules in force
since 2026-07-06; ChiNext moved to 20 % with its registration reform on 2020-08-24; the main board has had five free
days for new shares since its own registration reform of 2023-04-10. Not covered, because prices do not show them: the
first day of a delisting period, the first day of a relisting, and shares that are not A-shares.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class LimitRule(NamedTuple):
    """Price limits of a board from a day on, as fractions of the reference price.

    `free_days` is the number of a new share's first trading days without a limit. `first_up` and `first_down` apply
    on the very first day instead, against the issue price; 0 where that day is free or like any other.
    """

    since: np.datetime64
    ratio: float
    st_ratio: float
    free_days: int
    first_up: float = 0.0
    first_down: float = 0.0


def _rule(since: str, ratio: float, st_ratio: float, free_days: int, *first: float) -> LimitRule:
    return LimitRule(np.datetime64(since, "D"), ratio, st_ratio, free_days, *first)


RULES: dict[str, tuple[LimitRule, ...]] = {
    "main": (
        _rule("1996-12-16", 0.10, 0.05, 1),
        _rule("2014-01-01", 0.10, 0.05, 0, 0.44, 0.36),
        _rule("2023-04-10", 0.10, 0.05, 5),
        _rule("2026-07-06", 0.10, 0.10, 5),
    ),
    "chinext": (
        _rule("2009-10-30", 0.10, 0.10, 1),
        _rule("2014-01-01", 0.10, 0.10, 0, 0.44, 0.36),
        _rule("2020-08-24", 0.20, 0.20, 5),
    ),
    "star": (_rule("2019-07-22", 0.20, 0.20, 5),),
    "bse": (_rule("2021-11-15", 0.30, 0.30, 1),),
    "other": (),
}
"""The rules of each board, oldest first.

``other`` are funds, B-shares and indices, whose limits and ticks the code does not tell.
"""

_SINCE = {board: np.array([rule.since for rule in rules], "datetime64[D]") for board, rules in RULES.items()}
_RATIOS = {board: np.array([np.nan, *(rule.ratio for rule in rules)]) for board, rules in RULES.items()}


def ordinary_ratio(days: np.ndarray, board: str | None) -> np.ndarray:
    """Price limit of ordinary shares, as a fraction of the reference price; shape (n_days,), NaN where there is none.

    Parameters
    ----------
    days : ndarray of shape (n_days,)
        ``datetime64[D]``.
    board : str, optional
        A key of `RULES`; None where the market has no boards.
    """
    if board is None:
        return np.full(len(days), np.nan)
    return np.asarray(_RATIOS[board][_SINCE[board].searchsorted(days, side="right")])


_BOARD_PREFIXES = (("SH60", "main"), ("SZ00", "main"), ("SH68", "star"), ("SZ30", "chinext"), ("BJ", "bse"))


def board_of(code: str) -> str:
    """Board of a code such as ``SH600000``: a key of `RULES`."""
    return next((board for prefix, board in _BOARD_PREFIXES if code.startswith(prefix)), "other")
