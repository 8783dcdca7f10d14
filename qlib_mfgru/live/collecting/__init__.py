"""Bars and tables from a vendor's server to a folder that ``mfgru ingest`` reads: resumable, and only what is new."""
