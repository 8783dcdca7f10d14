"""Dated values of stocks, or snapshots: factors, limits, float shares, industries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import FactorInput, IndustryInput, RowInput
from qlib_mfgru.ingest.read.columns import NO_FACTORS
from qlib_mfgru.ingest.read.files import short_name
from qlib_mfgru.ingest.read.files.fields import STAMPS
from qlib_mfgru.ingest.read.inputs import VendorInput
from qlib_mfgru.ingest.read.slices import Check, Slice
from qlib_mfgru.ingest.read.spool import ALWAYS, VALUE, Records
from qlib_mfgru.ingest.read.stamps import day_numbers
from qlib_mfgru.ingest.read.values.checks import beyond_float32

UNKNOWN_NAMES = frozenset({"", "-", "--", "nan", "none", "null", "n/a", "<na>", "nat"})
"""What vendors write for a name that they do not know, in lower case."""


def read_values(table: VendorInput[RowInput], fields: Sequence[str], scale: float = 1.0) -> Iterator[Records]:
    """Yield positive values of the `fields`, times `scale`; each is kept under its field's name."""
    for piece in table.slices(fields, STAMPS):
        days, stamp_checks = dated(table, piece)
        numbers, no_number = piece.numbers(fields)
        values = {name: numbers[name] * scale for name in fields}
        missing = [(f"no {name}", ~(values[name] > 0)) for name in fields]
        good = piece.keep([*stamp_checks, beyond_float32(values), no_number, *missing])
        for name in fields:
            yield name, piece.records(VALUE, good, days, {"value": values[name]})


def read_factors(table: VendorInput[FactorInput]) -> Iterator[Records]:
    """Yield factors.

    Raises
    ------
    InputError
        If the mapping names a column that is no factor from the first day on.
    """
    column = table.source.columns.get("factor", "")
    if column in NO_FACTORS:
        raise InputError(
            f"{table.name}.columns.factor is {column!r}: neither forward factors, which every event rewrites, nor the "
            "ratios of single events will do; name the cumulative backward factor"
        )
    return read_values(table, ("factor",))


def read_industries(table: VendorInput[IndustryInput], numbers: dict[str, int]) -> Iterator[Records]:
    """Yield industries as numbers in the order in which they are met; `numbers` by name grows with them.

    A row without an industry says nothing: it is counted, and what was known before stays. In a snapshot it is not
    counted here, since its stock is then counted among those without any industry.
    """
    for piece in table.slices(("industry",), ("date", "name")):
        days, stamp_checks = dated(table, piece)
        names = piece.frame["industry"].astype("str").str.strip()
        unknown = (piece.frame["industry"].isna() | names.str.lower().isin(UNKNOWN_NAMES)).to_numpy(dtype=bool)
        if table.source.level == "letter":
            names = names.str[:1].str.upper()
        good = piece.keep(stamp_checks)
        rows = np.flatnonzero(good & unknown & piece.has_stamps)
        table.warn("rows without an industry: unknown", len(rows), map(piece.describe, rows.tolist()))
        good &= ~unknown
        values = np.zeros(len(good))
        values[good] = [numbers.setdefault(name, len(numbers)) for name in names[good]]
        yield "industry", piece.records(VALUE, good, days, {"value": values})


def dated(table: VendorInput[RowInput], piece: Slice) -> tuple[np.ndarray, list[Check]]:
    """Days of dated values; a file without dates is a snapshot, and the report says so. And what is wrong."""
    if not piece.has_stamps:
        table.note(f"{short_name(piece.path)} has no dates, taken as a snapshot that holds on all days")
        return np.full(len(piece.frame), ALWAYS), [("unknown symbol", piece.stock < 0)]
    stamps = piece.stamps()
    return day_numbers(stamps), piece.stamp_checks(stamps, weekends=False)
