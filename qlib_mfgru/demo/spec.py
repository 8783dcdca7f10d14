"""What a demo market is made from: its session, its size, its seed and the strength of its signals."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from qlib_mfgru.settings import Count, Ge, Le, NonNegative, Settings, Stamp, Whole

if TYPE_CHECKING:  # help on `mfgru demo` reads this file: it comes at once
    import numpy as np

    from qlib_mfgru.provider.session import Session

FREQ = "15min"
"""The intraday frequency of demo markets."""

MAX_STRENGTH = 3.0
"""Beyond this neither signal could be hidden from past returns any more (see `signal`)."""

Strength = Annotated[NonNegative, Le(MAX_STRENGTH)]
Day = Annotated[Stamp, AfterValidator(lambda stamp: f"{stamp:%Y-%m-%d}")]
"""A date, kept as text: a spec goes to JSON as it is."""


class DemoSpec(Settings):
    """Session, size, seed and signal strengths of a demo market, which is a pure function of them.

    The descriptions of the fields are those of ``mfgru demo --help``.

    Raises
    ------
    InputError
        If a value is out of its range.
    """

    n_stocks: Annotated[Whole, Ge(20), Le(6000)] = Field(200, description="number of stocks ever listed")
    n_days: Annotated[Whole, Ge(60)] = Field(978, description="trading days of daily bars")
    intraday_days: Count = Field(484, description="how many of the last days have 15-minute bars too")
    seed: Annotated[Whole, Ge(0)] = Field(0, description="random seed")
    daily_strength: Strength = Field(1.0, description="multiplier of the signal in daily bars; 0 for none")
    intraday_strength: Strength = Field(1.0, description="multiplier of the signal in 15-minute bars; 0 for none")
    start: Day = Field("2020-01-01", description="the market opens on this day, or on the first trading day after it")
    session: Literal["ashare", "us", "hk", "crypto"] = Field(
        "ashare", description="ashare, us, hk or crypto: hours, calendar, limits, lots, codes and indices"
    )

    @model_validator(mode="after")
    def _intraday_within_daily(self) -> DemoSpec:
        if self.intraday_days > self.n_days:
            raise ValueError(f"intraday_days is {self.intraday_days}: must be at most n_days, which is {self.n_days}")
        return self

    @property
    def rules(self) -> Session:
        """The market's session."""
        from qlib_mfgru.provider.session import SESSIONS

        return SESSIONS[self.session]

    def stream(self, *names: str | int) -> np.random.Generator:
        """Random numbers of one purpose.

        Each purpose has its own stream, so that a change in one part of the market leaves the others as they were.
        """
        import numpy as np

        return np.random.default_rng([self.seed, *(zlib.crc32(str(name).encode()) for name in names)])
