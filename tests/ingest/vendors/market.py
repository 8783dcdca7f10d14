"""A market of four stocks and five days whose truth is known: raw bars, days, factors, special treatment."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from qlib_mfgru.ingest.mapping import IngestMapping
from qlib_mfgru.ingest.pipeline import ingest

from ..vendor import make_bars

DAYS = pd.DatetimeIndex(["2025-03-03", "2025-03-04", "2025-03-05", "2025-03-06", "2025-03-07"])
CODES = {"600000": "SH600000", "000001": "SZ000001", "300750": "SZ300750", "688981": "SH688981"}
EX_DATES = {"600000": (DAYS[2], 1.25), "688981": (DAYS[3], 2.0)}
"""Stock -> its ex-date, and what a share held before it has become."""
SUSPENDED = ("300750", DAYS[3])
SPECIAL = ("000001", DAYS[3])
"""A stock under special treatment, and since when."""
HOW = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum", "amount": "sum"}
PRICES = ["open", "high", "low", "close"]


@dataclass(frozen=True)
class Market:
    """Raw rows as the exchange would give them: `symbol` of six digits, shares and yuan.

    Attributes
    ----------
    minutes : dict of str to DataFrame
        Bars by frequency, stamped at their ends; 15min ones are made of those of 5min.
    daily : DataFrame
        Also with `prev_close` (ex-rights), `factor`, `name` on that day and `is_st`; no row on a suspended day.
    """

    minutes: dict[str, pd.DataFrame]
    daily: pd.DataFrame

    @classmethod
    def make(cls) -> Market:
        """The same market each time."""
        fine = make_bars(tuple(CODES), DAYS, "5min")
        day = fine["datetime"].dt.normalize()
        fine = fine[~((fine["symbol"] == SUSPENDED[0]) & (day == SUSPENDED[1]))].reset_index(drop=True)
        for stock, (ex_date, ratio) in EX_DATES.items():
            after = (fine["symbol"] == stock) & (fine["datetime"] >= ex_date)
            fine.loc[after, PRICES] = (fine.loc[after, PRICES] / ratio).round(2)
        fine["high"] = fine[PRICES].max(axis=1)
        fine["low"] = fine[PRICES].min(axis=1)
        fine["amount"] = (fine["volume"] * (fine["open"] + fine["close"]) / 2).round(2)
        quarter = fine["datetime"].dt.ceil("15min")
        coarse = fine.groupby(["symbol", quarter]).agg(HOW).reset_index()
        daily = fine.groupby(["symbol", fine["datetime"].dt.normalize().rename("date")]).agg(HOW).reset_index()
        return cls({"5min": fine, "15min": coarse}, _with_reference(daily))

    @property
    def events(self) -> pd.DataFrame:
        """Factors, a row an ex-date: symbol, date, factor."""
        before = self.daily.groupby("symbol")["factor"].shift().fillna(1.0)
        return self.daily.loc[self.daily["factor"] != before, ["symbol", "date", "factor"]]

    def provider(self, folder: Path) -> Path:
        """The truth as a provider, from plain files."""
        source = folder / "plain"
        source.mkdir(parents=True)
        self.minutes["5min"].to_csv(source / "bars.csv", index=False)
        self.daily.drop(columns="name").to_csv(source / "daily.csv", index=False)
        mapping = IngestMapping(bars={"files": "bars.csv", "freq": "5min", "stamps": "end"}, daily="daily.csv")  # type: ignore[arg-type]
        ingest(mapping, source, folder / "truth", quiet=True)
        return folder / "truth"


def _with_reference(daily: pd.DataFrame) -> pd.DataFrame:
    """Days with the exchange's previous close, the factor that it makes, names and the flag of special treatment."""
    close = daily.groupby("symbol")["close"].shift()
    ratio = pd.Series(1.0, daily.index)
    for stock, (ex_date, split) in EX_DATES.items():
        ratio[(daily["symbol"] == stock) & (daily["date"] == ex_date)] = split
    prev_close = (close / ratio).round(2).fillna(daily["open"])
    step = (close / prev_close).where(ratio != 1, 1.0)
    special = (daily["symbol"] == SPECIAL[0]) & (daily["date"] >= SPECIAL[1])
    return daily.assign(
        prev_close=prev_close,
        factor=step.groupby(daily["symbol"]).cumprod(),
        name=np.where(special, "*ST甲", "甲股份"),
        is_st=special.astype(int),
    )
