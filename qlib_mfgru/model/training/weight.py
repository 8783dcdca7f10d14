"""The weight of a stage's score, chosen on validation."""

from __future__ import annotations

import numpy as np
import torch

from qlib_mfgru.data.samples import SampleTable
from qlib_mfgru.model.training.scoring import mean_metric, metric_by_date, score_samples, standard_error
from qlib_mfgru.nn import MetricName
from qlib_mfgru.nn.weighted import WeightedNet

GRID = tuple(step / 10 for step in range(11))
"""Weights that are tried, from none of the score to all of it."""


def choose_weight(net: WeightedNet, table: SampleTable, base: torch.Tensor, metric: MetricName) -> tuple[float, float]:
    """Set `net.weight` by the one-standard-error rule; the weight, and the validation metric with it.

    The best weight of `GRID` is that of the best mean metric. Taken is the smallest whose mean is at most one standard
    error below: that of the difference by date, since both weights see the same dates (L. Breiman et al.,
    "Classification and Regression Trees", 1984, 3.4.3, for the rule). A stage whose gain is no larger than its own
    standard error so gets 0.

    Parameters
    ----------
    net : WeightedNet
        At weight 1.
    table : SampleTable
        The validation samples, of several dates (`check_dates`).
    base : Tensor of shape (len(table),)
        What its score is added to.
    metric : {"ic", "rank_ic"}
    """
    scores = score_samples(net, table)
    by_weight = np.array([metric_by_date(base + weight * scores, table, metric) for weight in GRID])
    lost = by_weight[by_weight.mean(axis=1).argmax()] - by_weight  # (n_weights, n_dates)
    chosen = next(number for number, by_date in enumerate(lost) if by_date.mean() <= standard_error(by_date.tolist()))
    net.weight.fill_(GRID[chosen])
    return GRID[chosen], mean_metric(by_weight[chosen].tolist())
