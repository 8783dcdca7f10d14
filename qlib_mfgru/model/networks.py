"""Models that train their network in one stage: the report's first three, and any network from a config."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from qlib_mfgru.data.dataset import MultiFreqDataset
from qlib_mfgru.model.base import NeuralModel
from qlib_mfgru.model.network_config import NetworkSettings, built_network
from qlib_mfgru.model.settings import AttentionSettings, GRUNetworkSettings, GRUSettings, MixedSettings
from qlib_mfgru.model.training.loop import StageData
from qlib_mfgru.model.training.stage import StageResult
from qlib_mfgru.nn import Inputs, ScoreNet, ScoringNet
from qlib_mfgru.nn.attention import AttentionForm


class OneStageModel(NeuralModel):
    """All of a network is trained at once."""

    def train(self, net: ScoringNet, dataset: MultiFreqDataset) -> list[StageResult]:
        data = StageData(dataset.samples("train", net.freqs), dataset.samples("valid", net.freqs))
        return [self.run_stage(net, data, stage=1, title=" + ".join(net.freqs))]


class NetworkModel(OneStageModel):
    """Any network.

    Parameters
    ----------
    network : dict
        Config (class, module_path, kwargs) of a `ScoringNet`. If its constructor takes ``inputs`` it gets the shapes
        of the windows, frequency -> `InputShape`; what it reads is what its ``freqs`` say.
    freqs : sequence of str, optional
        What ``inputs`` holds; by default all of the handler's inputs.
    **settings
        Those of `TrainSettings`, see `NeuralModel`.

    Raises
    ------
    InputError
        What is wrong with the settings, in one line; no such class, one that is no `ScoringNet`, or keyword arguments
        that it does not take. Nothing is built before `fit`.
    """

    settings_kind = NetworkSettings
    settings: NetworkSettings

    def __init__(self, network: Mapping[str, Any], freqs: Sequence[str] | None = None, **settings: Any) -> None:
        super().__init__(network=network, freqs=freqs, **settings)

    @property
    def freqs(self) -> tuple[str, ...] | None:
        return self.settings.freqs

    def stage_freqs(self, dataset: MultiFreqDataset) -> list[tuple[str, ...]]:
        return [self.fresh(dataset).freqs]

    def build(self, inputs: Inputs) -> ScoringNet:
        return built_network(self.settings.network, inputs)


class JointModel(OneStageModel):
    """The report's encoders of one frequency or several, side by side."""

    settings: GRUNetworkSettings
    attention: AttentionForm | None = None

    @property
    def hidden_size(self) -> int:
        """Size of the GRUs' states."""
        return self.settings.hidden_size

    @property
    @abstractmethod
    def freqs(self) -> tuple[str, ...]:
        """Frequencies that the model reads."""

    def stage_freqs(self, dataset: MultiFreqDataset) -> list[tuple[str, ...]]:
        return [self.freqs]

    def build(self, inputs: Inputs) -> ScoringNet:
        return ScoreNet(inputs, self.hidden_size, self.attention, self.settings.dropout)


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
