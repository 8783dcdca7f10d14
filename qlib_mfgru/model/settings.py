"""Settings of the models: how to train, and what each network is made of; the defaults are the report's."""

from __future__ import annotations

import re
from typing import Annotated

import torch
from pydantic import AfterValidator

from qlib_mfgru.data.dataset import BatchBy
from qlib_mfgru.data.settings import Frequencies
from qlib_mfgru.errors import InputError
from qlib_mfgru.nn import Implementation
from qlib_mfgru.nn.attention import AttentionForm
from qlib_mfgru.settings import Count, NonNegative, Seed, Settings, Text


def _device(name: str) -> str:
    if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", name):
        raise ValueError("must be auto, cpu, cuda or cuda:N")
    return name


class TrainSettings(Settings):
    """How to train.

    Attributes
    ----------
    batch_size : int
        Samples in a batch, shuffled across dates.
    batch_by : {"sample", "date"}
        ``date`` makes every batch one whole cross-section instead.
    lr : float
        Adam's learning rate.
    max_epochs : int
    patience : int
        Stop after so many epochs without a better validation IC.
    seed : int
        Of the initial weights and of the order of the batches.
    device : str
        ``auto`` (a GPU if there is one), ``cpu``, ``cuda``, ``cuda:1`` ...
    gru : {"auto", "compiled", "plain", "fused", "torch"}
        Implementation of the recurrence (`GRULayer`); ``auto`` takes the fastest that has been measured there.
    """

    batch_size: Count = 5000
    batch_by: BatchBy = "sample"
    lr: NonNegative = 1e-3
    max_epochs: Count = 100
    patience: Count = 10
    seed: Seed = 0
    device: Annotated[Text, AfterValidator(_device)] = "auto"
    gru: Implementation = "auto"

    def torch_device(self) -> torch.device:
        """The device that ``device`` means on this machine.

        Raises
        ------
        InputError
            A GPU that torch does not see.
        """
        if self.device == "auto":
            return torch.device("cuda" if torch.cuda.is_available() else "cpu")
        device = torch.device(self.device)
        n_gpus = torch.cuda.device_count() if device.type == "cuda" else 1
        if (device.index or 0) >= n_gpus:
            raise InputError(
                f"device is {self.device!r}: torch sees {n_gpus} GPUs here; auto takes one if there is one"
            )
        return device


class NetworkSettings(TrainSettings):
    """How to train a network, and the size of its GRUs' states.

    Attributes
    ----------
    hidden_size : int
    """

    hidden_size: Count = 30


class GRUSettings(NetworkSettings):
    """Settings of a `GRUModel`."""

    freq: Text


class AttentionSettings(GRUSettings):
    """Settings of an `AttentionGRUModel`."""

    attention: AttentionForm


class MixedSettings(NetworkSettings):
    """Settings of a `MixedGRUModel`."""

    freqs: Frequencies


class IncrementalSettings(NetworkSettings):
    """Settings of an `IncrementalGRUModel`."""

    stages: Frequencies
