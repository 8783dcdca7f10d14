"""Units' keys and fields: another set, order, kind or scale is another key, as are other values."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
from experiments import start_qlib
from tiny_world import SEGMENTS

from qlib_mfgru.data import MultiFreqDataset, MultiFreqHandler
from qlib_mfgru.rolling.identity import training_identity

EDITS = [
    ("factor", 2, True),
    ("vwap", 2, True),
    ("close", 2, True),  # the label's
    ("high", 2, False),
    ("volume", 2, False),
    ("volume", 0, True),  # a day without trading
]
LEVEL = {"name": "factor", "kind": "level", "scale": "own"}


def identity(*fields: Any) -> str:
    inputs = {"day": {"days": 5, "scale": "last", **({"fields": list(fields)} if fields else {})}}
    return training_identity(MultiFreqDataset(MultiFreqHandler(inputs=inputs), SEGMENTS), [("day",)])


def test_fields_are_part_of_the_key(tiny_qlib: Path) -> None:
    assert identity() == identity("open", "high", "low", "close", "vwap", "volume")
    assert identity("factor") == identity(LEVEL) == identity("$FACTOR")
    different = [
        identity(),
        identity("vwap"),
        identity("vwap", "factor"),
        identity("factor", "vwap"),
        identity("vwap", {**LEVEL, "kind": "price"}),
        identity("vwap", {**LEVEL, "scale": "none"}),
    ]
    assert len(set(different)) == 6


def test_values_of_the_fields_and_of_who_traded_are_part_of_the_key(
    tiny_provider: Path, tiny_qlib: Path, tmp_path: Path
) -> None:
    provider = shutil.copytree(tiny_provider, tmp_path / "provider")
    start_qlib(provider, tiny_qlib)
    try:
        for name, by, changes in EDITS:
            before = identity("vwap", "factor")
            path = provider / f"features/sh600003/{name}.day.bin"
            values = np.fromfile(path, "<f4")
            values[60] *= by
            values.tofile(path)
            start_qlib(provider, tiny_qlib)  # which remembers the expressions that it has evaluated
            assert (identity("vwap", "factor") != before) == changes, (name, by)
    finally:
        start_qlib(tiny_provider, tiny_qlib)
