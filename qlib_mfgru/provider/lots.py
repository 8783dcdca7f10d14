"""The boards' lots: how many shares an order may have.

Sources: the exchanges' trading rules. On the main board and ChiNext an order is a multiple of 100 shares; on STAR it
has 200 or more, one by one above; on the Beijing exchange 100 or more, one by one above. Whoever sells a whole holding
sells the odd shares with it. The largest orders are those at a limit price; at the market's they are half as large on
STAR and ChiNext.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from qlib_mfgru.provider.boards import board_of
from qlib_mfgru.provider.session import Session


class Lots(NamedTuple):
    """Sizes of orders: `least` shares, or any number of `step` shares more, up to `most`."""

    least: int
    step: int
    most: float = math.inf


LOTS = {
    "main": Lots(100, 100, 1_000_000),
    "chinext": Lots(100, 100, 300_000),
    "star": Lots(200, 1, 100_000),
    "bse": Lots(100, 1, 1_000_000),
}
"""By the boards of `boards.RULES`; what is on no board has the lots of the market's session."""

_ROUNDING = 1e-3
"""Shares by which an amount that was computed may miss a whole number."""


def lots_of(code: str, session: Session) -> Lots | None:
    """Lots of a stock; None where any fraction trades.

    Parameters
    ----------
    code : str
        As the provider writes it.
    session : Session
        Of the market.
    """
    if session.lot is None:
        return None
    ordinary = Lots(session.lot, session.lot)
    return LOTS.get(board_of(code), ordinary) if session.has_boards else ordinary


def bought(asked: float, lots: Lots | None) -> float:
    """Shares of a purchase: as many of those asked for as orders may have, 0 where they are too few for one."""
    if lots is None:
        return asked
    shares = math.floor((asked + _ROUNDING) / lots.step) * lots.step
    return float(shares) if shares >= lots.least else 0.0


def sold(asked: float, held: float, lots: Lots | None) -> float:
    """Shares of a sale: all that are held, or else as of a purchase; of a share itself nothing less than one."""
    if lots is None:
        return min(asked, held)
    return float(math.floor(held + _ROUNDING)) if asked >= held * (1 - 1e-9) else bought(min(asked, held), lots)
