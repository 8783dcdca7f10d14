"""Several processes make the same provider, account and errors as one; none is left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from joblib.externals.loky.process_executor import ProcessPoolExecutor

from qlib_mfgru import processes
from qlib_mfgru.errors import InputError

from .test_safety import wait_for
from .vendor import BARS, DAILY, make_bars, make_daily, run, write

SIZES = {"slice_rows": 60, "chunk_rows": 100}
"""Small enough for several parts and buckets."""
STOCKS = ["600000", "000001", "300750", "688001", "601318", "000002"]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A CSV file a stock; a code that changed, rows that come twice and differ, faulty rows in several files."""
    bars = make_bars(STOCKS).replace({"symbol": {"601318": "601999"}})
    folder = write(tmp_path / "in", daily=make_daily(bars))
    for number, (_, rows) in enumerate(bars.groupby("symbol", sort=False)):
        rows = rows.copy()
        rows.loc[rows.index[5 + number], "high"] = 0.5
        rows.to_csv(folder / "bars" / f"{number}.csv", index=False)
    again = bars[bars["symbol"].isin(["600000", "000002"])].iloc[::7].assign(volume=300)
    again.to_csv(folder / "bars" / "again.csv", index=False)
    pd.DataFrame([{"old_code": "601999", "new_code": "601318", "change_date": "2025-04-01"}]).to_csv(
        folder / "renames.csv", index=False
    )
    return folder


def stored(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def pools(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Sizes of the pools of processes that are started."""
    sizes: list[int] = []

    def counted(n_processes: int, **options: Any) -> ProcessPoolExecutor:
        sizes.append(n_processes)
        return ProcessPoolExecutor(n_processes, **options)

    monkeypatch.setattr(processes, "ProcessPoolExecutor", counted)
    return sizes


@pytest.mark.parametrize("keep", ["first", "last"])
def test_the_provider_and_its_account_are_the_same_for_any_number(
    source: Path, tmp_path: Path, keep: str, pools: list[int]
) -> None:
    content = {
        "bars": {**BARS, "files": "bars/*.csv", "keep": keep, "max_dropped": 0.5},
        "daily": {**DAILY, "volume": "shares"},
        "renames": {"files": "renames.csv"},
        "max_inconsistent": 1.0,
    }
    reports = [run(source, tmp_path / f"by_{n}", content, n_jobs=n, **SIZES) for n in (1, 2)]
    assert pools == [2], "one pool reads and writes"
    counts = {reason: tally.count for reason, tally in reports[0].inputs["bars"].dropped.items()}
    assert counts["high < low"] == len(STOCKS)
    assert counts[f"repeated with other values, the {keep} kept"] == 19
    assert str(reports[0]) == str(reports[1])
    assert stored(tmp_path / "by_1") == stored(tmp_path / "by_2")
    assert "SH601318" in (tmp_path / "by_2" / "instruments" / "all.txt").read_text()


def test_of_several_faults_the_first_in_reading_order_is_told(source: Path, tmp_path: Path, pools: list[int]) -> None:
    files = {name: (source / "bars" / name).read_text() for name in ("3.csv", "4.csv", "5.csv")}
    header, messages = files["3.csv"].partition("\n")[0], []
    for faults in (
        {"3.csv": files["3.csv"].replace("close", "shut"), "5.csv": header},
        {"4.csv": header.replace("close", "shut"), "5.csv": files["5.csv"].replace("close", "shut")},
        {"again.csv": files["5.csv"].replace("\n000002", "\nsz000002")},
    ):
        for name, text in (files | faults).items():
            (source / "bars" / name).write_text(text)
        for n_jobs in (1, 2):
            with pytest.raises(InputError) as caught:
                run(source, tmp_path / "p", {"bars": {**BARS, "files": "bars/*.csv"}}, n_jobs=n_jobs, **SIZES)
            messages.append(str(caught.value))
        assert not list(tmp_path.glob("p*")), "nothing half written"
    assert pools == [2, 2, 2]
    assert messages[::2] == messages[1::2]
    assert "3.csv: no column for 'close'" in messages[0]
    assert "4.csv: no column for 'close'" in messages[2]
    assert "'000002' in 5.csv and 'sz000002' in again.csv" in messages[4]


def start(source: Path, target: Path) -> subprocess.Popen[str]:
    """The command on two processes, in a group of its own as a shell starts it."""
    program = """
import sys
from qlib_mfgru.ingest import pipeline
pipeline.ingest.__kwdefaults__["slice_rows"] = 20_000
from qlib_mfgru.cli import main
sys.exit(main(sys.argv[1:]))
"""
    (source / "mapping.yaml").write_text("bars: {files: bars/*, freq: 15min, stamps: end}\ndaily: {files: daily.csv}\n")
    words = [sys.executable, "-c", program, "ingest", source / "mapping.yaml", "--source", source, "--target", target]
    command = [str(word) for word in (*words, "--jobs", 2, "--quiet")]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)


def workers_of(pid: int) -> list[int]:
    """Process numbers of a process's children."""
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(word) for word in listed.stdout.split()]


def is_alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "State:\tZ" not in status.read_text()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_no_worker_outlives_an_ingest_that_is_stopped(tmp_path: Path, stop: signal.Signals) -> None:
    days = pd.bdate_range("2025-01-02", periods=120)
    bars = make_bars([f"60{number:04d}" for number in range(150)], days)
    source, target = write(tmp_path / "in", daily=make_daily(bars)), tmp_path / "provider"
    for number in range(10):
        bars.iloc[number * len(bars) // 10 : (number + 1) * len(bars) // 10].to_csv(
            source / "bars" / f"{number}.csv", index=False
        )
    process = start(source, target)
    workers: list[int] = []
    try:
        wait_for(lambda: any(tmp_path.glob(".provider.*/new/2/bars.1")))
        workers = workers_of(process.pid)
        assert len(workers) >= 2
        begin = time.monotonic()
        if stop is signal.SIGINT:
            os.killpg(process.pid, stop)
        else:
            process.send_signal(stop)
        _, errors = process.communicate(timeout=20)
        assert time.monotonic() - begin < 5
    finally:
        process.kill()
        process.wait()
    wait_for(lambda: not any(map(is_alive, workers)), 10)
    if stop is not signal.SIGKILL:
        assert (process.returncode, errors) == (130, "mfgru: interrupted\n")
        assert not list(tmp_path.glob("*provider*"))
