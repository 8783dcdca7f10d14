"""Vendors' files of every kind, behind one small interface."""

from qlib_mfgru.ingest.read.files.vendor_file import EmptyFile, VendorFile

__all__ = ["EmptyFile", "VendorFile"]
