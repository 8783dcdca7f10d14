"""``Session``: when a market trades and by which rules; a provider carries it, and everything reads it from there.

Every stamp in a provider of this package is the *end* of its bar: the first moment at which the bar is known. So a bar
that ends at midnight belongs to the day before.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Literal
from zoneinfo import ZoneInfo

import numpy as np
from pydantic import AfterValidator, BeforeValidator, model_validator
from typing_extensions import Self

from qlib_mfgru.settings import Count, Flag, Len, Listed, Settings, Text, checked

if TYPE_CHECKING:  # a mapping names a session, and is checked before anything heavy is imported
    import pandas as pd

Freq = Literal["1min", "5min", "15min", "30min", "60min"]

FREQS: tuple[Freq, ...] = ("60min", "30min", "15min", "5min", "1min")
"""Intraday frequencies that a provider may hold, the coarsest first."""

_DAY = 24 * 60
_MACHINES_ZONES = frozenset({"localtime", "posixrules", "Factory"})
"""Files beside the zones of the IANA that say another time on another machine."""
_SPAN = re.compile(r"(\d{2}):(\d{2})-(\d{2}):(\d{2})")


@lru_cache(maxsize=256)
def _minutes(span: str) -> tuple[int, int]:
    """Start and end of ``09:30-11:30`` in minutes after midnight."""
    matched = _SPAN.fullmatch(span)
    clock = [int(number) for number in matched.groups()] if matched else []
    if not clock or clock[1] > 59 or clock[3] > 59:
        raise ValueError("must be a time of the day such as 09:30-11:30")
    start, end = clock[0] * 60 + clock[1], clock[2] * 60 + clock[3]
    if not start < end <= _DAY:
        raise ValueError("must end after it starts, and by 24:00")
    return start, end


def _span(text: str) -> str:
    _minutes(text)
    return text


def _zone(name: str) -> str:
    try:
        if name in _MACHINES_ZONES:
            raise ValueError(f"{name} is what the machine is set to")
        ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:  # not found is a KeyError or an OSError by what the system has
        raise ValueError("must be a time zone such as Asia/Shanghai") from error
    return name


Hours = Annotated[Text, AfterValidator(_span)]
"""A part of the day, ``09:30-11:30``."""


class Session(Settings):
    """When a market trades, and what follows for bars, lots, limits and annual figures.

    Attributes
    ----------
    hours : tuple of str
        Parts of the day with continuous trading, in order: ``("09:30-11:30", "13:00-15:00")``.
    zone : str
        Time zone of the hours, as the IANA names it; zoned stamps are brought to it.
    days_per_year : int
        Trading days that annual figures are made from; the Huatai report's tables count 252.
    lot : int or None
        Shares in a lot; None where any fraction trades.
    price_limits, special_treatment : bool
        Whether the boards' limit prices, and the flag ST, exist: see `absent_fields`.
    codes : {"ashare", "plain"}
        How stocks are named: by six digits and an exchange, or as the vendor does, in upper case.
    auctions : tuple of str
        Parts of the day, apart from the hours, whose bars are left out, such as a closing auction after hours.
    calls : tuple of str
        Auctions whose trades belong to the bar beside them: before the opening to the first one, else to the last.
    weekends : bool
        Whether there is trading on Saturdays and Sundays.
    """

    hours: Annotated[tuple[Hours, ...], Listed, Len(1)]
    zone: Annotated[Text, AfterValidator(_zone)]
    days_per_year: Count = 252
    lot: Count | None = 1
    price_limits: Flag = False
    special_treatment: Flag = False
    codes: Literal["ashare", "plain"] = "plain"
    auctions: Annotated[tuple[Hours, ...], Listed] = ()
    calls: Annotated[tuple[Hours, ...], Listed] = ()
    weekends: Flag = False

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        ends = [minute for span in self.spans for minute in span]
        if ends != sorted(ends):
            raise ValueError(f"hours must be in order and apart, not {', '.join(self.hours)}")
        for auction, (first, last) in zip(self.auctions, self.auction_spans, strict=True):
            if any(first < end and start < last for start, end in self.spans):
                raise ValueError(f"auctions must lie outside the hours {', '.join(self.hours)}, not {auction}")
        return self

    @property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """Start and end of each part of the day, in minutes after midnight."""
        return tuple(_minutes(span) for span in self.hours)

    @property
    def auction_spans(self) -> tuple[tuple[int, int], ...]:
        """Start and end of each auction, in minutes after midnight."""
        return tuple(_minutes(span) for span in self.auctions)

    @property
    def call_spans(self) -> tuple[tuple[int, int], ...]:
        """Start and end of each call, in minutes after midnight."""
        return tuple(_minutes(span) for span in self.calls)

    @property
    def opening(self) -> int:
        """When the day opens, in minutes after midnight."""
        return self.spans[0][0]

    @property
    def has_boards(self) -> bool:
        """Whether `boards` knows the rules by which limit prices are derived: those of A-shares."""
        return self.price_limits and self.codes == "ashare"

    @property
    def absent_fields(self) -> tuple[str, ...]:
        """Daily fields that a market of this session does not have."""
        limits = () if self.price_limits else ("limit_up", "limit_down")
        return (*limits, *(() if self.special_treatment else ("is_st",)))

    @property
    def last_second(self) -> str:
        """When the day ends, as a member's span in ``instruments/*.txt`` does; at midnight a second before it, which
        would be the next day's."""
        end = self.spans[-1][1]
        return "23:59:59" if end == _DAY else f"{end // 60:02}:{end % 60:02}:00"

    def bar_ends(self, freq: str) -> np.ndarray:
        """Bar ends of one day, in minutes after midnight, ascending; shape (bars_per_day,).

        For A-shares ``15min`` gives 16 ends: 09:45 .. 11:30, 13:15 .. 15:00. The last bar of a part of the day is
        shorter where the frequency does not divide it.

        Raises
        ------
        InputError
            A frequency that is none of `FREQS`.
        """
        step = freq_minutes(freq)
        return np.concatenate([np.append(np.arange(start + step, end, step), end) for start, end in self.spans])

    def bar_starts(self, freq: str) -> np.ndarray:
        """Where the bars of `bar_ends` begin, in minutes after midnight; shape (bars_per_day,)."""
        step = freq_minutes(freq)
        return np.concatenate([np.arange(start, end, step) for start, end in self.spans])

    def in_call(self, minutes: np.ndarray) -> np.ndarray:
        """Whether a bar with that stamp, in minutes after midnight, may see no trade because a call is on."""
        spans = [(minutes >= start) & (minutes < end) for start, end in self.call_spans]
        return np.any([np.zeros(len(minutes), dtype=bool), *spans], axis=0)

    def calendar(self, days: pd.DatetimeIndex, freq: str) -> pd.DatetimeIndex:
        """Bar-end stamps of `days`, ascending; length ``len(days) * bars_per_day``."""
        import pandas as pd

        minutes = self.bar_ends(freq).astype("timedelta64[m]")
        stamps = days.to_numpy().astype("datetime64[s]")[:, None] + minutes[None, :]
        return pd.DatetimeIndex(stamps.ravel())


