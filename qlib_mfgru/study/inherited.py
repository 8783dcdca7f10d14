"""A config whose inner models state all that they get of the outer one's settings."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from qlib_mfgru.configs import with_kwargs
from qlib_mfgru.model import MeanModel
from qlib_mfgru.model.mean import member_config
from qlib_mfgru.rolling.model import RollingEnsembleModel
from qlib_mfgru.rolling.spelling import class_named


def inherited(value: Any) -> Any:
    """A config, or anything in one, in which the models of means and rolling ensembles state what these hand down.

    Without that a default which a model states instead of the outer setting would look like one that changes nothing.
    """
    if isinstance(value, Mapping):
        return {key: inherited(each) for key, each in _handed_down(value).items()}
    return [inherited(each) for each in value] if isinstance(value, (list, tuple)) else value


def _handed_down(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """A mean or a rolling ensemble without the settings that are for its models, which state them; others as they are.

    A class that is made from one of the two keeps the arguments that its own signature names.
    """
    kind, kwargs = class_named(config), config.get("kwargs")
    if kind is None or not issubclass(kind, (MeanModel, RollingEnsembleModel)) or not isinstance(kwargs, Mapping):
        return config
    parameters = inspect.signature(kind).parameters
    own = {name: value for name, value in kwargs.items() if name in parameters}
    settings = {name: value for name, value in kwargs.items() if name not in parameters}
    if "members" in own:
        own["members"] = [member_config(member, settings, "members") for member in own["members"]]
    elif "model" in own:
        own["model"] = with_kwargs(own["model"], settings, "model")
    else:
        return config
    return {**config, "kwargs": own}
