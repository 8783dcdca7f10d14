"""Work on several processes of this machine, none of which outlives the one that asked for it."""

from __future__ import annotations

import logging
import os
import pickle
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager
from functools import lru_cache, partial
from itertools import islice
from multiprocessing import Pipe, resource_tracker
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, TypeVar, cast

from joblib.externals.loky.process_executor import ProcessPoolExecutor, TerminatedWorkerError
from tqdm.auto import tqdm

from qlib_mfgru.errors import InputError
from qlib_mfgru.threads import cores

Task = TypeVar("Task")
Result = TypeVar("Result")

PATIENCE = 2.0
"""Seconds between looks at whether all processes live, and for the results that they had sent to arrive."""


class Processes:
    """Context manager for work on several processes, which start with the first that there is.

    After an error, an interrupt among them, they end at once.

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
            self._lifeline.close()  # the pool's own way of killing them fails where tasks are left
            self._pool._result_queue._writer.close()  # or its thread awaits the rest of a result that was cut off
        self._pool.shutdown(wait=True)
        self._lifeline.close()
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
        pool = self._started()
        call, left = partial(_call, pickle.dumps(function)), iter(tasks)
        try:
            with deaf():
                waiting = deque(pool.submit(call, task) for task in islice(left, 2 * self._n_jobs))
            while waiting:
                result = self._outcome(waiting.popleft())
                waiting.extend(pool.submit(call, task) for task in islice(left, 1))
                yield result
        except TerminatedWorkerError as error:
            raise InputError("a worker process died, perhaps for want of memory: try again with one job") from error

    def _outcome(self, future: Future[Any]) -> Any:
        """A task's result; the pool itself does not see that a process dies while it sends a large one."""
        assert self._pool is not None
        while not wait([future], PATIENCE).done:
            dead = any(process.exitcode for process in list(self._pool._processes.values()))
            if dead and not wait([future], PATIENCE).done:
                raise TerminatedWorkerError("its result was cut off")
        return future.result()

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            end, self._lifeline = Pipe(duplex=False)
            self._pool = ProcessPoolExecutor(self._n_jobs, initializer=begin_worker, initargs=(os.getpid(), end))
        return self._pool


def begin_worker(parent: int, lifeline: Connection | None = None) -> None:
    """What a worker process does first, before it imports anything large: initializer of a pool.

    It leaves interrupts to its parent, which a terminal sends them too, and ends with it (`end_with`).
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tqdm.set_lock(threading.RLock())  # its default is a semaphore of the system, which a process that is ended leaves
    end_with(parent, lifeline)


@lru_cache
def end_with(parent: int, lifeline: Connection | None = None) -> None:
    """End this process within a second after its parent, which leaves its workers running when it is killed.

    Parameters
    ----------
    parent : int
        Process number.
    lifeline : Connection, optional
        The reading end of a pipe whose other end the parent holds: this process ends as soon as that is closed.
    """

    def watch() -> None:
        pause = threading.Event().wait if lifeline is None else lifeline.poll
        while os.getppid() == parent and not pause(1):
            pass
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _call(function: bytes, task: Task) -> object:
    return _loaded(function)(task)


@lru_cache(maxsize=1)
def _loaded(function: bytes) -> Callable[[Any], object]:
    return cast(Callable[[Any], object], pickle.loads(function))


@contextmanager
def deaf() -> Iterator[None]:
    """Keep interrupts waiting for a moment, and from processes that start now, which could not answer them yet.

    A pool that is interrupted while it starts cannot be shut down.
    """
    if threading.current_thread() is not threading.main_thread():  # no other is interrupted, or may handle signals
        yield
        return
    resource_tracker.ensure_running()  # which would undo the mask
    seen: list[int] = []
    handler = signal.signal(signal.SIGINT, lambda number, _: seen.append(number))  # libraries' threads have no mask
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, handler)
        if seen:
            signal.raise_signal(signal.SIGINT)


@contextmanager
def quiet_end() -> Iterator[None]:
    """Log for debugging, and do not print, how the thread of a pool ends that is killed before tasks are handed out.

    loky forgets such tasks before their numbers, and its thread looks them up: the processes are killed by then.
    """
    usual = threading.excepthook

    def hook(args: threading.ExceptHookArgs) -> None:
        if args.exc_type is KeyError and args.thread is not None and args.thread.name == "ExecutorManagerThread":
            logging.getLogger("qlib.mfgru").debug(f"a pool ended with tasks that nobody had begun: {args.exc_value!r}")
        else:
            usual(args)

    threading.excepthook = hook
    try:
        yield
    finally:
        threading.excepthook = usual
