"""The small market with fields of every kind beside the report's six, at both frequencies with gaps of every sort."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from reference import Field, calendar, series
from small_market import BARS, CODES, FIRST_BAR_DAY, write_small_market

LATE = CODES[9]
"""Its limits are known from day 50 on."""
WITHOUT = CODES[10]
"""Has no signal at all."""
FIELDS: tuple[Field, ...] = (
    ("limit_up", "level", "own"),
    ("close", "price", "own"),
    ("turnover", "quantity", "own"),
    ("signal", "level", "none"),
    ("open", "price", "own"),
    ("flow", "quantity", "none"),
)
"""As `reference` takes them: name, kind, scale."""
INPUTS: dict[str, dict[str, Any]] = {
    "day": {"days": 10, "scale": "last", "fields": FIELDS},
    "15min": {"days": 5, "scale": "mean", "fields": FIELDS[::-1]},
}


def declared(inputs: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The inputs as a handler takes them."""
    names = ("name", "kind", "scale")
    return {
        freq: {**spec, "fields": [dict(zip(names, field, strict=True)) for field in spec["fields"]]}
        for freq, spec in inputs.items()
    }


def write_field_market(target: Path, seed: int = 0) -> Path:
    random = np.random.default_rng(seed)
    write_small_market(target, seed)
    for freq, bars, first in (("day", 1, 0), ("15min", BARS, FIRST_BAR_DAY)):
        length = len(calendar(target, freq))
        for code in CODES:
            close = series(target, code, "close", freq, length)
            if np.isfinite(close).any():
                extra = make_fields(random, code, close)
                extra["limit_up"][: (50 - first) * bars if code == LATE else 0] = np.nan
                store(target, code, freq, extra)
    return target


def make_fields(random: np.random.Generator, code: str, close: np.ndarray) -> dict[str, np.ndarray]:
    """Series of a stock, each as long as its closes; limits are NaN where these are, the others anywhere."""
    n = len(close)
    extra = {
        "limit_up": np.round(1.1 * close * np.exp(0.02 * random.standard_normal(n)), 2),
        "turnover": np.exp(random.standard_normal(n)),
        "flow": random.standard_normal(n),
        "signal": random.standard_normal(n),
    }
    for name in ("turnover", "flow", "signal"):
        extra[name][random.random(n) < 0.3] = np.nan
    if code == WITHOUT:
        del extra["signal"]
    return extra


def store(provider: Path, code: str, freq: str, fields: dict[str, np.ndarray]) -> None:
    """Write series that begin with the calendar."""
    for name, values in fields.items():
        np.concatenate([[0], values]).astype("<f4").tofile(provider / f"features/{code.lower()}/{name}.{freq}.bin")
