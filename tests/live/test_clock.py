"""The clock is no input: no module asks it what day it is, and an update in 2096 writes the same bytes."""

from __future__ import annotations

import ast
import json
import time
from pathlib import Path

import pytest

import qlib_mfgru
from live.updating.evenings import Evenings, differences
from qlib_mfgru.ingest.pipeline import ingest
from qlib_mfgru.live import update

PACKAGE = Path(qlib_mfgru.__file__).parent
ROOMS = ("live", "ingest", "provider", "portfolio", "data", "factor")
ASKS = {"now", "today", "utcnow", "time", "time_ns", "localtime", "gmtime", "ctime"}
"""Names of calls that tell the time of day; of `time` itself only ``time.time`` does."""
FUTURE = 4_000_000_000.0


def asked(source: str) -> list[int]:
    """Lines on which the clock is asked."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return [
        call.lineno
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in ASKS
        and not (call.func.attr == "time" and ast.unparse(call.func.value) != "time")
    ]


def test_no_module_asks_the_clock() -> None:
    files = [file for room in ROOMS for file in (PACKAGE / room).rglob("*.py")]
    assert len(files) > 150
    assert [f"{file}:{line}" for file in files for line in asked(file.read_text(encoding="utf-8"))] == []
    assert asked("import time\nx = time.time()\ny = pd.Timestamp.now()\nz = stamps.time()") == [2, 3]


def test_an_update_in_the_year_2096(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    market = Evenings.make(4)
    for name in ("now", "future"):
        with monkeypatch.context() as patch:
            if name == "future":
                patch.setattr(time, "time", lambda: FUTURE)
                patch.setattr(time, "time_ns", lambda: int(FUTURE * 1e9))
            source, provider = tmp_path / name / "s", tmp_path / name / "p"
            ingest(market.mapping(), market.write(source, 0, 90), provider, quiet=True, n_jobs=1)
            update(provider, market.write(source, 90, 91), quiet=True, n_jobs=1)
    providers = [tmp_path / name / "p" for name in ("now", "future")]
    assert differences(*providers) == []
    one, other = (json.loads((provider / "mfgru.json").read_text())["report"] for provider in providers)
    assert one == other
