"""Work on several processes of this machine, none of which outlives the one that asked for it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import TypeVar

from joblib.externals.loky.process_executor import ProcessPoolExecutor, TerminatedWorkerError

from qlib_mfgru.errors import InputError
from qlib_mfgru.threads import cores

Task = TypeVar("Task")
Result = TypeVar("Result")


def in_processes(function: Callable[[Task], Result], tasks: Sequence[Task], n_jobs: int = -1) -> Iterator[Result]:
    """Yield the results in the order of the tasks; with one task, or one job, all happens in this process.

    Parameters
    ----------
    function : callable
        Takes a task; it is pickled, as tasks and results are.
    n_jobs : int
        Processes; -1 for one a core that this process may use.

    Raises
    ------
    InputError
        If a process died, as it does when memory runs out.
    """
    n_processes = min(cores() if n_jobs == -1 else n_jobs, len(tasks))
    if n_processes < 2:
        yield from map(function, tasks)
        return
    pool = ProcessPoolExecutor(n_processes, initializer=end_with, initargs=(os.getpid(),))
    try:
        yield from pool.map(function, tasks)
    except TerminatedWorkerError as error:
        raise InputError("a worker process died, perhaps for want of memory: try again with one job") from error
    finally:
        pool.shutdown(wait=True, kill_workers=True)


@lru_cache
def end_with(parent: int) -> None:
    """End this process soon after its parent, which leaves its workers running when it is killed."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
