"""Worker processes end with the process that asked for them, from the first moment of their life."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from worker_watch import end, is_alive, stop_it, wait_for, workers_of

from qlib_mfgru.errors import InputError
from qlib_mfgru.processes import Processes

PROGRAM = """
import builtins, sys
from qlib_mfgru.processes import Processes
with Processes(2) as processes:
    list(processes.map(getattr(builtins, sys.argv[1]), [eval(sys.argv[2])] * 4))
"""


@contextmanager
def program(function: str, task: object) -> Iterator[subprocess.Popen[str]]:
    """A program whose two workers call a builtin function; a group of its own."""
    command = [sys.executable, "-c", PROGRAM, function, repr(task)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        yield process
    finally:
        end(process)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A program whose two workers note that they work, and then do so for ten minutes."""
    note = f"import os, pathlib, time; pathlib.Path({str(tmp_path)!r}, str(os.getpid())).touch(); time.sleep(600)"
    with program("exec", note) as process:
        yield process


def bytes_read(pid: int) -> int:
    """Bytes that a process has read, from pipes as well."""
    return int(Path(f"/proc/{pid}/io").read_text().split()[1])


@pytest.mark.parametrize("moment", ["import", "work"])
@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGINT])
def test_they_end_with_their_parent(
    run: subprocess.Popen[str], tmp_path: Path, stop: signal.Signals, moment: str
) -> None:
    wait_for(lambda: len(workers_of(run.pid)) == 2)
    if moment == "work":
        wait_for(lambda: len(list(tmp_path.iterdir())) == 2)
    workers = workers_of(run.pid)
    stop_it(run, stop)
    wait_for(lambda: not any(map(is_alive, workers)), 10)
    _, errors = run.communicate(timeout=10)
    assert run.returncode == -stop, errors
    if stop is signal.SIGINT:
        assert errors.count("Traceback") == 1, "that of the parent"
        assert "leaked" not in errors
    elif moment == "import":
        assert not list(tmp_path.iterdir()), "a task was begun"


def test_an_error_ends_them_at_once(tmp_path: Path) -> None:
    task = f"import pathlib, time; pathlib.Path({str(tmp_path / 'begun')!r}).touch(); time.sleep(600)"
    begin, others = time.monotonic(), workers_of(os.getpid())  # joblib keeps those of earlier tests
    with suppress(ArithmeticError), Processes(2) as processes:
        next(processes.map(exec, ["pass", task, task]))
        wait_for((tmp_path / "begun").exists)
        workers = [worker for worker in workers_of(os.getpid()) if worker not in others]
        raise ArithmeticError("planted")
    assert time.monotonic() - begin < 60
    assert len(workers) == 2
    assert not any(map(is_alive, workers))


def test_a_worker_that_dies_is_an_error_in_one_line() -> None:
    with pytest.raises(InputError, match="a worker process died, perhaps"), Processes(2) as processes:
        list(processes.map(os._exit, [3, 3, 3]))


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="looks at what a process has read")
@pytest.mark.parametrize("dies", ["parent is interrupted", "workers are killed"])
def test_a_large_result_that_is_cut_off_holds_nothing_up(dies: str) -> None:
    with program("bytes", 300_000_000) as run:
        wait_for(lambda: len(workers_of(run.pid)) == 2)
        workers, before = workers_of(run.pid), bytes_read(run.pid)
        wait_for(lambda: bytes_read(run.pid) > before + 50_000_000)
        if dies == "parent is interrupted":
            stop_it(run, signal.SIGINT)
        else:
            for worker in workers:
                worker.kill()
        _, errors = run.communicate(timeout=20)
        last = "KeyboardInterrupt" if dies == "parent is interrupted" else "a worker process died, perhaps for want of"
        assert last in errors.splitlines()[-1]
        assert not any(map(is_alive, workers))
