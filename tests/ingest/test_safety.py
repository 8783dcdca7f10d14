"""A killed ingest leaves no provider; memory grows with the slice, not with the input."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from started import Started

from qlib_mfgru.errors import InputError

from .vendor import make_bars, make_daily, run, spans, write

MAPPING = "bars: {files: bars/*, freq: 15min, stamps: end}\ndaily: {files: daily.csv}\n"


PROGRAM = """
import sys
from pathlib import Path
from qlib_mfgru.ingest.mapping import load_mapping
from qlib_mfgru.ingest import pipeline

%s
pipeline.ingest(load_mapping(Path(sys.argv[1])), Path(sys.argv[2]), Path(sys.argv[3]), quiet=True,
                slice_rows=4000, chunk_rows=2000)
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
"""An ingest, after other code."""


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the moment to kill never came"
        time.sleep(0.01)


SLOW_READ = """
import time
read = pipeline.read_vendor
def slow(*arguments, **sizes):
    read(*arguments, **sizes)
    time.sleep(60)
pipeline.read_vendor = slow
"""
SLOW_WRITE = """
import time
pipeline.write_manifest = lambda *arguments: time.sleep(60)
"""


@pytest.mark.parametrize(
    ("code", "sign"),
    [
        pytest.param(SLOW_READ, "new/1/bars.0", id="reading"),
        pytest.param(SLOW_WRITE, "new/instruments/all.txt", id="writing"),
    ],
)
@pytest.mark.parametrize("before", [False, True])
def test_a_killed_ingest_leaves_the_target_as_it_was(tmp_path: Path, code: str, sign: str, before: bool) -> None:
    bars = make_bars()
    source, target = write(tmp_path / "in", bars, make_daily(bars)), tmp_path / "provider"
    if before:
        run(source, target)
    old = {path: path.read_bytes() for path in target.rglob("*") if path.is_file()}
    (source / "mapping.yaml").write_text(MAPPING)
    process = Started(PROGRAM % code, source / "mapping.yaml", source, target, folder=source)
    try:
        wait_for(lambda: any(tmp_path.glob(f".provider.*/{sign}")))
    finally:
        process.kill()
    assert target.exists() == before
    assert {path: path.read_bytes() for path in target.rglob("*") if path.is_file()} == old
    assert list(tmp_path.glob(".provider.*"))

    run(source, target)
    assert len(spans(target)) == 3
    assert not list(tmp_path.glob(".provider.*")), "what the killed run left is cleaned up"


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the peak from /proc")
def test_memory_does_not_grow_with_the_input(tmp_path: Path) -> None:
    days = pd.bdate_range("2025-01-02", periods=60)
    peaks = []
    for name, n_stocks in (("small", 10), ("large", 250)):
        bars = make_bars([f"60{number:04d}" for number in range(n_stocks)], days)
        source = write(tmp_path / name, bars, make_daily(bars))
        bars.to_parquet(source / "bars" / "all.parquet", row_group_size=5000)
        (source / "mapping.yaml").write_text(MAPPING)
        words = [sys.executable, "-c", PROGRAM % "", source / "mapping.yaml", source, tmp_path / f"{name}_provider"]
        run = subprocess.run(list(map(str, words)), capture_output=True, text=True, check=True, timeout=60)
        peaks.append(int(run.stdout) / 1024)
    # 240 stocks more, as a frame of eight columns: what reading everything at once would take at the least
    more = 240 * 60 * 16 * 8 * 8 / 2**20
    assert peaks[1] - peaks[0] < more, f"{peaks} MiB"


def test_a_foreign_folder_is_not_replaced(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    target.mkdir()
    (target / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match="was not made by qlib_mfgru"):
        run(write(tmp_path / "in", bars, make_daily(bars)), target)
    assert (target / "thesis.txt").read_text() == "mine"
