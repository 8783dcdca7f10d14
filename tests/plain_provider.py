"""A provider as qlib's own scripts write one: plain files without a manifest, prices and volumes adjusted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd


def write_plain_provider(
    folder: Path,
    series: Mapping[str, Mapping[str, pd.DataFrame]],
    markets: Mapping[str, list[str]],
    *,
    upper: bool = False,
) -> Path:
    """Write calendars, features and lists of instruments.

    Parameters
    ----------
    series : mapping of str to mapping of str to DataFrame
        Frequency -> code -> stored fields by stamp; each frequency's calendar is the union of its stamps.
    markets : mapping of str to list of str
        Market -> lines of code, start and end.
    upper : bool
        Folders of instruments are in upper case.
    """
    for name in ("calendars", "instruments", "features"):
        (folder / name).mkdir(parents=True)
    for freq, frames in series.items():
        calendar = pd.DatetimeIndex(sorted(set().union(*(frame.index for frame in frames.values()))))
        stamp = "%Y-%m-%d" if freq == "day" else "%Y-%m-%d %H:%M:%S"
        (folder / "calendars" / f"{freq}.txt").write_text("\n".join(calendar.strftime(stamp)))
        for code, frame in frames.items():
            place = folder / "features" / (code.upper() if upper else code.lower())
            place.mkdir(exist_ok=True)
            start = int(calendar.searchsorted(frame.index[0]))
            dense = frame.reindex(calendar[start : calendar.searchsorted(frame.index[-1]) + 1])
            for field, values in dense.items():
                np.concatenate([[start], values]).astype("<f4").tofile(place / f"{field}.{freq}.bin")
    for market, lines in markets.items():
        (folder / "instruments" / f"{market}.txt").write_text("\n".join(lines) + "\n")
    return folder


def adjusted(raw: pd.DataFrame, factor: pd.Series | float) -> pd.DataFrame:
    """Raw rows as they are stored: prices times the factor, volume divided by it."""
    fields = {name: raw[name] * factor for name in ("open", "high", "low", "close")}
    return pd.DataFrame({**fields, "volume": raw["volume"] / factor})
