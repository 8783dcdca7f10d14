"""Networks of the report, losses and metrics: plain torch modules, no qlib."""

from qlib_mfgru.nn.attention import TemporalAttention
from qlib_mfgru.nn.gru import GRULayer, Implementation
from qlib_mfgru.nn.losses import LOSSES, ICLoss, Loss, LossName, MSELoss, PairwiseLoss, RankICLoss, TopICLoss
from qlib_mfgru.nn.metrics import METRIC_TITLES, METRICS, MetricName, ic, rank_ic
from qlib_mfgru.nn.networks import Encoder, Features, IncrementalNet, Inputs, InputShape, ScoreNet, ScoringNet
from qlib_mfgru.nn.ranking import soft_ranks

__all__ = [
    "LOSSES",
    "METRICS",
    "METRIC_TITLES",
    "Encoder",
    "Features",
    "GRULayer",
    "ICLoss",
    "Implementation",
    "IncrementalNet",
    "InputShape",
    "Inputs",
    "Loss",
    "LossName",
    "MSELoss",
    "MetricName",
    "PairwiseLoss",
    "RankICLoss",
    "ScoreNet",
    "ScoringNet",
    "TemporalAttention",
    "TopICLoss",
    "ic",
    "rank_ic",
    "soft_ranks",
]
