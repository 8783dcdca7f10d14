"""``mfgru report``: one HTML file of recorders that exist."""
