"""The mapping file: where the vendor's rows are and what they mean."""

from qlib_mfgru.ingest.mapping.load import IngestMapping, load_mapping, parse_mapping
from qlib_mfgru.ingest.mapping.prices import BarInput, DailyInput, PriceInput
from qlib_mfgru.ingest.mapping.ready import VENDORS, ready_text
from qlib_mfgru.ingest.mapping.rows import BY_MARKET, RowInput
from qlib_mfgru.ingest.mapping.tables import (
    FactorInput,
    IndustryInput,
    MarketCapInput,
    ShareInput,
    StInput,
    WeightInput,
)

__all__ = [
    "BY_MARKET",
    "VENDORS",
    "BarInput",
    "DailyInput",
    "FactorInput",
    "IndustryInput",
    "IngestMapping",
    "MarketCapInput",
    "PriceInput",
    "RowInput",
    "ShareInput",
    "StInput",
    "WeightInput",
    "load_mapping",
    "parse_mapping",
    "ready_text",
]
