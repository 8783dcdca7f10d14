"""Dated values of stocks, or snapshots: factors, limits, float shares, industries, special treatment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from qlib_mfgru.ingest.mapping import IndustryInput, RowInput, StInput
from qlib_mfgru.ingest.read.files.fields import STAMPS
from qlib_mfgru.ingest.read.inputs import VendorInput
from qlib_mfgru.ingest.read.slices import NEVER, Check, Slice
from qlib_mfgru.ingest.read.spool import ALWAYS, VALUE
from qlib_mfgru.ingest.read.stamps import day_numbers, parse_stamps

Records = tuple[str, np.ndarray]
"""What the spool keeps values as, and values of dtype `VALUE`."""


def read_values(table: VendorInput[RowInput], fields: Sequence[str], scale: float = 1.0) -> Iterator[Records]:
    """Yield positive values of the `fields`, times `scale`; each is kept under its field's name."""
    for piece in table.slices(fields, STAMPS):
        days, stamp_checks = _days(table, piece)
        values, no_number = piece.numbers(fields)
        missing = [(f"no {name}", ~(values[name] > 0)) for name in fields]
        good = piece.keep([*stamp_checks, no_number, *missing])
        for name in fields:
            yield name, piece.records(VALUE, good, days, {"value": values[name] * scale})


def read_industries(table: VendorInput[IndustryInput], numbers: dict[str, int]) -> Iterator[Records]:
    """Yield industries as numbers in the order in which they are met; `numbers` by name grows with them."""
    for piece in table.slices(("industry",), ("date", "name")):
        days, stamp_checks = _days(table, piece)
        names = piece.frame["industry"].astype("str").str.strip()
        if table.source.level == "letter":
            names = names.str[:1].str.upper()
        missing = (piece.frame["industry"].isna() | (names == "")).to_numpy()
        good = piece.keep([*stamp_checks, ("no industry", missing)])
        values = np.zeros(len(good))
        values[good] = [numbers.setdefault(name, len(numbers)) for name in names[good]]
        yield "industry", piece.records(VALUE, good, days, {"value": values})


def read_st(table: VendorInput[StInput]) -> Iterator[Records]:
    """Yield special treatment: 1 or 0 from a day on (``st_step``) or on a day (``st_day``)."""
    source = table.source
    for piece in table.slices(("name",) if source.from_name else (), (*STAMPS, "start", "end", "is_st")):
        if source.from_name:
            yield _st_names(piece, source)
        elif "start" in piece.frame:
            yield from _st_spans(piece)
        else:
            yield _st_days(piece)
    if source.from_name:
        table.ingest_report.note(f"$is_st: today's names, applied {_since_text(source)}")


def _since_text(source: StInput) -> str:
    if source.since is None:
        return "to all days"
    if source.since == "prices":
        return "since the stock's last close beyond a 5 % limit"
    return f"since {source.since:%Y-%m-%d}"


def _st_names(piece: Slice, source: StInput) -> Records:
    days, flags = np.full(len(piece.frame), ALWAYS), piece.frame["name"].astype("str").str.contains("ST").to_numpy()
    if source.since and source.since != "prices":
        days[:] = day_numbers(parse_stamps(pd.Series([source.since]), piece.session.zone))[0]
    good = piece.keep([("unknown symbol", piece.stock < 0)])
    return "st_step", piece.records(VALUE, good, days, {"value": flags.astype("f8")})


def _st_spans(piece: Slice) -> Iterator[Records]:
    first, last, checks = piece.spans()
    good = piece.keep(checks)
    yield "st_step", piece.records(VALUE, good, first, {"value": np.ones(len(good))})
    yield "st_step", piece.records(VALUE, good & (last < NEVER), last + 1, {"value": np.zeros(len(good))})


def _st_days(piece: Slice) -> Records:
    """Days with a flag; without a flag's column, every row is a day under special treatment."""
    stamps = piece.stamps()
    values, no_number = piece.numbers(["is_st"])
    flags = values["is_st"] if "is_st" in piece.frame else np.ones(len(stamps))
    good = piece.keep([*piece.stamp_checks(stamps), no_number])
    return "st_day", piece.records(VALUE, good, day_numbers(stamps), {"value": flags})


def _days(table: VendorInput[RowInput], piece: Slice) -> tuple[np.ndarray, list[Check]]:
    """Days of dated values; a file without dates is a snapshot, and the report says so. And what is wrong."""
    if not piece.has_stamps:
        table.note(f"{piece.path.name} has no dates, taken as a snapshot that holds on all days")
        return np.full(len(piece.frame), ALWAYS), [("unknown symbol", piece.stock < 0)]
    stamps = piece.stamps()
    return day_numbers(stamps), piece.stamp_checks(stamps, weekends=False)
