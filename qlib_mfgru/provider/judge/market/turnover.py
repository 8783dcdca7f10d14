"""How much of a market is traded on a day: a unit that volumes and amounts share shows in nothing else."""

from __future__ import annotations

import numpy as np

from qlib_mfgru.provider.boards import RULES
from qlib_mfgru.provider.judge.series import StockSeries

STOCKS = 30
"""Stocks that are a market."""
LEAST_VALUE, MOST_VALUE = 3e5, 2e10
"""Yuan that the middle stock of a market trades on its usual day, at least and at most.

Of 4,686 A-shares it traded 18 to 221 million in each year from 2012 to 2021; 161 million of 400 in 2026.
"""
LEAST_SHARE, MOST_SHARE = 4e-4, 0.35
"""The same as a share of its market capitalisation: a tenth of the least year's, and ten times that of the largest."""


class Turnover:
    """Remembers what each stock trades on its usual day, in yuan and as a share of its market capitalisation."""

    def __init__(self) -> None:
        self._values: list[float] = []
        self._shares: list[float] = []
        self._has_amounts = False

    def add(self, series: StockSeries) -> None:
        """Remember an A-share."""
        if not (series.board and RULES[series.board] and series.traded.any()):
            return
        with np.errstate(all="ignore"):
            value = np.where(series.amount > 0, series.amount, series.volume * series.prices["close"])[series.traded]
            share = value / np.where(series.market_cap > 0, series.market_cap, np.nan)[series.traded]
        self._values.append(float(np.median(value)))
        if not np.isnan(share).all():
            self._shares.append(float(np.nanmedian(share)))
        self._has_amounts |= bool((series.amount > 0).any() or (series.vwap > 0).any())

    def add_all(self, other: Turnover) -> None:
        """Remember other stocks."""
        self._values += other._values
        self._shares += other._shares
        self._has_amounts |= other._has_amounts

    @property
    def fault(self) -> str:
        """What no market trades, with the probable cause; empty where it may be, or there are too few stocks."""
        value, share = (np.median(each) if len(each) >= STOCKS else np.nan for each in (self._values, self._shares))
        if not np.isnan(value) and not LEAST_VALUE <= value <= MOST_VALUE:
            return self._of_value(value)
        if not np.isnan(share) and not LEAST_SHARE <= share <= MOST_SHARE:
            return self._of_share(share)
        return ""

    def _of_value(self, value: float) -> str:
        """Too little or too much in yuan."""
        is_small = value < LEAST_VALUE
        written = [f"volume: {'ten_thousand' if is_small else 'shares'}"]
        if self._has_amounts:
            written.append(f"amount: {'ten_thousand' if is_small else 'yuan'}")
        what = "volume and amount are" if self._has_amounts else "the volume is"
        return (
            f"the middle one of {len(self._values)} stocks trades {value:,.0f} yuan on its usual day, where A-shares "
            f"trade tens of millions: {what} in a {'larger' if is_small else 'smaller'} unit than said: write "
            f"{' and '.join(written)}, or scale them"
        )

    def _of_share(self, share: float) -> str:
        """Too little or too much of the market capitalisation; amounts that fit the volumes clear these."""
        what = "market_cap, or float_shares, is in another unit than said: write its unit"
        if not self._has_amounts:
            unit = "lots" if share < LEAST_SHARE else "shares"
            what = f"the volume is in another unit than said: write volume: {unit} if so; or {what}"
        return (
            f"the middle one of {len(self._shares)} stocks trades {share:.2g} of its market capitalisation on its "
            f"usual day, where A-shares trade 0.004 to 0.04: {what}"
        )
