"""The one pass over what the vendor says of single stocks, into the spool."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from tqdm.auto import tqdm

from qlib_mfgru.ingest.read.parts import Part, parts_of
from qlib_mfgru.ingest.read.prices import read_bars, read_daily
from qlib_mfgru.ingest.read.spool import Spool
from qlib_mfgru.ingest.read.values import read_factors, read_industries, read_renames, read_st, read_values
from qlib_mfgru.ingest.read.vendor import Vendor
from qlib_mfgru.processes import Processes


def read_vendor(vendor: Vendor, spool: Spool, processes: Processes, part_rows: int) -> None:
    """Read every input that is about single stocks into the spool, prices in parts of about `part_rows` rows.

    Raises
    ------
    InputError
        On a structural fault of an input.
    """
    mapping = vendor.mapping
    if mapping.renames:
        vendor.registry.renames = read_renames(vendor.input("renames", mapping.renames))
    parts: list[Part] = []
    if mapping.bars:
        parts += parts_of(vendor.input("bars", mapping.bars), read_bars, spool, vendor.n_rows["bars"] // part_rows)
    if mapping.daily:
        parts += parts_of(vendor.input("daily", mapping.daily), read_daily, spool, vendor.n_rows["daily"] // part_rows)
    asks_database = any(source is not None and source.sql for source in (mapping.bars, mapping.daily))
    # a database in a file is one process's only
    readings = (Processes(1) if asks_database else processes).map(Part.read, parts)
    for reading in tqdm(readings, "reading", len(parts), unit="part", leave=False, disable=vendor.quiet or None):
        spool.join(reading.rows)
        vendor.report.add(reading.report)
        if reading.fault:
            raise reading.fault
    for name, source in (("bars", mapping.bars), ("daily", mapping.daily)):
        if source and not source.provider:
            vendor.input(name, source).check_read()
    rest = spool.part(vendor.registry)
    for name, values in _values(vendor, spool.industries):
        rest.append(name, values)
    spool.join(rest)


def _values(vendor: Vendor, industries: dict[str, int]) -> Iterator[tuple[str, np.ndarray]]:
    mapping = vendor.mapping
    if mapping.factors:
        yield from read_factors(vendor.input("factors", mapping.factors))
    if mapping.limits:
        yield from read_values(vendor.input("limits", mapping.limits), ("limit_up", "limit_down"))
    if shares := mapping.float_shares:
        yield from read_values(vendor.input("float_shares", shares), ("float_shares",), shares.scale)
    if cap := mapping.market_cap:
        yield from read_values(vendor.input("market_cap", cap), ("market_cap",), cap.scale)
    if mapping.industry:
        yield from read_industries(vendor.input("industry", mapping.industry), industries)
    if mapping.st:
        yield from read_st(vendor.input("st", mapping.st))
