"""``Market``: what a provider says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.provider import reader
from qlib_mfgru.provider.index.coverage import index_held
from qlib_mfgru.provider.manifest import read_manifest
from qlib_mfgru.provider.session import Session

DEMO = "mfgru demo"


@dataclass(frozen=True)
class Market:
    """A provider.

    Attributes
    ----------
    folder : Path
    manifest : mapping
        Its ``mfgru.json``; empty where another program made it.
    session : Session
    calendars : DataFrame
        ``freq``, ``first``, ``last``, ``days``: a row for each frequency.
    markets : DataFrame
        ``market``, ``stocks`` (that were ever in it), ``covered`` (mean share of the index that the provider holds;
        NaN where it does not say): a row for each list of stocks.
    """

    folder: Path
    manifest: Mapping[str, Any]
    session: Session
    calendars: pd.DataFrame
    markets: pd.DataFrame

    @property
    def covers_known(self) -> bool:
        """Whether it says of any index which share it holds."""
        return bool(self.markets["covered"].notna().any())

    @property
    def is_synthetic(self) -> bool:
        """Whether it is a demo market."""
        return self.manifest.get("made_by") == DEMO

    @property
    def n_stocks(self) -> int:
        """Stocks that were ever listed."""
        return int(self.markets.set_index("market")["stocks"].get("all", 0))


def read_market() -> Market:
    """The initialised provider.

    Raises
    ------
    InputError
        A file that is damaged.
    """
    folder = reader.provider_path("day")
    frequencies = reader.ProviderFolder().frequencies()
    days = reader.calendar("day")
    return Market(
        folder,
        read_manifest(folder),
        reader.market_session(),
        pd.DataFrame([_calendar(freq) for freq in frequencies]),
        pd.DataFrame([row for market in reader.markets() if (row := _market(folder, market, days))]),
    )


def _calendar(freq: str) -> dict[str, Any]:
    stamps = reader.calendar(freq)
    return {
        "freq": freq,
        "first": f"{stamps[0]:%Y-%m-%d}",
        "last": f"{stamps[-1]:%Y-%m-%d}",
        "days": len(stamps.normalize().unique()),
    }


def _market(folder: Path, market: str, days: pd.DatetimeIndex) -> dict[str, Any]:
    """Of a list without a stock nothing."""
    try:
        spans = reader.member_spans(market, "day")
    except InputError:
        return {}
    held = index_held(folder, market, days)
    covered = float("nan") if held is None else float(pd.Series(held).mean())
    return {"market": market, "stocks": len(spans), "covered": covered}
