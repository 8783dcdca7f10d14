"""Processes that a round starts and stops: forks of one that has all imported, so that a round costs no imports."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from started import CONTEXT, leave, redirect

from qlib_mfgru.errors import InputError

Work = Callable[..., "int | None"]
"""What a process does; returns its exit code, or None for 0."""


@dataclass(frozen=True)
class Ended:
    """How a process ended: its exit code, negative for a signal, and all that it printed."""

    code: int
    said: str

    def line(self) -> str:
        """The one clear line in which it said what is wrong."""
        assert self.code == 2, f"exit code {self.code}\n{self.said[-3000:]}"
        assert "Traceback" not in self.said, self.said[-3000:]
        lines = [line for line in self.said.splitlines() if line.startswith("mfgru: ")]
        assert len(lines) == 1, self.said[-3000:]
        return lines[0]

    def well(self) -> str:
        """What it said, and nothing was wrong."""
        assert self.code == 0, f"exit code {self.code}\n{self.said[-3000:]}"
        return self.said


class Job:
    """A process at work.

    Parameters
    ----------
    work : Work
        A function of a module.
    output : Path
        Where it prints to.
    environment : mapping of str to str or None
        Changes of the environment; None removes.
    """

    def __init__(self, work: Work, *arguments: Any, output: Path, environment: Mapping[str, str | None] | None = None):
        self.output = output
        self.process = CONTEXT.Process(target=_begin, args=(str(output), dict(environment or {}), work, arguments))
        self.begun = time.monotonic()
        self.process.start()

    def kill_at(self, seconds: float) -> Ended:
        """Kill it so long after its start, if it has not ended by then."""
        self.process.join(max(0.0, self.begun + seconds - time.monotonic()))
        workers = self._workers()
        self.process.kill()
        ended = self.end()
        _, alive = psutil.wait_procs(workers, timeout=10)
        for worker in alive:
            worker.kill()
        assert not alive, f"{len(alive)} workers of a killed process live on"
        return ended

    def end(self, seconds: float = 300.0) -> Ended:
        """Wait for its end."""
        self.process.join(seconds)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
            raise AssertionError(f"still at work after {seconds} s\n{self._said()[-3000:]}")
        assert self.process.exitcode is not None
        return Ended(self.process.exitcode, self._said())

    def _workers(self) -> list[psutil.Process]:
        try:
            return psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def _said(self) -> str:
        return self.output.read_text(encoding="utf-8", errors="replace") if self.output.exists() else ""


def fresh(work: Work, *arguments: Any, output: Path, environment: Mapping[str, str | None]) -> Ended:
    """The same in a new interpreter, for what one takes from its environment only at its start."""
    pickled = output.with_suffix(".pkl")
    plain = [os.fsencode(one) if isinstance(one, Path) else one for one in arguments]  # as a command line has paths
    pickled.write_bytes(pickle.dumps((str(output), work, plain)))
    every = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment}
    words = [sys.executable, "-m", __name__, str(pickled)]
    done = subprocess.run(words, env={name: value for name, value in every.items() if value is not None}, check=False)
    return Ended(done.returncode, output.read_text(encoding="utf-8", errors="replace"))


def _begin(output: str, environment: dict[str, str | None], work: Work, arguments: tuple[Any, ...]) -> None:
    for name, value in environment.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value
    signal.signal(signal.SIGINT, signal.default_int_handler)
    redirect(Path(output))
    try:
        code = work(*arguments) or 0
    except (InputError, OSError) as error:  # as the command line does; here it is for work without one
        print(f"mfgru: {error}", file=sys.stderr)
        code = 2
    except BaseException:
        traceback.print_exc()
        code = 1
    leave(code)


if __name__ == "__main__":
    _printed, _work, _arguments = pickle.loads(Path(sys.argv[1]).read_bytes())
    _begin(_printed, {}, _work, tuple(Path(os.fsdecode(one)) if isinstance(one, bytes) else one for one in _arguments))
