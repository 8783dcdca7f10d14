"""A model's config as a unit's key sees it: the same for all ways to write the same settings."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from qlib.model.base import Model
from qlib.utils import get_callable_kwargs

from qlib_mfgru.model import MeanModel
from qlib_mfgru.model.base import NeuralModel
from qlib_mfgru.model.mean import member_config
from qlib_mfgru.settings import Settings


def spelled(value: Any) -> Any:
    """A config, or anything in one, by class and complete settings.

    ``{freq: day}`` and ``day`` are one stage, a default that is stated is none that changes anything, and a class is
    where it is defined, whatever path a config imports it by. Of what is not ours the keyword arguments are taken as
    they are, and of a model in the place of its config all that it holds.
    """
    if isinstance(value, Settings):
        return spelled(dict(value))
    if isinstance(value, Model):  # what it prints leaves out most of its settings
        return [_path(type(value)), spelled(vars(value))]
    if isinstance(value, Mapping):
        kind = class_named(value)
        if kind is not None:
            return [_path(kind), spelled(_complete(kind, value.get("kwargs") or {}))]
        return {str(name): spelled(part) for name, part in value.items()}
    return [spelled(part) for part in value] if isinstance(value, (list, tuple)) else value


def class_named(config: Mapping[Any, Any]) -> type | None:
    """The class of a config; None for plain data, such as ``{class: relu}``."""
    try:
        kind, _ = get_callable_kwargs(dict(config))
    except Exception:  # a module's own code runs: anything may be raised; what had to be a config was refused before
        return None
    return kind if isinstance(kind, type) else None


def _path(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _complete(kind: type, kwargs: Mapping[str, Any]) -> dict[str, Any]:
    if kind is MeanModel:
        rest = {name: value for name, value in kwargs.items() if name != "members"}
        members = [member_config(member, rest, "members") for member in kwargs["members"]]
        return {"members": members, "seed": rest.get("seed")}
    if issubclass(kind, NeuralModel):
        return {**kwargs, **dict(kind(**copy.deepcopy(dict(kwargs))).settings)}
    return dict(kwargs)
