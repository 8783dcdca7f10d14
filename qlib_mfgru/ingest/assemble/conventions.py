"""What all stocks share: the days, how the vendor's prices are meant, and what can be stored besides them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import IngestMapping, PriceInput
from qlib_mfgru.ingest.read.spool import Spool
from qlib_mfgru.ingest.report import IngestReport
from qlib_mfgru.provider.judge import Stated
from qlib_mfgru.provider.session import Session


@dataclass(frozen=True)
class Calendars:
    """Days of the provider, ascending, in days since 1970.

    Attributes
    ----------
    days : ndarray of shape (n_days,)
        All days.
    bar_days : ndarray of shape (n_bar_days,)
        The unbroken part from the first day with a bar to the last; may be empty.
    """

    days: np.ndarray
    bar_days: np.ndarray

    @classmethod
    def of(cls, spool: Spool) -> Calendars:
        """The days of what has been read."""
        days = np.array(sorted(spool.days), dtype="i8")
        first, last = (min(spool.bar_days), max(spool.bar_days)) if spool.bar_days else (0, -1)
        return cls(days, days[(days >= first) & (days <= last)])

    @property
    def dates(self) -> pd.DatetimeIndex:
        """All days as dates."""
        return pd.DatetimeIndex(self.dated.astype("datetime64[ns]"))

    @cached_property
    def dated(self) -> np.ndarray:
        """`days` as ``datetime64[D]``."""
        return self.days.astype("datetime64[D]")

    @cached_property
    def bar_span(self) -> slice:
        """Where `bar_days` lies in `days`."""
        first = int(np.searchsorted(self.days, self.bar_days[0])) if len(self.bar_days) else 0
        return slice(first, first + len(self.bar_days))


@dataclass(frozen=True)
class Conventions:
    """What holds for all stocks alike, by the mapping and by what the files turned out to have.

    Attributes
    ----------
    session : Session
    freqs : tuple of str
        Intraday frequencies that the provider holds, the finest first.
    bars_freq : str, optional
        The frequency of the vendor's bars; None without any.
    has_daily : bool
        There are daily rows; without them days are made from their bars.
    factorless : bool
        No factor is known: prices are stored as they came.
    daily_adjusted, bars_adjusted : bool
        The vendor's prices are adjusted already.
    daily_volume_adjusted, bars_volume_adjusted : bool
        The vendor's volumes are shares divided by the factor; where the mapping does not say, `evidence` does.
    factor_from_closes : bool
        The factor is that of the daily rows' previous closes.
    factor_table : bool
        Factors are in a table of their own.
    factor_events : bool
        The table of factors is one of events: before the first of them the factor is 1.
    daily_step, bars_step : float
        Shares that volumes in lots are rounded to; 0 where they are in shares.
    daily_units, bars_units : Stated, optional
        The units of volume and amount, where they are the same for all rows.
    typical_vwap : bool
        Where the amount is unknown, vwap is (open + high + low + close) / 4 instead of NaN.
    given_limits, special_treatment, float_shares, market_cap, industry : bool
        Some input has them.
    st_since_prices : bool
        Special treatment is known only as of today, and begins where prices allow it.
    st_holds : bool
        A table of flagged days has days without special treatment too, so that a flag holds until the next one.
    """

    session: Session
    freqs: tuple[str, ...]
    bars_freq: str | None
    has_daily: bool
    factorless: bool
    daily_adjusted: bool
    bars_adjusted: bool
    daily_volume_adjusted: bool
    bars_volume_adjusted: bool
    factor_from_closes: bool
    factor_table: bool
    factor_events: bool
    daily_step: float
    bars_step: float
    daily_units: Stated | None
    bars_units: Stated | None
    typical_vwap: bool
    given_limits: bool
    special_treatment: bool
    st_since_prices: bool
    float_shares: bool
    market_cap: bool
    industry: bool
    st_holds: bool = False

    @classmethod
    def of(cls, mapping: IngestMapping, report: IngestReport) -> Conventions:
        """From the mapping, and from the fields of the daily files.

        Raises
        ------
        InputError
            If prices are raw and there is no factor to adjust them.
        """
        prices = {source.prices for source in (mapping.bars, mapping.daily) if source}
        from_closes = mapping.daily is not None and mapping.daily.factor is not None
        has_factor = from_closes or mapping.factors is not None or report.has_field("daily", "factor")
        if not has_factor and ("raw" in prices or len(prices) > 1):
            raise InputError(
                "raw prices need a factor to adjust them: a factor column in daily, or factors, or previous closes and "
                "daily.factor: from_prev_close; or say prices: unadjusted for bars and daily"
            )
        return cls(
            session=mapping.session,
            freqs=mapping.bars.store if mapping.bars else (),
            bars_freq=mapping.bars.freq if mapping.bars else None,
            has_daily=mapping.daily is not None,
            factorless=not has_factor or "unadjusted" in prices,
            daily_adjusted=mapping.daily is not None and mapping.daily.prices == "adjusted",
            bars_adjusted=mapping.bars is not None and mapping.bars.prices == "adjusted",
            daily_volume_adjusted=mapping.daily is not None and bool(mapping.daily.volume_adjusted),
            bars_volume_adjusted=mapping.bars is not None and bool(mapping.bars.volume_adjusted),
            factor_from_closes=from_closes,
            factor_table=mapping.factors is not None,
            factor_events=mapping.factors is not None and mapping.factors.before_first == "one",
            daily_step=_volume_step(mapping.daily, mapping.session),
            bars_step=_volume_step(mapping.bars, mapping.session),
            daily_units=_stated(mapping.daily),
            bars_units=_stated(mapping.bars),
            typical_vwap=mapping.missing_vwap == "typical",
            given_limits=mapping.limits is not None
            or any(report.has_field("daily", limit) for limit in ("limit_up", "limit_down")),
            special_treatment=mapping.session.special_treatment
            and (mapping.st is not None or report.has_field("daily", "is_st")),
            st_since_prices=mapping.st is not None and mapping.st.from_name and mapping.st.since == "prices",
            float_shares=mapping.float_shares is not None,
            market_cap=mapping.market_cap is not None,
            industry=mapping.industry is not None,
        )

    @cached_property
    def bar_edges(self) -> tuple[int, int]:
        """When the first and the last bar of the session end at the vendor's frequency, in minutes of the day."""
        ends = self.session.bar_ends(self.bars_freq or self.freqs[0])
        return int(ends[0]), int(ends[-1])

    @property
    def raw_known(self) -> bool:
        """Raw prices are known: not so if prices are adjusted by a factor that nobody gives.

        Then amount / volume is on another scale than the prices, and there are neither limits nor market caps.
        """
        return not (self.factorless and (self.daily_adjusted or self.bars_adjusted))

    @property
    def all_raw(self) -> bool:
        """Neither prices nor volumes are adjusted already."""
        prices_adjusted = self.daily_adjusted or self.bars_adjusted
        return not (prices_adjusted or self.daily_volume_adjusted or self.bars_volume_adjusted)

    @property
    def has_limits(self) -> bool:
        """Limit prices can be stored: the market has them, and raw prices are known."""
        return self.session.price_limits and self.raw_known

    @property
    def vwap_stand_in(self) -> str:
        """What vwap is where the amount is unknown, in words."""
        return "(open + high + low + close) / 4" if self.typical_vwap else "NaN"

    def notes(self) -> Iterator[str]:
        """What is derived or assumed by these conventions."""
        if self.factorless:
            kind = "adjusted" if self.daily_adjusted or self.bars_adjusted else "unadjusted"
            yield f"no factor: prices are stored as they came ({kind})"
        if self.factor_from_closes:
            yield "$factor: the running product of close(t-1) / prev_close(t), 1 on a stock's first day"
        if self.market_cap and self.float_shares:
            yield "$market_cap: as given on a day, else float shares times the close"
        if not self.raw_known:
            yield "raw prices are unknown: no limit prices, no $market_cap of float shares, $vwap from prices alone"
        elif self.session.has_boards:
            vendors = "as given, where missing" if self.given_limits else "none given:"
            yield f"$limit_up, $limit_down: {vendors} derived from the boards' rules and the previous raw close"
            if not self.special_treatment:
                yield "special treatment is not known: derived limits are those of ordinary shares"
        elif self.has_limits:
            vendors = "as given" if self.given_limits else "none given, so that no limit is ever reached"
            yield f"$limit_up, $limit_down: {vendors}; none is derived, since the boards' rules are those of A-shares"
        if absent := self.session.absent_fields:
            yield f"{', '.join(f'${name}' for name in absent)}: not stored, the session has none"
        if not self.has_daily:
            yield "daily bars: made from the intraday bars"


def _volume_step(source: PriceInput | None, session: Session) -> float:
    return float(session.lot or 0) if source and "lots" in source.volume_units.values() else 0.0


def _stated(source: PriceInput | None) -> Stated | None:
    if source is None or max(len(source.volume_units), len(source.amount)) > 1:
        return None
    return Stated(next(iter(source.volume_units.values())), next(iter(source.amount.values())))
