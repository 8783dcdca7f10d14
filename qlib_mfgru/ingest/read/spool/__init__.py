"""Rows of single stocks on disk, between reading and assembling."""

from qlib_mfgru.ingest.read.spool.part import SpoolPart
from qlib_mfgru.ingest.read.spool.records import (
    ALWAYS,
    BAR,
    DAILY_OPTIONAL,
    DAY,
    NEVER,
    PRICES,
    UNUSED,
    VALUE,
    VALUE_FIELDS,
    Records,
    StockRows,
)
from qlib_mfgru.ingest.read.spool.registry import Registry, Stored
from qlib_mfgru.ingest.read.spool.renames import Renames
from qlib_mfgru.ingest.read.spool.spool import Spool

__all__ = [
    "ALWAYS",
    "BAR",
    "DAILY_OPTIONAL",
    "DAY",
    "NEVER",
    "PRICES",
    "UNUSED",
    "VALUE",
    "VALUE_FIELDS",
    "Records",
    "Registry",
    "Renames",
    "Spool",
    "SpoolPart",
    "StockRows",
    "Stored",
]
