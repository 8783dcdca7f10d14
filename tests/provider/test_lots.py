"""How many shares an order may have, by board and by session."""

from __future__ import annotations

import pytest

from qlib_mfgru.provider.lots import Lots, bought, lots_of, sold
from qlib_mfgru.provider.session import ASHARE, SESSIONS

MAIN, CHINEXT, STAR, BSE, FUND = "SH600000", "SZ300001", "SH688001", "BJ920001", "SH510300"


@pytest.mark.parametrize(
    ("code", "asked", "shares"),
    [
        *((MAIN, 99, 0), (MAIN, 100, 100), (MAIN, 257.9, 200), (MAIN, 299.9995, 300), (CHINEXT, 250, 200)),
        *((STAR, 100, 0), (STAR, 199.5, 0), (STAR, 200, 200), (STAR, 257.9, 257), (STAR, 199.9995, 200)),
        *((BSE, 99, 0), (BSE, 100, 100), (BSE, 157.9, 157), (FUND, 250, 200)),
    ],
)
def test_purchases(code: str, asked: float, shares: float) -> None:
    assert bought(asked, lots_of(code, ASHARE)) == shares


@pytest.mark.parametrize(
    ("code", "asked", "held", "shares"),
    [
        *((MAIN, 150, 350, 100), (MAIN, 350, 350, 350), (MAIN, 50, 50, 50), (MAIN, 50, 350, 0)),
        *((STAR, 100, 350, 0), (STAR, 250, 350, 250), (STAR, 150, 150, 150), (STAR, 400, 350, 350)),
        *((BSE, 150, 350, 150), (BSE, 99, 350, 0), (BSE, 99, 99, 99)),
        (MAIN, 105.3, 105.3, 105),
    ],
)
def test_sales(code: str, asked: float, held: float, shares: float) -> None:
    """A whole holding goes with its odd shares; a part of it as a purchase."""
    assert sold(asked, held, lots_of(code, ASHARE)) == shares


def test_other_markets() -> None:
    assert lots_of("AAPL", SESSIONS["us"]) == Lots(1, 1)
    assert bought(12.7, lots_of("AAPL", SESSIONS["us"])) == 12
    assert lots_of("00700", SESSIONS["hk"]) == Lots(100, 100)
    assert bought(0.25, lots_of("BTC-USDT", SESSIONS["crypto"])) == 0.25
    assert sold(0.25, 0.2, None) == 0.2
