"""What runs a network's GRUs, and whose the cores are meanwhile: the compiled kernels' or torch's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext

from torch import nn

from qlib_mfgru.nn import GRULayer, ScoringNet, TemporalAttention
from qlib_mfgru.threads import torch_on_one_thread

_PARTS = (GRULayer, TemporalAttention, nn.BatchNorm1d, nn.Dropout, nn.Identity)


def cores_for(net: ScoringNet) -> AbstractContextManager[None]:
    """Leave the cores to the compiled kernels where these do nearly all of the work, otherwise to torch."""
    return torch_on_one_thread() if kernels_do_the_work(net) else nullcontext()


def kernels_do_the_work(net: ScoringNet) -> bool:
    """Whether a network is made of compiled GRUs, and beside them of nothing larger than the report's networks have."""
    parts = list(_parts(net))
    layers = [part for part in parts if isinstance(part, GRULayer)]
    return (
        bool(layers)
        and all(layer.chosen() == "compiled" for layer in layers)
        and all(isinstance(part, _PARTS) or _is_head(part) for part in parts)
    )


def gru_layers(net: ScoringNet) -> list[GRULayer]:
    """All GRUs of a network."""
    return [module for module in net.modules() if isinstance(module, GRULayer)]


def what_runs(net: ScoringNet) -> str:
    """For the log: the network's class, and by what its GRUs run."""
    layers = gru_layers(net)
    how = dict.fromkeys(layer.chosen() + " in bf16" * (layer.multiplied() == "bf16") for layer in layers)
    return type(net).__name__ + (f", GRU {' and '.join(how)}" if how else "")


def _parts(module: nn.Module) -> Iterator[nn.Module]:
    """The modules that compute: leaves, whole attentions, and what has weights beside those of its children."""
    children = list(module.children())
    if not children or isinstance(module, TemporalAttention) or any(True for _ in module.parameters(recurse=False)):
        yield module
    else:
        for child in children:
            yield from _parts(child)


def _is_head(part: nn.Module) -> bool:
    return isinstance(part, nn.Linear) and part.out_features == 1
