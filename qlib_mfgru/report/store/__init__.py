"""qlib's store of experiments as an sqlite file, whole from the moment it has its name; nothing is lost in silence."""

from qlib_mfgru.report.store.address import check_address, check_store, opened_store, readable
from qlib_mfgru.report.store.file import SQLITE, make_store, store_file
from qlib_mfgru.report.store.manager import ExperimentStore

__all__ = [
    "SQLITE",
    "ExperimentStore",
    "check_address",
    "check_store",
    "make_store",
    "opened_store",
    "readable",
    "store_file",
]
