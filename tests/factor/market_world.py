"""A provider of 40 stocks and 71 days with ST, suspended, limit-up and delisted stocks, known by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import qlib

from qlib_mfgru.provider import ASHARE, Session, new_provider

DAYS = pd.bdate_range("2023-01-02", periods=74).drop(pd.to_datetime(["2023-01-23", "2023-01-27", "2023-02-03"]))
"""A Monday and two Fridays are holidays."""
CODES = [f"SH{600000 + i}" for i in range(40)]
ST, SUSPENDED, LOCKED, DELISTED, LATE, SEALED = CODES[:6]
"""ST on days 10 .. 30; no trade on days 14 .. 20; opens at its limit on every fifth day; last trade on day 40; first
trade on day 25; closes at its limit on every third day."""
LEAVER = CODES[20]
"""Member of `few` until day 33; the other members are CODES[5:20]."""


def market(seed: int = 0) -> dict[str, np.ndarray]:
    """Daily fields, each of shape (n_days, n_stocks), float32 as a provider stores them."""
    random = np.random.default_rng(seed)
    shape = (len(DAYS), len(CODES))
    vwap = 10 * np.exp(np.cumsum(0.03 * random.standard_normal(shape), axis=0))
    fields = {
        "open": vwap * (1 + 0.005 * random.standard_normal(shape)),
        "close": vwap * (1 + 0.01 * random.standard_normal(shape)),
        "vwap": vwap,
        "volume": np.exp(10 + random.standard_normal(shape)),
    }
    fields["limit_up"] = 1.1 * fields["open"]
    fields["open"][::5, 2] = fields["limit_up"][::5, 2]
    fields["close"][::3, 5] = fields["limit_up"][::3, 5]
    for column, days in ((1, slice(14, 21)), (3, slice(41, None)), (4, slice(0, 25))):
        for field in fields:
            fields[field][days, column] = 0 if field == "volume" else np.nan
    fields["is_st"] = np.zeros(shape)
    fields["is_st"][10:31, 0] = 1
    fields["industry"] = np.tile(np.arange(len(CODES)) % 4 + 1.0, (len(DAYS), 1))
    fields["market_cap"] = 1e9 * np.exp(random.standard_normal(len(CODES))) * vwap
    return {name: values.astype(np.float32) for name, values in fields.items()}


def write(target: Path, leave_out: tuple[str, ...] = (), seed: int = 0, session: Session = ASHARE) -> Path:
    """Write the provider, less some fields."""
    fields = market(seed)
    with new_provider(target, DAYS, {}, session) as writer:
        for column, code in enumerate(CODES):
            columns = {name: values[:, column] for name, values in fields.items() if name not in leave_out}
            writer.write_features(code, "day", 0, columns)
        writer.write_instruments("all", [(code, DAYS[0], DAYS[-1]) for code in CODES])
        few = [(code, DAYS[0], DAYS[-1]) for code in CODES[5:20]]
        writer.write_instruments("few", [*few, (LEAVER, DAYS[0], DAYS[33])])
        writer.write_instruments("tiny", [(code, DAYS[0], DAYS[-1]) for code in CODES[5:8]])
        writer.write_manifest({})
    return target


def to_scores(dense: np.ndarray) -> pd.DataFrame:
    """A pred.pkl from dense scores (n_days, n_stocks)."""
    index = pd.MultiIndex.from_product([DAYS, CODES], names=["datetime", "instrument"])
    return pd.DataFrame({"score": dense.ravel()}, index).dropna()


def random_scores(seed: int = 5) -> np.ndarray:
    """Scores with gaps and ties, (n_days, n_stocks)."""
    random = np.random.default_rng(seed)
    scores = np.round(random.standard_normal((len(DAYS), len(CODES))), 1)
    scores[random.random(scores.shape) < 0.03] = np.nan
    return scores


def use(provider: Path) -> None:
    """Initialise qlib on a provider."""
    qlib.init(provider_uri=str(provider), region="cn", kernels=1, logging_level=30)
