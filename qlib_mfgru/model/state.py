"""``ModelState``: what a fitted model has learnt, in tensors and plain values; no code comes with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import torch

from qlib_mfgru.data.settings import InputSpec
from qlib_mfgru.model.training.stage import StageResult
from qlib_mfgru.nn import Inputs, InputShape, ScoringNet

if TYPE_CHECKING:
    from typing_extensions import Self

_INPUT = "inputs."
"""What the names of windows begin with in `MultiFreqHandler.reading`."""


@dataclass(frozen=True, eq=False)
class ModelState:
    """All that a model of the same class and settings needs to predict the same bits.

    Attributes
    ----------
    tensors : dict of str to Tensor
        On the CPU, each with memory of its own.
    plain : dict
        Values that JSON can hold.
    """

    tensors: dict[str, torch.Tensor]
    plain: dict[str, Any]

    @classmethod
    def joined(cls, states: Sequence[ModelState]) -> Self:
        """Several states as one, which `part` takes apart."""
        tensors = {f"{k}.{name}": tensor for k, state in enumerate(states) for name, tensor in state.tensors.items()}
        return cls(tensors, {"members": [state.plain for state in states]})

    def part(self, number: int) -> ModelState:
        """One of those that were `joined`, from 0."""
        prefix = f"{number}."
        own = {name.removeprefix(prefix): it for name, it in self.tensors.items() if name.startswith(prefix)}
        return ModelState(own, self.plain["members"][number])


def weights_of(net: ScoringNet) -> dict[str, torch.Tensor] | None:
    """A copy of a network's state dict; None where it holds anything but tensors, as by a ``get_extra_state``."""
    state = net.state_dict()
    if not all(isinstance(value, torch.Tensor) for value in state.values()):
        return None
    return {name: value.detach().cpu().contiguous().clone() for name, value in state.items()}


def plain_fit(inputs: Inputs, reading: Mapping[str, Any], trained: Sequence[StageResult]) -> dict[str, Any]:
    """What a fit leaves beside the weights, as `fit_of` reads it."""
    windows = {name: it.model_dump() if isinstance(it, InputSpec) else it for name, it in reading.items()}
    return {"inputs": dict(inputs), "reading": windows, "trained": [asdict(stage) for stage in trained]}


def fit_of(plain: Mapping[str, Any]) -> tuple[dict[str, InputShape], dict[str, Any], list[StageResult]]:
    """The shapes of the inputs, their windows, and the stages of a fit."""
    inputs = {freq: InputShape(*shape) for freq, shape in plain["inputs"].items()}
    reading = {name: InputSpec(**it) if name.startswith(_INPUT) else it for name, it in plain["reading"].items()}
    return inputs, reading, [StageResult(**stage) for stage in plain["trained"]]
