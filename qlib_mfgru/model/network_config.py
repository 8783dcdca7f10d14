"""Networks named in configs: which class a setting may name, how it is built, and the settings that hold one."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator
from typing_extensions import Self

from qlib_mfgru.configs import accepts, class_of, config_validator, takes
from qlib_mfgru.data.settings import Frequencies
from qlib_mfgru.errors import InputError
from qlib_mfgru.model.settings import EpochSettings, GRUNetworkSettings, TrainSettings
from qlib_mfgru.nn import Inputs, ScoreNet, ScoringNet
from qlib_mfgru.settings import Len, Listed, Settings, checked


def built_network(config: Mapping[str, Any], inputs: Inputs) -> ScoringNet:
    """The network of a config, built for `inputs` if its class takes them.

    Raises
    ------
    InputError
        A network that reads nothing, or has no weights.
    """
    kind, kwargs = network_class(config), copy.deepcopy(config.get("kwargs", {}))
    net = kind(**kwargs, inputs=inputs) if takes(kind, "inputs") else kind(**kwargs)
    if not net.freqs:
        raise InputError(
            f"network: {kind.__name__} reads no frequency: it must pass its inputs on to ScoringNet, or set its freqs"
        )
    if not any(weight.requires_grad for weight in net.parameters()):
        raise InputError(f"network: {kind.__name__} has no weights to train")
    return net


def network_class(config: Any) -> type[ScoringNet]:
    """The class of a config, looked up and not built: its shapes are known once there is a dataset.

    Raises
    ------
    InputError
        No such class, one that is no `ScoringNet` or has no `forward`, or keyword arguments that it does not take.
    """
    kind = class_of(config, ScoringNet, "network", "inputs")
    if kind.forward is ScoringNet.forward or not accepts(kind.forward, 2):
        raise InputError(f"network: {kind.__name__} needs a forward(features) of its own")
    return kind


def _network(config: Any) -> dict[str, Any]:
    network_class(config)
    return dict(config)


NetworkConfig = Annotated[dict[str, Any], config_validator(_network)]


class NetworkSettings(TrainSettings):
    """Settings of a `NetworkModel`."""

    network: NetworkConfig
    freqs: Frequencies | None

    @model_validator(mode="after")
    def _inputs_are_taken(self) -> Self:
        kind = network_class(self.network)
        if self.freqs is not None and not takes(kind, "inputs"):
            raise ValueError(
                f"freqs is {list(self.freqs)}: {kind.__name__} takes no inputs and says itself what it reads; leave "
                "freqs out"
            )
        return self


def _training(values: Any) -> dict[str, Any]:
    record = checked(EpochSettings, "training", values)
    return {name: getattr(record, name) for name in values}


class StageSettings(Settings):
    """One stage of an `IncrementalGRUModel`.

    Attributes
    ----------
    freqs : tuple of str
        What the stage's branch reads.
    network : config, optional
        The branch; by default the report's GRU.
    training : dict
        Those of `EpochSettings` that are the stage's own, instead of the model's.
    """

    freqs: Frequencies
    network: NetworkConfig | None = None
    training: Annotated[dict[str, Any], config_validator(_training)] = Field(default_factory=dict)

    def __str__(self) -> str:
        network = "" if self.network is None else f" by {self.network['class']}"
        own = ", ".join(f"{name} {value}" for name, value in self.training.items())
        return "+".join(self.freqs) + network + (f" ({own})" if own else "")

    def build(self, inputs: Inputs, hidden_size: int, dropout: float = 0.0) -> ScoringNet:
        """The branch for its own share of `inputs`.

        Raises
        ------
        InputError
            A network that reads what is not the stage's.
        """
        own = {freq: inputs[freq] for freq in self.freqs}
        net = ScoreNet(own, hidden_size, dropout=dropout) if self.network is None else built_network(self.network, own)
        if not own.keys() >= set(net.freqs):
            raise InputError(f"stages: {type(net).__name__} reads {list(net.freqs)}, its stage {list(self.freqs)}")
        return net


def _stage(stage: Any) -> Any:
    """A frequency alone is the report's branch; ``freq`` is short for ``freqs`` with one."""
    if isinstance(stage, str):
        return {"freqs": [stage]}
    if isinstance(stage, Mapping):
        rest = dict(stage)
        return {"freqs": [rest.pop("freq")], **rest} if "freq" in rest and "freqs" not in rest else rest
    raise ValueError("must be a frequency, or a mapping with freq (or freqs), network and training")


class IncrementalSettings(GRUNetworkSettings):
    """Settings of an `IncrementalGRUModel`.

    Attributes
    ----------
    stages : tuple of StageSettings
    stage_weight : {"fixed", "validated"}
        What the score of a stage after the first counts for: 1, or what `choose_weight` finds on validation.
    """

    stages: Annotated[tuple[Annotated[StageSettings, BeforeValidator(_stage)], ...], Listed, Len(1)]
    stage_weight: Literal["fixed", "validated"] = "fixed"

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        for number, stage in enumerate(self.stages):
            if any((stage.freqs, stage.network) == (it.freqs, it.network) for it in self.stages[:number]):
                raise ValueError(f"stages has the same branch of {list(stage.freqs)} twice")
        return self

    @model_validator(mode="after")
    def _trainable(self) -> Self:
        for number in range(len(self.stages)):
            try:
                self.of_stage(number)
            except InputError as error:
                raise ValueError(f"stages[{number}].training: {error}") from None
        return self

    def of_stage(self, number: int) -> TrainSettings:
        """How a stage, counted from 0, is trained: as the model is, but for what it has of its own."""
        shared = {name: getattr(self, name) for name in TrainSettings.model_fields}
        return TrainSettings.of(**shared | self.stages[number].training)

    @property
    def freqs(self) -> tuple[str, ...]:
        """Frequencies of all stages, in the order of training."""
        return tuple(dict.fromkeys(freq for stage in self.stages for freq in stage.freqs))
