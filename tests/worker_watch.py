"""Looking at the worker processes of another process, from outside."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable

import psutil


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


def workers_of(pid: int) -> list[psutil.Process]:
    """Children of a process that are a pool's, and not trackers of its semaphores; dead ones are none."""
    return [child for child in psutil.Process(pid).children() if _is_worker(child)]


def _is_worker(process: psutil.Process) -> bool:
    try:
        return any("Loky" in word for word in process.cmdline())
    except psutil.NoSuchProcess:  # it ended meanwhile, also where it is a zombie
        return False


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def stop_it(run: subprocess.Popen[str], how: signal.Signals) -> None:
    """SIGINT to its group, as a terminal sends it; another signal to the process alone."""
    if how is signal.SIGINT:
        os.killpg(run.pid, how)
    else:
        run.send_signal(how)


def end(run: subprocess.Popen[str]) -> None:
    """End a process that a test has left, and its children."""
    for process in [*psutil.Process(run.pid).children(), run] if run.poll() is None else []:
        process.kill()
    run.communicate()
