"""Vendors' files of every kind, behind one small interface."""

from qlib_mfgru.ingest.read.files.vendor_file import EmptyFile, VendorFile, short_name

__all__ = ["EmptyFile", "VendorFile", "short_name"]
