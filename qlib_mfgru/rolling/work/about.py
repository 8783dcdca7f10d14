"""What a unit says about itself, in plain values: as a row of a table, and how well it validates."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any

import torch

from qlib_mfgru import __version__, native
from qlib_mfgru.nn import METRICS, MetricName

VALID, SCORE_KEY = "valid_", "score_key"
_NO_COLUMNS = ("history", "made_by", SCORE_KEY)


def made_by() -> dict[str, str]:
    """What trains a unit in this process: versions, and the machine."""
    host = socket.gethostname()
    return {"qlib_mfgru": __version__, "torch": torch.__version__, "kernels": native.version(), "host": host}


def row_of(about: Mapping[str, Any]) -> dict[str, Any]:
    """What a table shows of it."""
    return {name: value for name, value in about.items() if name not in _NO_COLUMNS}


def validation_of(about: Mapping[str, Any]) -> dict[MetricName, float]:
    """Metric -> validation value; empty for models that do not validate."""
    return {name: float(about[f"{VALID}{name}"]) for name in METRICS if f"{VALID}{name}" in about}
