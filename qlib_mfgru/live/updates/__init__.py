"""``mfgru update``: a vendor's new days appended to a provider."""

from qlib_mfgru.live.updates.record import UpdateReport
from qlib_mfgru.live.updates.update import update

__all__ = ["UpdateReport", "update"]
