"""``IncrementalGRUModel``: branches trained one after the other, each on what the ones before it leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from qlib_mfgru.data.dataset import MultiFreqDataset
from qlib_mfgru.data.samples import SampleTable
from qlib_mfgru.model.base import NeuralModel
from qlib_mfgru.model.network_config import IncrementalSettings
from qlib_mfgru.model.settings import TrainSettings
from qlib_mfgru.model.training.loop import StageData
from qlib_mfgru.model.training.scoring import score_samples
from qlib_mfgru.model.training.stage import StageResult
from qlib_mfgru.nn import IncrementalNet, Inputs, ScoringNet
from qlib_mfgru.nn.weighted import WeightedNet


class IncrementalGRUModel(NeuralModel):
    """Branches trained one after the other, each on what the frozen ones leave unexplained (figures 12 to 14).

    Stage k trains its branch with the loss on the sum of all branches so far; it uses every sample for which the
    frequencies of the first k stages exist, so a daily history longer than the minute history is used in full. A
    frozen branch is in evaluation mode, and its prediction is computed once. A branch whose best epoch does not
    validate better than the frozen ones alone, on the same samples, adds 0 to the prediction.

    Parameters
    ----------
    stages : sequence of str or mapping
        In the order of training; report: daily, then 15-minute. A frequency alone is the report's GRU over it;
        ``{freq: 15min, network: {class, module_path, kwargs}}`` any other `ScoringNet`, which gets its stage's shapes
        as in `NetworkModel`; ``freqs: [...]`` instead of ``freq`` gives a branch several. What a stage has of its own
        among `EpochSettings` is its ``training: {max_epochs: 20, ...}``.
    **settings
        See `NeuralModel`; ``hidden_size`` and ``dropout`` are of the GRUs. With ``stage_weight: validated`` the score
        of a stage after the first counts for as much as validation supports (`choose_weight`), by default in full.
    """

    settings_kind = IncrementalSettings
    settings: IncrementalSettings

    def __init__(self, stages: Sequence[str | Mapping[str, Any]] = ("day", "15min"), **settings: Any) -> None:
        super().__init__(stages=stages, **settings)

    @property
    def freqs(self) -> tuple[str, ...]:
        return self.settings.freqs

    @property
    def hidden_size(self) -> int:
        """Size of the GRUs' states."""
        return self.settings.hidden_size

    def stage_freqs(self, dataset: MultiFreqDataset) -> list[tuple[str, ...]]:
        """The frequencies of the first stage, of the first two, ...; a stage's own come last."""
        stages: list[tuple[str, ...]] = []
        for stage in self.settings.stages:
            earlier = [freq for freq in (stages[-1] if stages else ()) if freq not in stage.freqs]
            stages.append((*earlier, *stage.freqs))
        return stages

    def build(self, inputs: Inputs) -> IncrementalNet:
        size, dropout = self.hidden_size, self.settings.dropout
        first, *later = (stage.build(inputs, size, dropout) for stage in self.settings.stages)
        if self.settings.stage_weight == "validated":
            later = [WeightedNet(branch) for branch in later]
        return IncrementalNet([first, *later])

    def stage_settings(self, stage: int) -> TrainSettings:
        return self.settings.of_stage(stage - 1)

    def train(self, net: ScoringNet, dataset: MultiFreqDataset) -> list[StageResult]:
        assert isinstance(net, IncrementalNet)  # what build() makes
        results: list[StageResult] = []
        for number, (branch, freqs) in enumerate(zip(net.branch_list(), self.stage_freqs(dataset), strict=True)):
            frozen = net.kept_branches(number)
            train, valid = (dataset.samples(segment, freqs) for segment in ("train", "valid"))
            data = StageData(train, valid, _frozen_score(frozen, train), _frozen_score(frozen, valid))
            own = "+".join(self.settings.stages[number].freqs)
            if isinstance(branch, WeightedNet):
                branch.weight.fill_(1.0)  # a warm start brings the weight of the fit before
            results.append(self.run_stage(branch, data, number + 1, f"stage {number + 1}: {own}"))
            net.kept[number] = results[-1].kept
        return results


def _frozen_score(branches: Sequence[ScoringNet], table: SampleTable) -> torch.Tensor | None:
    """Sum of what the frozen branches predict for every sample; None if there are none."""
    scores = [score_samples(branch, table) for branch in branches]
    return torch.stack(scores).sum(dim=0) if scores else None
