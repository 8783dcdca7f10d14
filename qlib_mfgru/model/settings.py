"""Settings of the models: how to train, and what each network is made of; the defaults are the report's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import torch
from pydantic import AfterValidator, model_validator
from typing_extensions import Self

from qlib_mfgru import native
from qlib_mfgru.configs import accepts, built, config_validator
from qlib_mfgru.data.dataset import BatchBy
from qlib_mfgru.data.settings import Frequencies
from qlib_mfgru.errors import InputError
from qlib_mfgru.native import Precision
from qlib_mfgru.nn import LOSSES, Implementation, Loss, MetricName
from qlib_mfgru.nn.attention import AttentionForm
from qlib_mfgru.nn.kernels import fused
from qlib_mfgru.settings import Count, Fraction, Le, Lt, NonNegative, Positive, Seed, Settings, Text, shown


def _device(name: str) -> str:
    if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", name):
        raise ValueError("must be auto, cpu, cuda or cuda:N")
    return name


def _loss(config: Any) -> Any:
    """A loss's name, or the config of one that can be built."""
    if isinstance(config, Mapping):
        loss = built(config, Loss, "loss")
        if type(loss).forward is Loss.forward or not accepts(loss.forward, 2):
            raise InputError(f"loss: {type(loss).__name__} needs forward(scores, label) of its own")
    elif not (isinstance(config, str) and config in LOSSES):
        names = ", ".join(map(repr, LOSSES))
        raise InputError(
            f"loss is {shown(config)}: must be one of {names}, or a config with class, module_path, kwargs"
        )
    return config


MOST_LR = 1e30
"""What float32 holds with room for a step: networks fail long before, which training says."""
Epochs = Annotated[Count, Le(1_000_000)]


class EpochSettings(Settings):
    """How the weights move from epoch to epoch, when that ends, and which are kept; a stage may have its own.

    Attributes
    ----------
    lr : float
        Adam's learning rate.
    lr_decay : float
        What the learning rate is multiplied by after each epoch, over 0 and up to 1; 1 leaves it as it is.
    weight_decay : float
        AdamW's: every step takes ``lr * weight_decay`` of each weight of the network, biases included.
    max_epochs : int
    patience : int
        Stop after so many epochs without a better validation metric.
    stop_on : {"mean", "t"}
        What of the validation dates' metrics early stopping follows: their mean, or its t-value, the mean over its
        standard error (as of independent dates).
    smooth_epochs : int
        Early stopping follows the mean over so many neighbouring epochs, each for the epoch in its middle.
    average_epochs : int
        Keep the mean of the weights of so many of the best epochs.
    """

    lr: Annotated[NonNegative, Le(MOST_LR)] = 1e-3
    lr_decay: Annotated[Positive, Le(1)] = 1.0
    weight_decay: NonNegative = 0.0
    max_epochs: Epochs = 100
    patience: Epochs = 10
    stop_on: Literal["mean", "t"] = "mean"
    smooth_epochs: Epochs = 1
    average_epochs: Epochs = 1

    @model_validator(mode="after")
    def _decays(self) -> Self:
        share = self.lr * self.weight_decay
        if share >= 1:
            raise ValueError(
                f"weight_decay is {self.weight_decay:g}: every step takes lr * weight_decay of each weight, here "
                f"{share:g}; must be below 1"
            )
        return self


class TrainSettings(EpochSettings):
    """How to train, whatever the network: beside the epochs, batches, loss, metric and machine.

    Attributes
    ----------
    batch_size : int
        Samples in a batch, shuffled across dates.
    batch_by : {"sample", "date"}
        ``date`` makes every batch one whole cross-section instead.
    seed : int
        Of the initial weights and of the order of the batches.
    device : str
        ``auto`` (a GPU if there is one), ``cpu``, ``cuda``, ``cuda:1`` ...
    gru : {"auto", "compiled", "plain", "fused", "torch"}
        Implementation of the recurrence (`GRULayer`); ``auto`` takes the fastest that has been measured there.
    precision : {"float32", "bf16"}
        Of what the compiled recurrence multiplies: with ``bf16`` weights, inputs and states are rounded to bfloat16
        there. Where that does not run, which a warning says, float32 is used.
    loss : {"ic", "rank_ic", "top_ic", "pairwise", "mse"} or config
        What a batch's scores are trained to lower; a config (class, module_path, kwargs) names a `Loss`.
    metric : {"ic", "rank_ic"}
        What early stopping follows, and histories, curves and recorders show.
    """

    batch_size: Count = 5000
    batch_by: BatchBy = "sample"
    seed: Seed = 0
    device: Annotated[Text, AfterValidator(_device)] = "auto"
    gru: Implementation = "auto"
    precision: Precision = "float32"
    loss: Annotated[Any, config_validator(_loss)] = "ic"
    metric: MetricName = "ic"

    @model_validator(mode="after")
    def _enough_epochs(self) -> Self:
        """The shortest training must have as many epochs to choose from as are averaged."""
        smoothed = self.max_epochs - self.smooth_epochs + 1
        if smoothed < self.average_epochs:
            raise ValueError(
                f"max_epochs is {self.max_epochs}: too few for smooth_epochs {self.smooth_epochs} and average_epochs "
                f"{self.average_epochs}, which take at least {self.smooth_epochs + self.average_epochs - 1}"
            )
        if self.patience < self.average_epochs:
            raise ValueError(f"average_epochs is {self.average_epochs}: must be at most patience, {self.patience}")
        return self

    def make_loss(self) -> Loss:
        """A fresh loss."""
        return built(self.loss, Loss, "loss") if isinstance(self.loss, Mapping) else LOSSES[self.loss]()

    def torch_device(self) -> torch.device:
        """The device that ``device`` means on this machine.

        Raises
        ------
        InputError
            A GPU that torch does not see, or a ``gru`` that does not run there.
        """
        device = self._named_device()
        is_cpu, runs = device.type == "cpu", True
        if self.gru == "compiled":
            runs = is_cpu and native.library() is not None
        elif self.gru == "fused":
            runs = not is_cpu and fused.available()
        if not runs:
            raise InputError(f"gru is {self.gru!r}, which does not run on {device} here: auto takes what does")
        return device

    def _named_device(self) -> torch.device:
        if self.device == "auto":
            return torch.device("cuda" if torch.cuda.is_available() else "cpu")
        device = torch.device(self.device)
        n_gpus = torch.cuda.device_count() if device.type == "cuda" else 1
        if (device.index or 0) >= n_gpus:
            raise InputError(
                f"device is {self.device!r}: torch sees {n_gpus} GPUs here; auto takes one if there is one"
            )
        return device


class GRUNetworkSettings(TrainSettings):
    """How to train a network of GRUs, and the size of their states.

    Attributes
    ----------
    hidden_size : int
    dropout : float
        Share of the code, the last states behind their BatchNorm, that is dropped while the network is trained.
    """

    hidden_size: Annotated[Count, Le(10_000)] = 30
    dropout: Annotated[Fraction, Lt(1)] = 0.0


class GRUSettings(GRUNetworkSettings):
    """Settings of a `GRUModel`."""

    freq: Text


class AttentionSettings(GRUSettings):
    """Settings of an `AttentionGRUModel`."""

    attention: AttentionForm


class MixedSettings(GRUNetworkSettings):
    """Settings of a `MixedGRUModel`."""

    freqs: Frequencies
