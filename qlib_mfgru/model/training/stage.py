"""``StageResult``: what a stage's training came to, and whether it is kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from qlib_mfgru.nn import METRIC_TITLES, MetricName


@dataclass(frozen=True)
class StageResult:
    """The best epoch of a stage, and what it has to beat.

    Attributes
    ----------
    stage : int
        From 1.
    title : str
    metric : {"ic", "rank_ic"}
    epoch : int
        The best one.
    best : float
        The validation metric with what is kept of the stage: the weights of its best epoch, or a mean of several, by
        its `weight`.
    base : float or None
        That of the frozen branches alone, on the same samples; None where nothing is frozen.
    rows : list of dict
        One an epoch, as of `EpochRecord.row`.
    averaged : int
        The number of best epochs whose mean weights are kept.
    weight : float
        What the stage's score counts for in the sum.
    """

    stage: int
    title: str
    metric: MetricName
    epoch: int
    best: float
    base: float | None = None
    rows: list[dict[str, Any]] = field(default_factory=list, repr=False)
    averaged: int = 1
    weight: float = 1.0

    @property
    def kept(self) -> bool:
        """Whether the stage is better than what it adds to."""
        return self.base is None or self.best > self.base

    @property
    def valid(self) -> float:
        """The validation metric of what is kept."""
        return self.best if self.base is None else max(self.best, self.base)

    def __str__(self) -> str:
        metric = METRIC_TITLES[self.metric]
        epochs = f"epoch {self.epoch}" + (f" and {self.averaged - 1} more, averaged" if self.averaged > 1 else "")
        if self.kept:
            weight = "" if self.weight == 1 else f", at weight {self.weight:g}"
            base = "" if self.base is None else f" (the branches before it: {self.base:.4f})"
            return f"{self.title}: best validation {metric} {self.best:.4f} at {epochs}{weight}{base}"
        if self.weight == 0:
            return (
                f"{self.title}: kept at zero, since its validation {metric} ({epochs}) is at no weight more than one "
                f"standard error above that of the branches before it, {self.base:.4f}"
            )
        return (
            f"{self.title}: kept at zero, since its best validation {metric} {self.best:.4f} ({epochs}) does "
            f"not beat that of the branches before it, {self.base:.4f}"
        )
