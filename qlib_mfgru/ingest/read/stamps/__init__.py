"""Stamps as moments, and the grid of a session's bars that they have to be on."""

from qlib_mfgru.ingest.read.stamps.order import DateOrder
from qlib_mfgru.ingest.read.stamps.stamps import (
    MINUTES_A_DAY,
    clock_text,
    day_numbers,
    day_text,
    days_of_bars,
    join_date_time,
    minute_text,
    parse_stamps,
)

__all__ = [
    "MINUTES_A_DAY",
    "DateOrder",
    "clock_text",
    "day_numbers",
    "day_text",
    "days_of_bars",
    "join_date_time",
    "minute_text",
    "parse_stamps",
]
