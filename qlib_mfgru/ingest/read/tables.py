"""Tables besides the stocks' own data, small enough to be held: weights of indices, and their levels."""

from __future__ import annotations

import numpy as np
import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import RowInput, WeightInput
from qlib_mfgru.ingest.read.files.fields import STAMPS
from qlib_mfgru.ingest.read.inputs import VendorInput
from qlib_mfgru.ingest.read.spool import PRICES
from qlib_mfgru.ingest.read.stamps import day_numbers, day_text
from qlib_mfgru.ingest.read.values import beyond_float32, contradictions
from qlib_mfgru.ingest.read.values.levels import is_far, without_faults
from qlib_mfgru.ingest.report import DUPLICATE

FULL_WEIGHT = 0.99, 1.01
"""Between which the weights of a whole index add up, rounded as they are published."""


def read_weights(weights: VendorInput[WeightInput]) -> pd.DataFrame:
    """Known weights as fractions: days since 1970 by stock codes, one row for each date of the files.

    Dates whose weights are not those of a whole index are counted.

    Raises
    ------
    InputError
        If no weight is left, or a date's weights add up to far more than 1.
    """
    frames = []
    for piece in weights.slices(("weight",), STAMPS):
        stamps = piece.stamps()
        values, no_number = piece.numbers(["weight"])
        missing = ("no weight", ~(values["weight"] >= 0))
        good = piece.screen([*piece.stamp_checks(stamps, weekends=False), no_number, missing])
        columns = {"day": day_numbers(stamps)[good], "stock": piece.stock[good], "weight": values["weight"][good]}
        frames.append(pd.DataFrame(columns))
    table = without_repeats(weights, joined(weights, frames, "weight"))
    by_day = table.pivot_table(index="day", columns="stock", values="weight") * weights.source.scale
    totals = by_day.sum(axis=1)
    if not 0.02 < totals.max() < 1.5:
        raise InputError(
            f"{weights.name}: a date's weights add up to {totals.max():.3g} with unit: {weights.source.unit}; is the "
            "unit right?"
        )
    partial = totals[~totals.between(*FULL_WEIGHT)]
    cases = (f"{day_text(int(day))}: {total:.4g}" for day, total in zip(partial.index, partial, strict=True))
    weights.warn("dates whose weights do not add up to 1 (part of the index, or a fault)", len(partial), cases)
    # sums of weights do not depend on the order in which stocks were met
    return by_day.rename(columns=lambda stock: weights.registry.codes[stock]).sort_index(axis=1)


def read_levels(levels: VendorInput[RowInput], days: np.ndarray) -> pd.DataFrame:
    """Levels of indices: columns `stock` (the index's number), `day`, prices, volume and amount, one row per day.

    A row needs a close; what else it has must be a price near it. Levels on days that are not in the stocks' calendar
    `days` (days since 1970) are counted out, and so are levels that jump and come back, or stand still. The table may
    be empty.

    Raises
    ------
    InputError
        Levels that jump and stay, or highs and lows that are too far apart on most days.
    """
    fields, seen = (*PRICES, "volume", "amount"), [np.empty(0, dtype=int)]
    frames = [pd.DataFrame({name: np.empty(0) for name in ("stock", "day", *fields)}).astype({"stock": int})]
    for piece in levels.slices(("close",), (*STAMPS, *PRICES[:3], "volume", "amount"), index=True):
        stamps = piece.stamps()
        seen.append(day_numbers(stamps)[~np.isnat(stamps)])
        values, no_number = piece.numbers(fields)
        checks = [
            *piece.stamp_checks(stamps),
            no_number,
            beyond_float32(values),
            ("no close", np.isnan(values["close"])),
            ("price not positive", np.any([values[name] <= 0 for name in PRICES], axis=0)),
            *contradictions(values),
            ("open, high or low far from the close", is_far(levels, stamps, values)),
            ("not in the stocks' calendar", ~np.isin(day_numbers(stamps), days)),
        ]
        good = piece.screen(checks)
        frames.append(pd.DataFrame({"stock": piece.stock, "day": day_numbers(stamps), **values})[good])
    rows = without_repeats(levels, pd.concat(frames[1:] or frames, ignore_index=True))
    _count_days_without_stocks(levels, np.unique(np.concatenate(seen)), days)
    return without_faults(levels, rows, days)


def _count_days_without_stocks(levels: VendorInput[RowInput], seen: np.ndarray, days: np.ndarray) -> None:
    """Count days between the first and the last of the stocks' on which an index has a row and no stock has."""
    absent = np.setdiff1d(seen[(seen > days[0]) & (seen < days[-1])], days)
    what = "days on which an index has a level and no stock has a row: are the stocks' rows missing?"
    levels.warn(what, len(absent), map(day_text, absent.tolist()))


def joined(table: VendorInput[RowInput], frames: list[pd.DataFrame], kind: str) -> pd.DataFrame:
    """All rows of a table.

    Raises
    ------
    InputError
        If there is none, with why those that were read are of no use.
    """
    if not any(len(frame) for frame in frames):
        reasons = (f"{reason} (e.g. {tally.examples[0]})" for reason, tally in table.report.dropped.items())
        files = ", ".join(path.name for path in table.paths)
        raise InputError(": ".join([f"{table.name}: no usable {kind} in {files}", *reasons]))
    return pd.concat(frames, ignore_index=True)


def without_repeats(table: VendorInput[RowInput], rows: pd.DataFrame) -> pd.DataFrame:
    """One row of each stock and day, the first or the last; the others are counted out."""
    keep = table.source.keep
    twice, same = rows.duplicated(["day", "stock"], keep=keep).to_numpy(), rows.duplicated(keep=keep).to_numpy()
    codes, days, stocks = table.registry.codes, rows["day"].to_numpy(), rows["stock"].to_numpy()
    for reason, dropped in ((DUPLICATE, twice & same), (f"repeated with other values, the {keep} kept", twice & ~same)):
        table.report.drop(reason, dropped, lambda row: f"{codes[stocks[row]]} {day_text(days[row])}")
    table.report.kept += int((~twice).sum())
    return rows[~twice]
