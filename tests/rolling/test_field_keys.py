"""Units' keys and fields: another set, order, kind or scale is another key, as is another state of the files."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from experiments import start_qlib

from qlib_mfgru.data import MultiFreqHandler
from qlib_mfgru.rolling.key import handler_identity

LEVEL = {"name": "factor", "kind": "level", "scale": "own"}


def identity(*fields: Any) -> str:
    inputs = {"day": {"days": 5, "scale": "last", **({"fields": list(fields)} if fields else {})}}
    return handler_identity(MultiFreqHandler(inputs=inputs))


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


def test_files_of_the_fields_and_of_close_and_volume_are_part_of_the_key(
    tiny_provider: Path, tiny_qlib: Path, tmp_path: Path
) -> None:
    provider = shutil.copytree(tiny_provider, tmp_path / "provider")
    start_qlib(provider, tiny_qlib)
    try:
        for name, changes in {"volume": True, "close": True, "factor": True, "vwap": True, "high": False}.items():
            before = identity("vwap", "factor")
            path = provider / f"features/sh600003/{name}.day.bin"
            path.write_bytes(path.read_bytes())  # the same bytes, but written anew
            assert (identity("vwap", "factor") != before) == changes, name
    finally:
        start_qlib(tiny_provider, tiny_qlib)
