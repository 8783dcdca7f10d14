"""Tables with dates down and codes across: a file holds one field, which its name tells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from qlib_mfgru.ingest.explain.stamps import are_timed, fit_stamps
from qlib_mfgru.ingest.mapping import RowInput
from qlib_mfgru.ingest.read.columns import VENDOR_NAMES
from qlib_mfgru.ingest.read.files import VendorFile
from qlib_mfgru.ingest.read.files.reader import as_frame
from qlib_mfgru.ingest.read.spool import PRICES
from qlib_mfgru.ingest.read.stamps import parse_stamps
from qlib_mfgru.provider.session import ASHARE
from qlib_mfgru.provider.symbols import normalise_symbol

_SECTIONS = {"factor": "factors", "float_shares": "float_shares", "market_cap": "market_cap", "is_st": "st",
             "industry": "industry", "limit_up": "limits", "limit_down": "limits"}  # fmt: skip

_FIELDS = frozenset({*PRICES, "volume", "amount", "vwap", "prev_close", *_SECTIONS})
"""Fields that a wide table may hold."""


def is_wide(header: Sequence[str]) -> bool:
    """Whether most columns are named after stocks."""
    return len(header) > 2 and sum(map(_is_stock, header)) >= 0.8 * (len(header) - 1)


def wide_field(path: Path) -> str | None:
    """The field that a file is named after: ``close`` of close.csv or w_close.csv, ``is_st`` of is_st_stock.csv."""
    stem = path.name.partition(".")[0].lower()
    for word in (stem, *reversed(re.split(r"[_\W]+", stem))):
        exact = next((field for field, names in VENDOR_NAMES.items() if word in map(str.lower, names)), None)
        if exact in _FIELDS:
            return exact
    return next((field for field in _SECTIONS if stem.startswith(field)), None)


def wide_stamps(path: Path, source: RowInput) -> np.ndarray:
    """The stamps in a table's first column, those that can be read; ``datetime64[s]``."""
    file = VendorFile(path, source)
    first = pd.concat(map(as_frame, file.frames({"datetime": file.header()[0]}, 100_000)))["datetime"]
    stamps = parse_stamps(first, ASHARE.zone)
    return stamps[~np.isnat(stamps)]


def wide_section(field: str, stamps: np.ndarray) -> str:
    """The mapping's section that a field belongs to."""
    return _SECTIONS.get(field, "bars" if are_timed(stamps) else "daily")


def wide_options(section: str, source: RowInput, stamps: np.ndarray) -> dict[str, str]:
    """How the tables are read, and the frequency of bars."""
    encoding = {} if source.encoding == "utf-8-sig" else {"encoding": source.encoding}
    fit = fit_stamps(stamps) if section == "bars" else None
    return encoding | ({"freq": fit.grid.freq, "stamps": fit.grid.convention} if fit else {})


def _is_stock(name: str) -> bool:
    try:
        normalise_symbol(name)
    except ValueError:
        return False
    return sum(letter.isdigit() for letter in name) == 6
