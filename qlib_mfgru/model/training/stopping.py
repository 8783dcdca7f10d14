"""``EarlyStopping``: when a stage ends, and the weights that it leaves."""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch

from qlib_mfgru.model.training.loop import EpochRecord
from qlib_mfgru.nn import ScoringNet


class _Epoch(NamedTuple):
    value: float  # what is compared
    record: EpochRecord
    state: dict[str, Any]


class EarlyStopping:
    """End a stage after `patience` epochs without a better validation metric, and keep the best weights.

    Epochs are compared by `EpochRecord.criterion`; of equal ones the first is the better.

    Parameters
    ----------
    patience : int
    smooth : int
        Compare means over so many neighbouring epochs. A mean counts for the epoch in its middle (of two the earlier),
        so that a curve's peak stays where it is; those at either end, which have no full mean, are never the best.
    average : int
        Keep the mean of the weights of so many of the best epochs. They lie on one path, so their mean is a network of
        the same kind and size, where a mean of their predictions would be as many networks to keep and to run.
    """

    def __init__(self, patience: int, smooth: int = 1, average: int = 1) -> None:
        self.patience, self.average = patience, average
        self._neighbours: deque[_Epoch] = deque(maxlen=smooth)
        self._best: list[_Epoch] = []
        self._improved = 0  # the epoch after which the best one was known

    @property
    def best_epoch(self) -> int:
        """The best epoch, from 1."""
        return self._best[0].record.epoch

    @property
    def best(self) -> float:
        """Its criterion, smoothed."""
        return self._best[0].value

    @property
    def valid(self) -> float:
        """Its own validation metric."""
        return self._best[0].record.valid

    def __call__(self, record: EpochRecord, net: ScoringNet) -> bool:
        self._neighbours.append(_Epoch(record.criterion, record, copy.deepcopy(net.state_dict())))
        if len(self._neighbours) < (self._neighbours.maxlen or 1):
            return False
        value = sum(epoch.value for epoch in self._neighbours) / len(self._neighbours)
        if not self._best or value > self.best:
            self._improved = record.epoch
        middle = self._neighbours[(len(self._neighbours) - 1) // 2]._replace(value=value)
        ranked = sorted([*self._best, middle], key=lambda epoch: -epoch.value)  # stable: the earlier of equal ones
        self._best = ranked[: self.average]
        return record.epoch - self._improved >= self.patience

    def restore(self, net: ScoringNet) -> None:
        """Give the network the weights of its best epoch, or their mean over the best ones."""
        net.load_state_dict(_mean([epoch.state for epoch in self._best]))


def _mean(states: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Means of all that is in floating point, BatchNorm's statistics included; counts and others as in the first."""
    first, *others = states
    if not others:
        return first
    return {
        name: torch.stack([state[name] for state in states]).mean(dim=0)
        if isinstance(value, torch.Tensor) and value.is_floating_point()
        else value
        for name, value in first.items()
    }
