"""qlib's store of experiments as an sqlite file, whole from the moment it has its name; nothing is lost in silence."""

from qlib_mfgru.report.store.file import SQLITE, make_store, store_file
from qlib_mfgru.report.store.manager import ExperimentStore

__all__ = ["SQLITE", "ExperimentStore", "make_store", "store_file"]
