"""Settings are read as they are, and objects among them are left."""

from __future__ import annotations

import datetime
import io
import os
import pickle
from collections import OrderedDict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from qlib_mfgru.model import GRUModel
from qlib_mfgru.report.plain import Left, PlainUnpickler


def read(value: Any) -> Any:
    return PlainUnpickler(io.BytesIO(pickle.dumps(value))).load()


def test_plain_values_are_what_they_were() -> None:
    settings = {
        "class": "GRUModel",
        "kwargs": {"lr": 0.1, "seeds": [0, 1], "none": None, "on": True, "span": ("2020-01-02", None)},
        "days": {datetime.date(2020, 1, 2), datetime.date(2020, 1, 3)},
        "ordered": OrderedDict(a=1, b=[b"x", 2 + 1j]),
    }
    assert read(settings) == settings


@pytest.mark.parametrize(
    "thing",
    [
        *(torch.nn.GRU(2, 3), torch.ones(3), np.arange(4), pd.DataFrame({"a": [1]}), pd.Timestamp("2020-01-02")),
        *(GRUModel(), Path("here"), partial(print, 1), "a".upper, os.system, ValueError("no")),
    ],
    ids=lambda thing: type(thing).__name__,
)
def test_objects_are_left_and_what_stands_beside_them_is_read(thing: Any) -> None:
    found = read({"before": 1, "thing": [thing], "after": {"lr": 0.5}})
    assert (found["before"], found["after"]) == (1, {"lr": 0.5})
    assert found["thing"][0] is Left or isinstance(found["thing"][0], Left)


class Planted:
    def __reduce__(self) -> Any:
        return os.mkdir, ("planted",)


def test_no_code_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert isinstance(read([Planted()])[0], Left)
    assert not (tmp_path / "planted").exists()
