"""One-minute rows of any market, with what a vendor stamps, and the bars that plain pandas makes of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from qlib_mfgru.provider.session import Session

HOW = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum", "amount": "sum"}


def minute_rows(symbol: str, starts: pd.DatetimeIndex, seed: int = 5) -> pd.DataFrame:
    """A row for each minute, `start` local; prices around 100 in cents, whole volumes, amount of the mean price."""
    random = np.random.default_rng([seed, *symbol.encode()])
    close = np.round(100 * np.exp(np.cumsum(random.normal(0, 0.001, len(starts)))), 2)
    open_ = np.round(close + random.integers(-2, 3, len(starts)) / 100, 2)
    volume = random.integers(1, 99, len(starts)) * 10
    return pd.DataFrame(
        {"symbol": symbol, "start": starts, "open": open_, "high": np.maximum(open_, close) + 0.01,
         "low": np.minimum(open_, close) - 0.01, "close": close, "volume": volume,
         "amount": volume * (open_ + close) / 2}
    )  # fmt: skip


def trading_minutes(days: Sequence[str], *spans: tuple[str, str]) -> pd.DatetimeIndex:
    """Minutes of days by their start, from literal spans such as ``("09:30", "16:00")``."""
    minutes = [
        pd.date_range(f"{day} {first}", f"{day} {last}", freq="1min", inclusive="left")
        for day in days
        for first, last in spans
    ]
    return pd.DatetimeIndex(np.concatenate(minutes))


def pandas_bars(rows: pd.DataFrame, minutes: int) -> pd.DataFrame:
    """Bars of one stock whose grid the hours of the clock fit (09:30 and 15 minutes), by their end."""
    ends = rows["start"].dt.floor(f"{minutes}min") + pd.Timedelta(minutes=minutes)
    bars = rows.groupby(ends).agg(HOW)
    return bars.assign(vwap=bars.pop("amount") / bars["volume"])


def stamped(rows: pd.DataFrame, session: Session, convention: str = "start") -> pd.DataFrame:
    """The rows as a vendor writes them, stamped in UTC text."""
    shift = pd.Timedelta(minutes=1 if convention == "end" else 0)
    utc = (rows["start"] + shift).dt.tz_localize(session.zone).dt.tz_convert("UTC")
    return rows.drop(columns="start").assign(timestamp=utc.astype("str"))
