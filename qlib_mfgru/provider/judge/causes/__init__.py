"""What is probably behind an inconsistency, by how far the numbers are off, and what to write in the mapping."""

from qlib_mfgru.provider.judge.causes.cause import NAMED, named
from qlib_mfgru.provider.judge.causes.faults import StockFault, probable_cause

__all__ = ["NAMED", "StockFault", "named", "probable_cause"]
