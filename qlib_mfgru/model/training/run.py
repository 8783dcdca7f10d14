"""What a fit tells the running recorder about itself: a name, the settings that it really has, how it validates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qlib.workflow import R

from qlib_mfgru.data.dataset import MultiFreqDataset
from qlib_mfgru.model.member import Member
from qlib_mfgru.model.training.callbacks import log_metrics, recorder_is_active


def begin_run(model: Member, dataset: MultiFreqDataset) -> None:
    """Name the running recorder by model and seed, and keep all settings of model and dataset, defaults included."""
    if recorder_is_active() and not model.tag:
        describe_run(model.params, dataset)


def describe_run(params: Mapping[str, Any], dataset: MultiFreqDataset, *more: str) -> None:
    """The same of a model's `Member.params`; `more` are further parts of the name."""
    from qlib_mfgru.report.store.runs import (  # no unit's result, and so its key, depends on that room
        keep_params,
        name_run,
    )

    recorder, seed = R.get_recorder(), params.get("seed")
    name_run(recorder, titled(params), *more, "" if seed is None else f"seed {seed}")
    keep_params(recorder, {**params, **dataset.params})


def titled(params: Mapping[str, Any]) -> str:
    """A model's class, and its frequency if it has one alone."""
    return f"{params['model']} ({params['freq']})" if params.get("freq") else str(params["model"])


def log_validation(model: Member) -> None:
    """Metric ``valid_<metric>``: what the network that is kept validates with."""
    log_metrics({f"{model.tag}valid_{name}": float(value) for name, value in model.validation.items()})
