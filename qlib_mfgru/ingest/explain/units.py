"""Units by evidence: amount / volume is a price, and by how much it is off names the units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from qlib_mfgru.ingest.explain.sample import Sample
from qlib_mfgru.ingest.mapping.prices import EVERYWHERE, AmountUnit, VolumeUnit, amount_scale, volume_scale

_VOLUMES: tuple[VolumeUnit, ...] = ("shares", "lots")
_AMOUNTS: tuple[AmountUnit, ...] = ("yuan", "thousand", "ten_thousand")
_NEAR = 0.2
"""By how much amount / volume may be off the close, half a year of a stock's median day included."""
_ROWS = 5
"""Rows of a board from which on it is judged; where none has as many, those with the most."""
FEW = 20
"""Rows below which the units that they tell are uncertain."""


class Units(NamedTuple):
    """Units that explain the rows.

    Attributes
    ----------
    ratios : dict of str to float
        Median of amount / volume / close, by board.
    n_rows : int
        Rows that these are of.
    volume : str or dict of str to str, or None
        As a mapping says it; None where no unit explains the rows.
    amount : str or None
    """

    ratios: dict[str, float]
    n_rows: int
    volume: str | dict[str, str] | None
    amount: str | None


def find_units(sample: Sample, prices: pd.Series) -> Units | None:
    """Units of volume and amount, by board where they differ; None without both columns.

    Parameters
    ----------
    prices : Series
        Raw closes of the rows.
    """
    rows = sample.rows
    if not {"volume", "amount"} <= set(rows):
        return None
    traded = (rows["volume"] > 0) & (rows["amount"] > 0) & (prices > 0) & (rows["stock"] >= 0)
    ratio = (rows["amount"] / rows["volume"] / prices)[traded]
    by_board = ratio.groupby(sample.boards[traded.to_numpy()])
    counts = by_board.size()
    judged = counts[counts >= min(_ROWS, counts.max())] if len(counts) else counts
    ratios = {str(board): float(each.median()) for board, each in by_board if board in judged}
    for amount in _AMOUNTS:
        volumes = {board: unit for board, each in ratios.items() if (unit := _volume(sample, each, amount))}
        if volumes and volumes.keys() == ratios.keys():
            return Units(ratios, int(judged.sum()), _by_part(volumes, dict(judged)), amount)
    return Units(ratios, int(judged.sum()), None, None)


def _volume(sample: Sample, ratio: float, amount: AmountUnit) -> VolumeUnit | None:
    """The unit of volume with which amount / volume is the price."""
    for unit in _VOLUMES:
        if abs(np.log(ratio * amount_scale(amount) / volume_scale(unit, sample.session))) < _NEAR:
            return unit
    return None


def _by_part(volumes: Mapping[str, str], n_rows: Mapping[str, int]) -> str | dict[str, str]:
    """One unit, or that of most rows and the boards that have another."""
    usual = max(volumes.values(), key=lambda unit: sum(n_rows[board] for board in volumes if volumes[board] == unit))
    parts = {board: unit for board, unit in volumes.items() if unit != usual}
    return {**parts, EVERYWHERE: usual} if parts else usual
