"""From a qlib provider to normalised tensors."""

from qlib_mfgru.data.dataset import MultiFreqDataset
from qlib_mfgru.data.handler import CrossSection, MultiFreqHandler
from qlib_mfgru.data.panel import FIELDS, BarPanel, Field
from qlib_mfgru.data.samples import Batch, SampleTable

__all__ = [
    "FIELDS",
    "BarPanel",
    "Batch",
    "CrossSection",
    "Field",
    "MultiFreqDataset",
    "MultiFreqHandler",
    "SampleTable",
]
