"""Networks of the report: plain torch modules, no qlib."""

from qlib_mfgru.nn.attention import TemporalAttention
from qlib_mfgru.nn.gru import GRULayer, Implementation
from qlib_mfgru.nn.loss import ic, ic_loss
from qlib_mfgru.nn.networks import Encoder, IncrementalNet, ScoreNet, ScoringNet

__all__ = [
    "Encoder",
    "GRULayer",
    "Implementation",
    "IncrementalNet",
    "ScoreNet",
    "ScoringNet",
    "TemporalAttention",
    "ic",
    "ic_loss",
]
