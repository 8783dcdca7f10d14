"""The report's four models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import torch

from qlib_mfgru.data.dataset import MultiFreqDataset
from qlib_mfgru.data.samples import SampleTable
from qlib_mfgru.model.base import NeuralModel
from qlib_mfgru.model.settings import AttentionSettings, GRUSettings, IncrementalSettings, MixedSettings
from qlib_mfgru.model.training import StageData, score_samples
from qlib_mfgru.nn import IncrementalNet, ScoreNet, ScoringNet
from qlib_mfgru.nn.attention import AttentionForm


class JointModel(NeuralModel):
    """Encoders of one frequency or several, side by side and trained together."""

    attention: AttentionForm | None = None

    def build(self) -> ScoringNet:
        return ScoreNet(self.freqs, self.hidden_size, self.attention)

    def train(self, net: ScoringNet, dataset: MultiFreqDataset) -> list[str]:
        title = " + ".join(self.freqs)
        data = StageData(dataset.samples("train", self.freqs), dataset.samples("valid", self.freqs))
        self.run_stage(net, data, stage=1, title=title)
        return [title]


class MixedGRUModel(JointModel):
    """Encoders of several frequencies side by side, trained together (figures 10 and 11).

    Parameters
    ----------
    freqs : sequence of str
        Frequencies; report: daily and 15-minute.
    **settings
        See `NeuralModel`.
    """

    settings_kind = MixedSettings
    settings: MixedSettings

    def __init__(self, freqs: Sequence[str] = ("day", "15min"), **settings: Any) -> None:
        super().__init__(freqs=freqs, **settings)

    @property
    def freqs(self) -> tuple[str, ...]:
        return self.settings.freqs


class GRUModel(JointModel):
    """GRU over one frequency (figures 6 and 7); with ``freq="day"`` the daily-only baseline.

    Parameters
    ----------
    freq : str
        Report: 15-minute.
    **settings
        See `NeuralModel`.
    """

    settings_kind: ClassVar[type[GRUSettings]] = GRUSettings
    settings: GRUSettings

    def __init__(self, freq: str = "15min", **settings: Any) -> None:
        super().__init__(freq=freq, **settings)

    @property
    def freqs(self) -> tuple[str, ...]:
        return (self.settings.freq,)


class AttentionGRUModel(GRUModel):
    """GRU over one frequency with attention over its outputs (figures 8 and 9).

    Parameters
    ----------
    freq : str
    attention : {"alstm", "literal"}
        See `TemporalAttention`.
    **settings
        See `NeuralModel`.
    """

    settings_kind = AttentionSettings
    settings: AttentionSettings

    def __init__(self, freq: str = "15min", attention: AttentionForm = "alstm", **settings: Any) -> None:
        super().__init__(freq, attention=attention, **settings)
        self.attention = self.settings.attention


class IncrementalGRUModel(NeuralModel):
    """Branches trained one after the other, each on what the frozen ones leave unexplained (figures 12 to 14).

    Stage k trains the branch of the k-th frequency with the loss on the sum of all branches so far; it uses every
    sample for which the first k frequencies exist, so a daily history longer than the minute history is used in
    full. A frozen branch is in evaluation mode, and its prediction is computed once.

    Parameters
    ----------
    stages : sequence of str
        Frequencies in the order of training; report: daily, then 15-minute.
    **settings
        See `NeuralModel`.
    """

    settings_kind = IncrementalSettings
    settings: IncrementalSettings

    def __init__(self, stages: Sequence[str] = ("day", "15min"), **settings: Any) -> None:
        super().__init__(stages=stages, **settings)

    @property
    def freqs(self) -> tuple[str, ...]:
        return self.settings.stages

    def stage_freqs(self) -> list[tuple[str, ...]]:
        return [self.freqs[:stage] for stage in range(1, len(self.freqs) + 1)]

    def build(self) -> IncrementalNet:
        return IncrementalNet(self.freqs, self.hidden_size)

    def train(self, net: ScoringNet, dataset: MultiFreqDataset) -> list[str]:
        assert isinstance(net, IncrementalNet)  # what build() makes
        branches, titles = net.branch_list(), []
        for stage, freqs in enumerate(self.stage_freqs(), start=1):
            frozen = branches[: stage - 1]
            train, valid = (dataset.samples(segment, freqs) for segment in ("train", "valid"))
            data = StageData(train, valid, _frozen_score(frozen, train), _frozen_score(frozen, valid))
            titles.append(f"stage {stage}: {freqs[-1]}")
            self.run_stage(branches[stage - 1], data, stage, titles[-1])
        return titles


def _frozen_score(branches: Sequence[ScoringNet], table: SampleTable) -> torch.Tensor | None:
    """Sum of what the frozen branches predict for every sample; None if there are none."""
    scores = [score_samples(branch, table) for branch in branches]
    return torch.stack(scores).sum(dim=0) if scores else None
