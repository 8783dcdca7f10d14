"""How a folder comes to be: written beside its place under a lock, whole or not at all, with sums of what is in it.

``with locked(target, wait=False), staged(target) as folder: ...``
"""

from qlib_mfgru.folders.holder import Holder
from qlib_mfgru.folders.lock import Busy, lock_file, locked, sweep, tidy
from qlib_mfgru.folders.stage import scratch, staged, staged_file
from qlib_mfgru.folders.sums import SUMS, Sums

__all__ = ["SUMS", "Busy", "Holder", "Sums", "lock_file", "locked", "scratch", "staged", "staged_file", "sweep", "tidy"]
