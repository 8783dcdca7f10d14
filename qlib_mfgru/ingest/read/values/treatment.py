"""Special treatment as vendors give it: flagged days, spans, or the names of stocks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

import numpy as np
import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import StInput
from qlib_mfgru.ingest.read.files.fields import STAMPS
from qlib_mfgru.ingest.read.inputs import VendorInput
from qlib_mfgru.ingest.read.slices import Slice
from qlib_mfgru.ingest.read.spool import ALWAYS, VALUE, Records
from qlib_mfgru.ingest.read.stamps import day_numbers, parse_stamps
from qlib_mfgru.ingest.read.values.dated import UNKNOWN_NAMES
from qlib_mfgru.ingest.read.values.flags import flags_of

_ST_NAME = re.compile(r"(?:N|C|G|XD|XR|DR)?\s*S?\s*(?:\*\s*ST|ST(?![A-Za-z]))", re.IGNORECASE)
"""``ST``, ``*ST``, ``SST``, ``S*ST``, after the marks of a day (new, ex-dividend, ex-rights) or of the share reform."""


def has_st_name(name: str) -> bool:
    """Whether an A-share's name says special treatment; one in its delisting period (退) is under other rules."""
    plain = unicodedata.normalize("NFKC", name).strip()
    return _ST_NAME.match(plain) is not None and not plain.endswith("退") and not plain.startswith("退")


def names_since(source: StInput | None, zone: str) -> int:
    """Day since 1970 from which on names without a date hold; `ALWAYS` where they hold on all days, or are none."""
    if source is None or source.since is None or source.since == "prices":
        return ALWAYS
    return int(day_numbers(parse_stamps(pd.Series([source.since]), zone))[0])


def read_st(table: VendorInput[StInput]) -> Iterator[Records]:
    """Yield special treatment from a day on (``st_step``), on a day (``st_day``), or within a span (``st_span``).

    Raises
    ------
    InputError
        If names are dated and the mapping says since when today's apply; if most names of a table, in which every row
        is special treatment, do not say so.
    """
    from_name = table.source.from_name
    is_said = "from_name" in table.source.model_fields_set
    for piece in table.slices(("name",) if from_name else (), (*STAMPS, "start", "end", "is_st", "name")):
        if not is_said and "is_st" not in piece.frame and "name" in piece.frame:
            _refuse_names(piece)
        flags = _by_name(piece) if from_name else None
        dated = piece.has_stamps or "start" in piece.frame
        if dated and table.source.since is not None:
            raise InputError(f"{piece.path}: the names have dates: leave out st.since, which is of today's names")
        if flags is not None and not dated:
            table.ingest_report.note(f"$is_st: today's names, applied {_since_text(table.source)}")
            yield _todays_names(table, piece, flags)
        elif "start" in piece.frame:
            yield from _spans(table, piece, flags)
        elif flags is not None:
            table.ingest_report.note("$is_st: from the names, each from its day until the next")
            yield _dated_names(table, piece, flags)
        else:
            yield _days(piece)


def _refuse_names(piece: Slice) -> None:
    """Rows that all mean special treatment have names that say so, unless these are today's."""
    flags = _by_name(piece)
    n_named, n_st = int((~np.isnan(flags)).sum()), int(np.nansum(flags))
    if n_st * 2 < n_named:
        raise InputError(
            f"{piece.path}: every row would be special treatment, and only {n_st} of {n_named} names say so: write "
            "st.from_name: true where the names tell, or false where each row is one"
        )


def _since_text(source: StInput) -> str:
    if source.since is None:
        return "to all days"
    if source.since == "prices":
        return "since the stock's last close beyond a 5 % limit"
    return f"since {source.since:%Y-%m-%d}"


def _by_name(piece: Slice) -> np.ndarray:
    """1 where a row's name says special treatment, 0 where it does not, NaN where there is none; shape (n,)."""
    places, names = pd.factorize(piece.frame["name"])
    words = [str(name) for name in names]
    flags = [np.nan if word.strip().lower() in UNKNOWN_NAMES else float(has_st_name(word)) for word in words]
    # an empty name has position -1, which picks the last
    return np.array([*flags, np.nan])[places]


def _telling(table: VendorInput[StInput], piece: Slice, good: np.ndarray, flags: np.ndarray) -> np.ndarray:
    """The good rows that have a flag, shape (n,); the others are counted, and what was known before them stays."""
    silent = np.flatnonzero(good & np.isnan(flags))
    table.warn("rows without a name or a flag: they say nothing", len(silent), map(piece.describe, silent.tolist()))
    return good & ~np.isnan(flags)


def _todays_names(table: VendorInput[StInput], piece: Slice, flags: np.ndarray) -> Records:
    days = np.full(len(piece.frame), names_since(table.source, piece.session.zone))
    good = _telling(table, piece, piece.keep([("unknown symbol", piece.stock < 0)]), flags)
    return "st_step", piece.records(VALUE, good, days, {"value": flags})


def _dated_names(table: VendorInput[StInput], piece: Slice, flags: np.ndarray) -> Records:
    stamps = piece.stamps()
    good = _telling(table, piece, piece.keep(piece.stamp_checks(stamps, weekends=False)), flags)
    return "st_step", piece.records(VALUE, good, day_numbers(stamps), {"value": flags})


def _spans(table: VendorInput[StInput], piece: Slice, flags: np.ndarray | None) -> Iterator[Records]:
    """Spans, of which those count whose name or flag says special treatment, or all without either.

    A name without any end holds until the next.
    """
    first, last, checks = piece.spans()
    if flags is None and "is_st" in piece.frame:
        flags, no_flag = flags_of(piece)
        checks = [*checks, no_flag]
    good = piece.keep(checks)
    if flags is not None:
        good = _telling(table, piece, good, flags)
    if flags is not None and "end" not in piece.frame:
        yield "st_step", piece.records(VALUE, good, first, {"value": flags})
        return
    # a span without treatment ends one with it
    value = last if flags is None else np.where(flags > 0, last, -last)
    yield "st_span", piece.records(VALUE, good, first, {"value": value.astype("f8")})


def _days(piece: Slice) -> Records:
    """Days with a flag, an empty one says nothing; without its column, every row is a day under special treatment."""
    stamps = piece.stamps()
    values, no_flag = flags_of(piece)
    flags = values if "is_st" in piece.frame else np.ones(len(stamps))
    good = piece.keep([*piece.stamp_checks(stamps), no_flag]) & ~np.isnan(flags)
    return "st_day", piece.records(VALUE, good, day_numbers(stamps), {"value": flags})
