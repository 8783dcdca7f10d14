"""Weights of an index's members, carried from day to day."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.assemble.calendar import when_text
from qlib_mfgru.ingest.mapping import WeightInput
from qlib_mfgru.ingest.read.intake import day_numbers, stamp_checks
from qlib_mfgru.ingest.read.slices import iter_slices, stamp_column
from qlib_mfgru.ingest.read.spool import Registry
from qlib_mfgru.ingest.read.stamps import parse_stamps
from qlib_mfgru.ingest.report import Account


def read_weights(
    market: str, source: WeightInput, paths: Sequence[Path], registry: Registry, account: Account
) -> pd.DataFrame:
    """Known weights as fractions: a frame of (day, stock code), a row for each date of the files.

    Raises
    ------
    InputError
        If a date's weights add up to far more than 1.
    """
    name = f"weights.{market}"
    part_account = account.input(name)
    frames = []
    for part in iter_slices(
        paths, source, ("weight",), ("datetime", "date"), owner=name, registry=registry, account=part_account
    ):
        stamps = parse_stamps(stamp_column(part))
        values, bad = part.numbers(["weight"])
        checks = [*stamp_checks(part, stamps, weekends=False), ("text where a number belongs", bad)]
        good = part.drop(part_account, [*checks, ("no weight", ~(values["weight"] >= 0))])
        columns = {"day": day_numbers(stamps)[good], "code": part.code[good], "weight": values["weight"][good]}
        frames.append(pd.DataFrame(columns))
    table = pd.concat(frames, ignore_index=True)
    twice = table.duplicated(["day", "code"]).to_numpy()
    repeats = table[twice]
    cases = (
        f"{registry.codes[code]} {when_text(day)}" for code, day in zip(repeats["code"], repeats["day"], strict=True)
    )
    part_account.drop_count("duplicate row", int(twice.sum()), cases)
    table = table[~twice]
    part_account.kept += len(table)
    wide = table.pivot_table(index="day", columns="code", values="weight") * (0.01 if source.unit == "percent" else 1)
    total = float(wide.sum(axis=1).max())
    if not 0.02 < total < 1.5:
        raise InputError(f"{name}: a date's weights add up to {total:.3g} with unit: {source.unit}; is the unit right?")
    return wide.rename(columns=lambda number: registry.codes[number])


def drift_weights(
    known: np.ndarray, positions: np.ndarray, close: np.ndarray, allowed: np.ndarray, *, carry: bool
) -> np.ndarray:
    """Daily weights between and after the known ones: moved with prices, at an unchanged total.

    On day t after a known date k, ``w_i(t) = S_k * w_i(k) C_i(t) / C_i(k) / sum_j w_j(k) C_j(t) / C_j(k)``, with C the
    adjusted close, S_k the total weight at k of the stocks here, and the sum over those that are still allowed.

    Parameters
    ----------
    known : ndarray of shape (n_known, n_stocks)
        Weights, NaN or 0 for stocks outside the index.
    positions : ndarray of shape (n_known,)
        Position in the calendar of the day from which each row holds, ascending.
    close : ndarray of shape (n_days, n_stocks)
        Adjusted closes, the last one carried over days without trade.
    allowed : ndarray of shape (n_days, n_stocks)
        Whether a stock may have a weight, e.g. is a member.
    carry : bool
        Go on after the last known weights, to the calendar's end.

    Returns
    -------
    ndarray of shape (n_days, n_stocks)
        NaN where a stock has no weight.
    """
    weights = np.full(close.shape, np.nan)
    ends = np.append(positions[1:], len(close) if carry else positions[-1] + 1)
    for row, start, end in zip(known, positions, ends, strict=True):
        if end <= start:
            continue
        row = np.where(row > 0, row, np.nan)
        moved = row * close[start:end] / close[start]
        moved[~allowed[start:end]] = np.nan
        moved[0] = row
        total = np.nansum(moved, axis=1, keepdims=True)
        weights[start:end] = np.nansum(row) * moved / np.where(total > 0, total, np.nan)
    return weights


def on_calendar(table: pd.DataFrame, days: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Known weights, and the position in the calendar of the first day on or after each date.

    Dates after the calendar are left out; of several that fall on one day the last one counts.
    """
    positions = np.searchsorted(days, table.index.to_numpy())
    inside = positions < len(days)
    table, positions = table[inside], positions[inside]
    last = np.append(positions[1:] != positions[:-1], True)[: len(positions)]
    return table.to_numpy(dtype="f8")[last], positions[last]
