"""Tables besides the stocks' own data, small enough to be held: members and weights of indices, and their levels."""

from __future__ import annotations

import numpy as np
import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import RowInput, WeightInput
from qlib_mfgru.ingest.read.inputs import VendorInput
from qlib_mfgru.ingest.read.spool import PRICES
from qlib_mfgru.ingest.read.stamps import day_numbers, day_text


def read_spans(members: VendorInput[RowInput]) -> pd.DataFrame:
    """Spans of membership: columns `stock` (number), `first` and `last` (days since 1970), one row per span.

    Raises
    ------
    InputError
        If no span is left.
    """
    frames = []
    for piece in members.slices(("start",), ("end",)):
        first, last, checks = piece.spans()
        good = piece.keep(checks)
        frames.append(pd.DataFrame({"stock": piece.stock[good], "first": first[good], "last": last[good]}, dtype="i8"))
    spans = pd.concat(frames, ignore_index=True)
    if spans.empty:
        raise InputError(f"{members.name}: no usable span in {', '.join(path.name for path in members.paths)}")
    return spans


def read_weights(weights: VendorInput[WeightInput]) -> pd.DataFrame:
    """Known weights as fractions: days since 1970 by stock codes, one row for each date of the files.

    Raises
    ------
    InputError
        If a date's weights add up to far more than 1.
    """
    frames = []
    for piece in weights.slices(("weight",), ("datetime", "date")):
        stamps = piece.stamps()
        values, no_number = piece.numbers(["weight"])
        missing = ("no weight", ~(values["weight"] >= 0))
        good = piece.screen([*piece.stamp_checks(stamps, weekends=False), no_number, missing])
        columns = {"day": day_numbers(stamps)[good], "stock": piece.stock[good], "weight": values["weight"][good]}
        frames.append(pd.DataFrame(columns))
    table = _without_repeats(weights, pd.concat(frames, ignore_index=True))
    unit = weights.source.unit
    by_day = table.pivot_table(index="day", columns="stock", values="weight") * (0.01 if unit == "percent" else 1)
    total = float(by_day.sum(axis=1).max())
    if not 0.02 < total < 1.5:
        raise InputError(
            f"{weights.name}: a date's weights add up to {total:.3g} with unit: {unit}; is the unit right?"
        )
    return by_day.rename(columns=lambda stock: weights.registry.codes[stock])


def read_levels(levels: VendorInput[RowInput], days: np.ndarray) -> pd.DataFrame:
    """Levels of indices: columns `stock` (the index's number), `day`, prices, volume and amount, one row per day.

    Levels on days that are not in the stocks' calendar `days` (days since 1970) are counted out.
    """
    fields = (*PRICES, "volume", "amount")
    frames = []
    for piece in levels.slices(("close",), ("datetime", "date", *PRICES[:3], "volume", "amount"), index=True):
        stamps = piece.stamps()
        values, no_number = piece.numbers(fields)
        checks = [
            *piece.stamp_checks(stamps),
            no_number,
            ("no close", ~(values["close"] > 0)),
            ("not in the stocks' calendar", ~np.isin(day_numbers(stamps), days)),
        ]
        good = piece.screen(checks)
        frames.append(pd.DataFrame({"stock": piece.stock, "day": day_numbers(stamps), **values})[good])
    return _without_repeats(levels, pd.concat(frames, ignore_index=True))


def _without_repeats(table: VendorInput[RowInput], rows: pd.DataFrame) -> pd.DataFrame:
    """The first row of each stock and day; the others are counted out."""
    twice = rows.duplicated(["day", "stock"]).to_numpy()
    repeats = rows[twice]
    cases = (
        f"{table.registry.codes[stock]} {day_text(day)}"
        for stock, day in zip(repeats["stock"], repeats["day"], strict=True)
    )
    table.report.drop_count("duplicate row", int(twice.sum()), cases)
    table.report.kept += int((~twice).sum())
    return rows[~twice]
