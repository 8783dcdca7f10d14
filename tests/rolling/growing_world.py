"""A small market that grows from day to day: the same history, written up to another day or told otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from experiments import start_qlib
from tiny_world import FAST, random_bars

from qlib_mfgru.data import MultiFreqDataset, MultiFreqHandler
from qlib_mfgru.provider.manifest import MANIFEST
from qlib_mfgru.provider.writer import new_provider

DAYS = pd.bdate_range("2020-01-01", periods=130)
FIRST_BAR_DAY = 30
"""15-minute bars begin so many days later."""
BARS = {"day": 1, "15min": 16}
CODES = [f"SH{600000 + 10 * i}" for i in range(12)]
LABEL = "Ref($close, -3) / Ref($close, -1) - 1"
INPUTS = {"day": {"days": 5, "scale": "last"}, "15min": {"days": 2, "scale": "mean"}}


@dataclass(frozen=True)
class Edit:
    """Stored values of one stock that are multiplied, from one day of `DAYS` to another, both included."""

    field: str
    first: int
    last: int
    factor: float = 1.01
    freq: str = "day"
    code: str = CODES[3]


@dataclass(frozen=True)
class World:
    """What a provider holds.

    Attributes
    ----------
    n_days : int
    spans : mapping of str to (int, int)
        Code -> first and last day with a trade; by default of `CODES` and all days.
    members : mapping of str to mapping of str to list of (int, int)
        Market -> code -> spans of days.
    edits : tuple of Edit
    """

    n_days: int = 100
    spans: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    members: Mapping[str, Mapping[str, list[tuple[int, int]]]] = field(default_factory=dict)
    edits: tuple[Edit, ...] = ()

    def write(self, target: Path) -> Path:
        days = DAYS[: self.n_days]
        spans = dict.fromkeys(CODES, (0, self.n_days - 1)) | dict(self.spans)
        with new_provider(target, days, {"15min": days[FIRST_BAR_DAY:]}) as writer:
            for code, (first, last) in sorted(spans.items()):
                for freq in BARS:
                    writer.write_features(code, freq, 0, self._series(code, freq, first, last))
            writer.write_instruments("all", [(code, days[a], days[b]) for code, (a, b) in sorted(spans.items())])
            for market, members in self.members.items():
                rows = [(code, days[a], days[b]) for code, pairs in members.items() for a, b in pairs]
                writer.write_instruments(market, rows)
            writer.write_text(MANIFEST, "{}")
        return target

    def use(self, folder: Path) -> None:
        """Write the provider and initialise qlib on it."""
        folder.mkdir(exist_ok=True)
        start_qlib(self.write(folder / "provider"), folder / "mlruns.db")

    def _series(self, code: str, freq: str, first: int, last: int) -> dict[str, np.ndarray]:
        start = 0 if freq == "day" else FIRST_BAR_DAY
        by_day = {name: values.copy().reshape(-1, BARS[freq]) for name, values in history(code, freq).items()}
        for edit in self.edits:
            if (edit.code, edit.freq) == (code, freq):
                by_day[edit.field][max(edit.first - start, 0) : max(edit.last + 1 - start, 0)] *= edit.factor
        for values in by_day.values():
            values[: max(first - start, 0)] = values[last + 1 - start :] = np.nan
        return {name: values[: self.n_days - start].ravel() for name, values in by_day.items()}


@cache
def history(code: str, freq: str) -> dict[str, np.ndarray]:
    """All bars of a stock, whoever else there is."""
    n = len(DAYS) if freq == "day" else (len(DAYS) - FIRST_BAR_DAY) * BARS[freq]
    return random_bars(np.random.default_rng([int(code[2:]), BARS[freq]]), n)


def dataset(cache_dir: Path, train: tuple[Any, Any], test: tuple[Any, Any], **settings: Any) -> MultiFreqDataset:
    """A dataset over the world in use."""
    handler = MultiFreqHandler(**{"inputs": INPUTS, "label": LABEL, "cache_dir": cache_dir, **settings})
    return MultiFreqDataset(handler, {"train": train, "test": test}, sample_step=4)


SMALL: dict[str, Any] = {**FAST, "batch_size": 100, "max_epochs": 2}
