"""The truth behind a demo market: the latent states, stored as fields of the provider, and how well they predict."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.provider.manifest import read_manifest

TRUTH_FIELDS: dict[str, str] = {"daily": "truth_daily", "intraday": "truth_intraday"}
"""Daily provider field of each state: qlib reads them as ``$truth_daily`` and ``$truth_intraday``."""

PARTS: tuple[str, ...] = ("daily", "intraday", "combined")
"""Scores that can be had from the truth: each planted part, and both."""


@dataclass(frozen=True)
class Truth:
    """Latent states at each close, NaN where the stock is not listed.

    Attributes
    ----------
    instruments : ndarray of str, shape (n_stocks,)
    days : DatetimeIndex of length n_days
    daily, intraday : ndarray of float32, shape (n_days, n_stocks)
        See `qlib_mfgru.demo.signal`; variance about 1.
    daily_strength, intraday_strength : float
        The market's multipliers.
    """

    instruments: np.ndarray
    days: pd.DatetimeIndex
    daily: np.ndarray
    intraday: np.ndarray
    daily_strength: float
    intraday_strength: float

    def score(self, part: str) -> pd.DataFrame:
        """The oracle's score, days by instruments; `part` is one of `PARTS`.

        With one strength at 0 the combined score is the other part alone; with both at 0 it is their plain sum, so
        that a control market has an oracle too, whose IC should be near 0.
        """
        strengths = self.daily_strength, self.intraday_strength
        weights = {"daily": (1.0, 0.0), "intraday": (0.0, 1.0), "combined": strengths if any(strengths) else (1.0, 1.0)}
        daily, intraday = weights[part]
        return pd.DataFrame(daily * self.daily + intraday * self.intraday, self.days, self.instruments)


def load_truth(provider: Path | str) -> Truth:
    """Read the truth of the demo market in the folder `provider`.

    Raises
    ------
    InputError
        If the folder is not a demo market.
    """
    root = Path(provider).expanduser()
    manifest = read_manifest(root)
    if "spec" not in manifest:
        raise InputError(f"{root} is not a demo market: make one with `mfgru demo --target {root}`")
    days = pd.DatetimeIndex((root / "calendars/day.txt").read_text().split())
    codes = [line.split("\t")[0] for line in (root / "instruments/all.txt").read_text().splitlines()]
    daily, intraday = (read_day_field(root, codes, len(days), field) for field in TRUTH_FIELDS.values())
    spec = manifest["spec"]
    return Truth(np.array(codes), days, daily, intraday, spec["daily_strength"], spec["intraday_strength"])


def read_day_field(root: Path, codes: list[str], n_days: int, field: str) -> np.ndarray:
    """A daily field from its files, NaN outside a stock's listing; shape (n_days, n_stocks)."""
    values = np.full((n_days, len(codes)), np.nan, dtype=np.float32)
    for column, code in enumerate(codes):
        start, *series = np.fromfile(root / f"features/{code.lower()}/{field}.day.bin", dtype="<f4")
        values[int(start) : int(start) + len(series), column] = series
    return values


def ten_day_label(close: pd.DataFrame) -> pd.DataFrame:
    """``Ref($close, -11) / Ref($close, -1) - 1`` of adjusted closes, days by instruments."""
    return close.shift(-11) / close.shift(-1) - 1


def mean_rank_ic(score: pd.DataFrame, label: pd.DataFrame) -> float:
    """Mean over days of the Spearman correlation across stocks; days with fewer than 10 stocks are left out."""
    both = score.notna() & label.notna()
    ranks = score.where(both).rank(axis=1), label.where(both).rank(axis=1)
    daily = ranks[0].corrwith(ranks[1], axis=1)
    return float(daily[both.sum(axis=1) >= 10].mean())
