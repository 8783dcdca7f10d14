"""Scores of a network for samples, and how well they validate."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

import torch
from tqdm.auto import tqdm

from qlib_mfgru.data.samples import Batch, SampleTable
from qlib_mfgru.model.training.cores import cores_for
from qlib_mfgru.model.training.failures import TrainingError, check_scores, what_is_wrong
from qlib_mfgru.nn import METRIC_TITLES, METRICS, MetricName, ScoringNet


class _Windows(dict[str, torch.Tensor]):
    """Windows by frequency; a network that asks for another one is told what it said that it reads."""

    def __missing__(self, freq: str) -> torch.Tensor:
        raise TrainingError(f"the network reads {freq!r}, which is not among its freqs, {list(self)}")


def batch_scores(net: ScoringNet, batch: Batch, base: torch.Tensor | None = None) -> torch.Tensor:
    """Scores (n,) of a batch, where the network is; with a base (one number per sample of the table) the sum of both.

    Raises
    ------
    TrainingError
        If the network does not give one number a stock.
    """
    device = next(net.parameters()).device
    windows = _Windows({freq: window.to(device) for freq, window in batch.features.items()})
    scores: torch.Tensor = net(windows)
    check_scores(scores, batch, type(net).__name__)
    return scores if base is None else scores + base[torch.from_numpy(batch.rows)].to(device)


@torch.no_grad()
def score_samples(net: ScoringNet, table: SampleTable, description: str | None = None) -> torch.Tensor:
    """Scores of all samples of a table in evaluation mode, (len(table),) on the CPU.

    With a description a progress bar shows if it takes long.
    """
    net.eval()
    scores = torch.empty(len(table))
    dates = tqdm(
        table.by_date(inputs=net.freqs),
        description,
        len(table.rows_by_date()),
        unit="date",
        leave=False,
        delay=2,
        disable=description is None,
    )
    with cores_for(net):
        for batch in dates:
            scores[torch.from_numpy(batch.rows)] = batch_scores(net, batch).cpu()
            del batch
    return scores


def validate(net: ScoringNet, table: SampleTable, base: torch.Tensor | None = None, metric: MetricName = "ic") -> float:
    """`mean_by_date` of a network's scores, in evaluation mode, on top of a base."""
    return mean_metric(validate_by_date(net, table, base, metric))


def validate_by_date(
    net: ScoringNet, table: SampleTable, base: torch.Tensor | None = None, metric: MetricName = "ic"
) -> list[float]:
    """`metric_by_date` of a network's scores, in evaluation mode, on top of a base."""
    scores = score_samples(net, table)
    return metric_by_date(scores if base is None else scores + base, table, metric)


def mean_by_date(scores: torch.Tensor, table: SampleTable, metric: MetricName = "ic") -> float:
    """Mean of `metric_by_date`."""
    return mean_metric(metric_by_date(scores, table, metric))


def mean_metric(by_date: Sequence[float]) -> float:
    """Mean over dates."""
    return sum(by_date) / len(by_date)


def check_dates(by_date: Sequence[float], instead: str) -> None:
    """Refuse a single date, whose metric has no standard error.

    Parameters
    ----------
    by_date : sequence of float
    instead : str
        The setting that needs none, which the message offers.

    Raises
    ------
    TrainingError
        If there is only one date.
    """
    if len(by_date) < 2:
        raise TrainingError(f"validation: one date has no standard error; use more validation dates, or {instead}")


def standard_error(by_date: Sequence[float]) -> float:
    """Standard error of the mean over dates, of which there are several (`check_dates`).

    They are taken as independent: labels that overlap make it too small.
    """
    return statistics.stdev(by_date) / math.sqrt(len(by_date))


def t_value(by_date: Sequence[float]) -> float:
    """The mean over dates by its `standard_error`.

    Raises
    ------
    TrainingError
        If there is only one date, or the metric is the same on all dates.
    """
    check_dates(by_date, "stop_on: mean")
    error = standard_error(by_date)
    if error == 0:
        raise TrainingError(f"validation: the metric is {by_date[0]:.4f} on all dates, so it has no t-value")
    return mean_metric(by_date) / error


def metric_by_date(scores: torch.Tensor, table: SampleTable, metric: MetricName = "ic") -> list[float]:
    """The metric of scores (len(table),) on each date; dates whose labels are constant have none.

    Raises
    ------
    TrainingError
        If no date has the metric, or the scores are the same for all stocks of a date.
    """
    values = []
    for rows in table.rows_by_date():
        prediction, label = scores[rows], table.labels[rows]
        if len(prediction) < 2 or bool((label == label[0]).all()):
            continue
        value = float(METRICS[metric](prediction, label))
        if value != value:
            why = what_is_wrong(prediction, METRIC_TITLES[metric]) or f"the {METRIC_TITLES[metric]} is NaN"
            raise TrainingError(f"validation: {why} on {table.sample_dates[rows.start].astype('M8[D]')}")
        values.append(value)
    if not values:
        raise TrainingError(
            f"validation is empty: none of its {len(table.days)} dates has two stocks with different labels"
        )
    return values
