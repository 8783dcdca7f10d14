"""``BarPanel``: all bars of one frequency as one dense array on disk, of the fields that are asked for."""

from qlib_mfgru.data.panel.bars import BarPanel, check_on_axis, check_places
from qlib_mfgru.data.panel.digests import day_digests
from qlib_mfgru.data.panel.fields import FIELDS, REPORT_FIELDS, Field, Fields, stored_names, with_typical_vwap

__all__ = [
    "FIELDS",
    "REPORT_FIELDS",
    "BarPanel",
    "Field",
    "Fields",
    "check_on_axis",
    "check_places",
    "day_digests",
    "stored_names",
    "with_typical_vwap",
]
