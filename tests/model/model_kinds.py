"""Every kind of model of ours, with settings whose training takes a moment."""

from __future__ import annotations

from typing import Any

from tiny_world import FAST

from qlib_mfgru.model import (
    AttentionGRUModel,
    GRUModel,
    IncrementalGRUModel,
    MeanModel,
    Member,
    MixedGRUModel,
    NetworkModel,
)

OWN = {"class": "Transformer", "module_path": "own_networks", "kwargs": {"width": 4}}
PINNED = {"class": "Pinned", "module_path": "own_networks"}
PLAIN = {"batch_size": 200, "max_epochs": 2, "device": "cpu"}
KINDS: dict[str, tuple[type[Member], dict[str, Any]]] = {
    "gru": (GRUModel, FAST),
    "daily": (GRUModel, {"freq": "day", **FAST}),
    "attention": (AttentionGRUModel, FAST),
    "mixed": (MixedGRUModel, FAST),
    "incremental": (IncrementalGRUModel, FAST),
    "own branch": (IncrementalGRUModel, {"stages": ["day", {"freq": "15min", "network": PINNED}], **FAST}),
    "own network": (NetworkModel, {"network": OWN, "freqs": ["day", "15min"], **PLAIN}),
    "pinned": (NetworkModel, {"network": PINNED, **PLAIN}),
    "mean": (MeanModel, {"members": [{"class": "GRUModel", "module_path": "qlib_mfgru.model", "kwargs": {"freq": freq}}
                                     for freq in ("day", "15min")], **FAST}),
}  # fmt: skip
