"""Python in a process of its own that costs no imports: a fork of one that has imported most, and has done nothing."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(
    [
        "qlib_mfgru.cli",
        "qlib_mfgru.ingest.pipeline",
        "qlib_mfgru.demo.market",
        "qlib_mfgru.rolling.model",
        "mlflow.store.tracking.sqlalchemy_store",
        "qlib.cli.run",
        "torch._dynamo",  # which an optimiser imports when the first one is made
    ]
)


class Started:
    """A program at work, as ``python -c`` would run it in a folder; it prints to ``<folder>.said``.

    Parameters
    ----------
    code : str
    arguments : object
        ``sys.argv`` behind the first, as text.
    folder : Path
        Where it works.
    environment : str
        Variables that are changed. What was read of one at an import, such as ``OMP_NUM_THREADS``, stays as it was.
    """

    def __init__(self, code: str, *arguments: object, folder: Path, **environment: str) -> None:
        self._output = folder.with_name(f"{folder.name}.said")
        self._output.unlink(missing_ok=True)
        words = [str(argument) for argument in arguments]
        self.process = CONTEXT.Process(target=_run, args=(code, words, folder, self._output, environment))
        self.process.start()

    def end(self, seconds: float = 300) -> int:
        """Wait for its end; its exit code, negative for a signal."""
        self.process.join(seconds)
        if self.process.exitcode is None:
            self.process.kill()
            raise AssertionError(f"still at work after {seconds} s\n{self.said[-3000:]}")
        return self.process.exitcode

    def kill(self) -> None:
        """End it as the system does where memory is short."""
        self.process.kill()
        self.process.join()

    @property
    def said(self) -> str:
        """All that it printed."""
        return self._output.read_text(encoding="utf-8", errors="replace") if self._output.exists() else ""


def done(code: str, *arguments: object, folder: Path, **environment: str) -> str:
    """Run a program to its end, without an error; all that it printed."""
    run = Started(code, *arguments, folder=folder, **environment)
    assert run.end() == 0, run.said[-5000:]
    return run.said


def _run(code: str, words: list[str], folder: Path, output: Path, environment: dict[str, str]) -> None:
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["-c", *words]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    redirect(output)
    names: dict[str, Any] = {"__name__": "__main__"}
    ended = 1
    try:
        exec(compile(code, "<string>", "exec"), names)
        ended = 0
    except SystemExit as stop:
        ended = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except BaseException:
        traceback.print_exc()
    leave(ended)


def redirect(output: Path) -> None:
    """Print to a file from now on."""
    printed = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(printed, stream)


def leave(code: int) -> None:
    """End this process. A fork's own way to end waits for joblib's pool, which waits for this process's end."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
