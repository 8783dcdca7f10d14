"""The table of codes that changed."""

from __future__ import annotations

import numpy as np

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import RowInput
from qlib_mfgru.ingest.read.files import short_name
from qlib_mfgru.ingest.read.files.fields import STAMPS
from qlib_mfgru.ingest.read.inputs import VendorInput
from qlib_mfgru.ingest.read.spool import Renames
from qlib_mfgru.ingest.read.stamps import day_numbers


def read_renames(table: VendorInput[RowInput]) -> Renames:
    """The changes of codes: old code, new code, and the day from which on the new one is in use.

    Raises
    ------
    InputError
        As of `Renames.of`, or if a code changes twice.
    """
    registry = table.registry
    changes: dict[int, tuple[int, int]] = {}
    for piece in table.slices(("renamed",), STAMPS):
        stamps = piece.stamps()
        new = np.array([registry.stock_number(str(code).strip(), "new codes", short_name(piece.path))
                        for code in piece.frame["renamed"]])  # fmt: skip
        checks = [("unknown symbol", new < 0), ("no other code", new == piece.stock)]
        good = piece.keep([*piece.stamp_checks(stamps, weekends=False), *checks])
        for old, code, day in zip(piece.stock[good], new[good], day_numbers(stamps)[good], strict=True):
            if changes.setdefault(int(old), (int(code), int(day))) != (int(code), int(day)):
                raise InputError(f"{table.name}: {registry.codes[old]} changes twice")
    table.note(f"{len(changes)} codes are read as those that they became")
    return Renames.of(changes, registry.codes)
