"""Settings of a rolling retraining, but for the model that it retrains."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator

from qlib_mfgru.settings import Count, Distinct, Flag, Folder, Len, Listed, Seed, Settings, Stamp, Text, Whole

Window = Literal["expanding", "sliding"]


def months(retrain: str) -> int:
    """``6M`` as a number.

    Raises
    ------
    ValueError
        If it is none that divides a year.
    """
    matched = re.fullmatch(r"(\d+)M", retrain)
    number = int(matched[1]) if matched else 0
    if not number or 12 % number:
        raise ValueError("must be a number of months that divides a year: 1M, 2M, 3M, 4M, 6M, 12M")
    return number


def _dividing(retrain: str) -> str:
    months(retrain)
    return retrain


def _not_zero(n_jobs: int) -> int:
    if n_jobs == 0:
        raise ValueError("must be at least 1, or -1 for as many as there are cores")
    return n_jobs


def _named(backend: Any) -> Any:
    if not isinstance(backend, Mapping) or "backend" not in backend:
        raise ValueError("must be a mapping such as {backend: dask, scheduler_host: ...}")
    return backend


Retrain = Annotated[Text, AfterValidator(_dividing)]
"""Months between retrainings, a divisor of 12: ``6M``."""


class RollingSettings(Settings):
    """All settings of a `RollingEnsembleModel` but its model; its documentation says what they mean."""

    retrain: Retrain
    train_start: Stamp | None
    seeds: Annotated[tuple[Seed, ...], Listed, Len(1), Distinct]
    n_jobs: Annotated[Whole, AfterValidator(_not_zero)]
    window: Window
    warm_start: Flag
    threads: Count | None
    backend: Annotated[dict[Text, Any], BeforeValidator(_named)] | None
    units_dir: Folder | None