def freq_minutes(freq: str) -> int:
    """Minutes of an intraday frequency, one of `FREQS`.

    Raises
    ------
    InputError
        If it is none of these.
    """
    return int(str(checked(Freq, "freq", freq)).removesuffix("min"))


def days_of(stamps: pd.DatetimeIndex) -> np.ndarray:
    """The day of each bar by its end, ``datetime64[D]`` of shape (n,): a bar that ends at midnight ends the day."""
    return (stamps.to_numpy() - np.timedelta64(1, "s")).astype("datetime64[D]")


ASHARE = Session(
    hours=("09:30-11:30", "13:00-15:00"),
    zone="Asia/Shanghai",
    lot=100,
    price_limits=True,
    special_treatment=True,
    codes="ashare",
    calls=("09:15-09:25", "14:57-15:00"),
)
SESSIONS: dict[str, Session] = {
    "ashare": ASHARE,
    "us": Session(hours=("09:30-16:00",), zone="America/New_York"),
    "hk": Session(
        hours=("09:30-12:00", "13:00-16:00"),
        zone="Asia/Hong_Kong",
        days_per_year=246,
        lot=100,
        auctions=("16:00-16:10",),
    ),
    "crypto": Session(hours=("00:00-24:00",), zone="UTC", days_per_year=365, lot=None, weekends=True),
}
"""Sessions that have a name."""


def _named(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if value not in SESSIONS:
        raise ValueError(f"must be one of {', '.join(SESSIONS)}, or a table with hours and zone")
    return SESSIONS[value]


SessionSetting = Annotated[Session, BeforeValidator(_named)]
"""A session by its name, or as a table of its attributes."""
