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
        Its validation metric.
    base : float or None
        That of the frozen branches alone, on the same samples; None where nothing is frozen.
    rows : list of dict
        One an epoch, as of `EpochRecord.row`.
    """

    stage: int
    title: str
    metric: MetricName
    epoch: int
    best: float
    base: float | None = None
    rows: list[dict[str, Any]] = field(default_factory=list, repr=False)

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
        if self.kept:
            base = "" if self.base is None else f" (the branches before it: {self.base:.4f})"
            return f"{self.title}: best validation {metric} {self.best:.4f} at epoch {self.epoch}{base}"
        return (
            f"{self.title}: kept at zero, since its best validation {metric} {self.best:.4f} (epoch {self.epoch}) does "
            f"not beat that of the branches before it, {self.base:.4f}"
        )
