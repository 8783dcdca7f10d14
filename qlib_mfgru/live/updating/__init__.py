"""``mfgru update``: a vendor's new days appended to a provider."""

from qlib_mfgru.live.updating.record import UpdateReport
from qlib_mfgru.live.updating.update import update

__all__ = ["UpdateReport", "update"]
