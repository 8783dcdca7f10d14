"""Work on several processes of this machine, none of which outlives the one that asked for it."""

from __future__ import annotations

import os
import pickle
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache, partial
from itertools import islice
from types import FrameType, TracebackType
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
        if self._pool is None:
            return
        if error is not None:
            # the pool's own way of killing its processes fails where tasks are left, and leaves semaphores
            for pid in list(self._pool._processes):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGINT)
        self._pool.shutdown(wait=True)
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
        call, left = partial(_call, pickle.dumps(function)), iter(tasks)
        try:
            with _deaf():
                waiting = deque(self._pool.submit(call, task) for task in islice(left, 2 * self._n_jobs))
            while waiting:
                result = waiting.popleft().result()
                waiting.extend(self._pool.submit(call, task) for task in islice(left, 1))
                yield result
        except TerminatedWorkerError as error:
            raise InputError("a worker process died, perhaps for want of memory: try again with one job") from error


class _Interrupts:
    """Answers an interrupt of a process of the pool: the task ends at once, and so do those that come after it."""

    def __init__(self) -> None:
        self.seen = self.in_task = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self.seen = True
        if self.in_task:
            raise KeyboardInterrupt


_interrupts = _Interrupts()


def _call(function: bytes, task: Task) -> object:
    try:
        _interrupts.in_task = True
        if _interrupts.seen:
            raise KeyboardInterrupt
        return _loaded(function)(task)
    finally:
        _interrupts.in_task = False


@lru_cache(maxsize=1)
def _loaded(function: bytes) -> Callable[[Any], object]:
    return cast(Callable[[Any], object], pickle.loads(function))


def _begin(parent: int) -> None:
    signal.signal(signal.SIGINT, _interrupts)
    end_with(parent)


@contextmanager
def _deaf() -> Iterator[None]:
    """Ignore interrupts for a moment, as do processes that start now until they are ready for one."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@lru_cache
def end_with(parent: int) -> None:
    """End this process soon after its parent, which leaves its workers running when it is killed."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
