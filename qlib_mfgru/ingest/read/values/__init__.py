"""Values of stocks beside their prices: dated, as spans, or snapshots."""

from qlib_mfgru.ingest.read.values.checks import beyond_float32, contradictions
from qlib_mfgru.ingest.read.values.codes import read_renames
from qlib_mfgru.ingest.read.values.dated import read_factors, read_industries, read_values
from qlib_mfgru.ingest.read.values.flags import flags_of
from qlib_mfgru.ingest.read.values.treatment import names_since, read_st

__all__ = [
    "beyond_float32",
    "contradictions",
    "flags_of",
    "names_since",
    "read_factors",
    "read_industries",
    "read_renames",
    "read_st",
    "read_values",
]
