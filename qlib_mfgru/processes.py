"""Work on several processes of this machine, none of which outlives the one that asked for it."""

from __future__ import annotations

import os
import pickle
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from types import TracebackType
from typing import Any, TypeVar, cast

from joblib.externals.loky.process_executor import ProcessPoolExecutor, TerminatedWorkerError

from qlib_mfgru.errors import InputError
from qlib_mfgru.threads import cores

Task = TypeVar("Task")
Result = TypeVar("Result")


class Processes:
    """Context manager for work on several processes, which start with the first that there is.

    Parameters
    ----------
    n_jobs : int
        Processes; -1 for one a core that this process may use.
    """

    def __init__(self, n_jobs: int = -1) -> None:
        self._n_jobs = cores() if n_jobs == -1 else n_jobs
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Processes:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, kill_workers=True)
            self._pool = None

    def map(self, function: Callable[[Task], Result], tasks: Sequence[Task]) -> Iterator[Result]:
        """Yield the results in the order of the tasks; with one task, or one job, all happens in this process.

        Parameters
        ----------
        function : callable
            Takes a task; it goes to each process once, pickled, as tasks and results are.

        Raises
        ------
        InputError
            If a process died, as it does when memory runs out.
        """
        if self._n_jobs < 2 or len(tasks) < 2:
            yield from map(function, tasks)
            return
        if self._pool is None:
            self._pool = ProcessPoolExecutor(self._n_jobs, initializer=_begin, initargs=(os.getpid(),))
        try:
            yield from self._pool.map(partial(_call, pickle.dumps(function)), tasks)
        except TerminatedWorkerError as error:
            raise InputError("a worker process died, perhaps for want of memory: try again with one job") from error


def _call(function: bytes, task: Task) -> object:
    return _loaded(function)(task)


@lru_cache(maxsize=1)
def _loaded(function: bytes) -> Callable[[Any], object]:
    return cast(Callable[[Any], object], pickle.loads(function))


def _begin(parent: int) -> None:
    """Make this process one that ends with its parent, which is the one to answer an interrupt."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with(parent)


@lru_cache
def end_with(parent: int) -> None:
    """End this process soon after its parent, which leaves its workers running when it is killed."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
