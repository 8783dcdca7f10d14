"""Whether prices and volumes are adjusted, and where a factor can come from, by evidence."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from qlib_mfgru.ingest.assemble.factors import same_price
from qlib_mfgru.ingest.explain.sample import Sample
from qlib_mfgru.ingest.read.titles import prices_of_title

_CENTS = 0.98
"""Share of raw closes that are whole cents, at least, of boards that price in cents; adjusted ones are by chance."""


class Adjustment(NamedTuple):
    """What the rows say.

    Attributes
    ----------
    prices : {"raw", "adjusted"}
    volume_adjusted : bool
        Beside adjusted prices: whether volume is divided by the factor.
    traded_at : Series
        Closes on the scale of the volumes: what amount / volume is near to.
    ex_rights : int
        Days on which the previous close is not the close of the row before.
    evidence : list of str
    """

    prices: Literal["raw", "adjusted"]
    volume_adjusted: bool
    traded_at: pd.Series
    ex_rights: int
    evidence: list[str]


def find_adjustment(sample: Sample) -> Adjustment:
    """Judge by the title, else by the closes: whether they are whole cents, and how they move where the factor does."""
    rows = sample.rows
    close = rows["close"].where(rows["close"] > 0)
    cents = _share_of_cents(close[sample.boards != "other"])
    is_raw = cents is None or cents >= _CENTS or sample.session.codes == "plain"
    prices: Literal["raw", "adjusted"] = "raw" if is_raw else "adjusted"
    if cents is None:
        evidence = ["no closes of shares to judge by, which are whole cents where they are raw: make sure of it"]
    else:
        forward = ", as those of exports that are adjusted forward are too: make sure that these are not"
        evidence = [f"{cents:.1%} of the closes are whole cents{forward if prices == 'raw' else ''}"]
    if titles := [remark for remark in sample.remarks if prices_of_title(remark)]:
        prices, evidence = prices_of_title(titles[0]) or prices, ["as the title says"]
    elif (around := _around_events(rows)) is not None:
        jump_as_is, jump_times_factor, n_events = around
        evidence.append(
            f"the factor changes {n_events} times: closes then move by {jump_as_is:.1%} as they are, by "
            f"{jump_times_factor:.1%} times the factor"
        )
        prices = "raw" if jump_times_factor < jump_as_is else "adjusted"
    with_factor = prices == "adjusted" and "factor" in rows
    volume_adjusted = with_factor and _follows_adjusted(rows, close)
    traded_at = close / rows["factor"] if with_factor and not volume_adjusted else close
    return Adjustment(prices, volume_adjusted, traded_at, _ex_rights(sample), evidence)


def _share_of_cents(close: pd.Series) -> float | None:
    """None without any close."""
    cents = close.dropna().to_numpy() * 100
    # float32 files hold 12.34 as 12.34000015
    return float((np.abs(cents - np.round(cents)) < 1e-6 * np.maximum(cents, 1) + 1e-4).mean()) if len(cents) else None


def _around_events(rows: pd.DataFrame) -> tuple[float, float, int] | None:
    """Median absolute return on the days on which the factor changes, of the closes and of closes times factor."""
    if "factor" not in rows:
        return None
    ordered = _ordered(rows)
    same = ordered["stock"].eq(ordered["stock"].shift())
    step, factor = (np.log(ordered[name]).diff().where(same) for name in ("close", "factor"))
    events = factor.abs() > 0.005
    if not events.any():
        return None
    return float(step[events].abs().median()), float((step + factor)[events].abs().median()), int(events.sum())


def _follows_adjusted(rows: pd.DataFrame, close: pd.Series) -> bool:
    """Whether amount / volume follows the adjusted close, rather than the raw one, from row to row."""
    if not {"volume", "amount"} <= set(rows):
        return False
    known = (rows["factor"] > 0) & (rows["volume"] > 0) & (rows["amount"] > 0)
    price = np.log(rows["amount"] / rows["volume"] / close)[known]
    return bool(price.std() < (price + np.log(rows["factor"][known])).std())


def _ex_rights(sample: Sample) -> int:
    if "prev_close" not in sample.rows:
        return 0
    ordered = _ordered(sample.rows.assign(board=sample.boards))
    before = ordered["close"].shift().where(ordered["stock"].eq(ordered["stock"].shift()))
    return int(((ordered["prev_close"] - before).abs() > ordered["board"].map(same_price)).sum())


def _ordered(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with trade, by stock and time."""
    traded = rows[(rows["close"] > 0) & (rows.get("volume", 1) > 0)]
    return traded.sort_values(["stock", "stamp"])
