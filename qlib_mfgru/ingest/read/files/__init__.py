"""Vendors' files of every kind, behind one small interface."""

from qlib_mfgru.ingest.read.files.vendor_file import VendorFile

__all__ = ["VendorFile"]
