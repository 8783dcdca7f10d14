"""One file a vendor: how it is asked, and its answers in the units and columns of `source`."""
