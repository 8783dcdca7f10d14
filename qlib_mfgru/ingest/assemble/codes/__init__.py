"""Stocks under two codes: their days are the same, or those of one code begin where the other's end."""

from qlib_mfgru.ingest.assemble.codes.codes import Codes
from qlib_mfgru.ingest.assemble.codes.successions import Successions

__all__ = ["Codes", "Successions"]
