"""What a unit's network and its scores depend on of the data, by their values: days that come later change neither."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.data.window import WindowSource
from qlib_mfgru.rolling.key import digest


class FoldIdentity(NamedTuple):
    """Of the data of a fold: what its networks, and what their scores depend on."""

    training: str
    prediction: str


def fold_identity(dataset: MultiFreqDataset, stages: Sequence[Sequence[str]]) -> FoldIdentity:
    """Both identities of a dataset with the segments of a fold; see `training_identity`."""
    return FoldIdentity(training_identity(dataset, stages), prediction_identity(dataset))


def training_identity(dataset: MultiFreqDataset, stages: Sequence[Sequence[str]]) -> str:
    """Hash of all that training on a dataset's segments depends on: how samples are drawn, and their values.

    These are the labels and the members up to the last sample date, and the bars from the first window's first day up
    to the last day that a label depends on.

    Parameters
    ----------
    dataset : MultiFreqDataset
        With the segments of a fold.
    stages : sequence of sequences of str
        Frequencies in use, as of `Member.stage_freqs`. A model that does not say which it uses may read any label of
        the training segment, also one that ends after it.
    """
    handler, train = dataset.handler, dataset.segment_days("train")
    dates = [dataset.sample_days(name, freqs) for freqs in stages for name in ("train", "valid")]
    last = [int(days.max(initial=train[0])) for days in dates]
    sampled = np.arange(train[0], max(last, default=train[-1]) + 1)
    known = np.arange(train[0], min(sampled[-1] + handler.horizon, train[-1]) + 1)
    labels = handler.label.expression, handler.label_neutral, _hash(handler.panels.label_digests[sampled])
    return digest([dataset.sample_step, dataset.valid_ratio, dataset.valid_blocks, labels, _read(dataset, known)])


def prediction_identity(dataset: MultiFreqDataset, segment: str | Sequence[Any] = "test") -> str:
    """Hash of all that a network's scores of a segment depend on: how windows are made, their values, the members."""
    return digest(_read(dataset, dataset.segment_days(segment)))


def _read(dataset: MultiFreqDataset, days: np.ndarray) -> list[Any]:
    """How windows are made, and hashes of members and bars on neighbouring days, given by their positions.

    The handler's other settings show in these: `missing_vwap` in the bars, `instruments` in the members.
    """
    handler, panels = dataset.handler, dataset.handler.panels
    inputs = [[freq, spec.model_dump()] for freq, spec in handler.inputs.items()]
    kinds = [type(dataset).__qualname__, type(handler).__qualname__]
    bars = [_bars(panels.windows[freq].source, panels.days[days]) for freq in handler.inputs]
    return [kinds, inputs, handler.min_traded, handler.clip, _hash(panels.member_digests[days]), bars]


def _bars(source: WindowSource, days: pd.DatetimeIndex) -> str:
    """Hash of all bars in the windows of neighbouring days."""
    panel = source.panel
    first, end = panel.days.searchsorted(days[0]) + 1 - source.spec.days, panel.days.searchsorted(days[-1], "right")
    return _hash(panel.digests[max(first, 0) : end])


def _hash(digests: np.ndarray) -> str:
    return hashlib.sha256(digests.tobytes()).hexdigest()
