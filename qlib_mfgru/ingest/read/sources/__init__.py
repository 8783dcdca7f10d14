"""What an input's rows come from, and which of them are read."""

from qlib_mfgru.ingest.read.sources.table import Table, found, matching, named, tables

__all__ = ["Table", "found", "matching", "named", "tables"]
