"""``mfgru update``: a vendor's new days appended to a provider."""
