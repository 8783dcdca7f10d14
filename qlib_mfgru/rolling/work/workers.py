"""Units on workers: threads, processes or machines, whatever joblib's backend provides."""

from __future__ import annotations

import importlib
import logging
import os
import pickle
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import Any, NamedTuple

import joblib
import torch
from joblib.parallel import BACKENDS, get_active_backend
from qlib.config import C
from qlib.data.cache import H
from qlib.log import get_module_logger, set_global_logger_level
from qlib.model.base import Model

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.errors import InputError
from qlib_mfgru.output import hush, hushed
from qlib_mfgru.processes import begin_worker, deaf, end_with, quiet_end
from qlib_mfgru.rolling.work.store import UnitStore
from qlib_mfgru.rolling.work.units import Unit

Task = Callable[[int, Unit], "tuple[int, str | None, bytes | None]"]
"""Runs a unit on a worker: its number and the unit -> the number, why it failed, and the model that no unit keeps."""

_OPENING = threading.Lock()
_DIED = "its worker process died (killed, or out of memory), and did so again when the unit ran alone:\n"


class Outcome(NamedTuple):
    """How a unit ended: kept in the store, or with what went wrong; and its model, if the store does not keep that."""

    unit: Unit
    failure: str | None
    model: Model | None = None


class Workers:
    """Runs units, several at a time.

    Parameters
    ----------
    n_jobs : int
        Units at a time; -1 for all cores. A cluster's backend decides for itself.
    threads : int, optional
        Threads of each worker; by default those of this process shared out, so that ``n_jobs`` x ``threads`` is no
        more than there are cores.
    backend : mapping, optional
        Arguments of `joblib.parallel_config`, e.g. ``{backend: dask, scheduler_host: "tcp://..."}``; by default
        processes of this machine, or what a surrounding `joblib.parallel_config` says.
    """

    def __init__(self, n_jobs: int, threads: int | None, backend: Mapping[str, Any] | None) -> None:
        self.n_jobs, self.threads, self.backend = n_jobs, threads, backend

    def run(self, units: Sequence[Unit], dataset: MultiFreqDataset, store: UnitStore) -> Iterator[Outcome]:
        """Run all units and yield each as it ends; one that fails, or kills its worker, does not stop the others.

        When a worker process dies, joblib discards the pool; the other units survive. Those that were waiting continue
        in a new pool. Those that were running are run again at the end, each alone, so that the one that kills its
        worker cannot take others with it.
        """
        store.make_room(unit.key for unit in units)
        with self._environment() as threads, quiet_end():
            task = partial(_run, shared=Shared(dataset), store=store, threads=threads)
            suspects = yield from self._together(units, task, store)
            for unit in suspects:
                yield self._alone(unit, task)

    def _together(self, units: Sequence[Unit], task: Task, store: UnitStore) -> Generator[Outcome, None, list[Unit]]:
        """Run units in parallel; return those that were running when a worker died."""
        waiting, suspects = {unit.key: unit for unit in units}, []
        while waiting:
            try:
                for outcome in self._pass(list(waiting.values()), task):
                    del waiting[outcome.unit.key]
                    yield outcome
            except Exception as error:
                begun = [unit for unit in waiting.values() if store.was_held(unit.key)]
                if not begun:
                    raise
                get_module_logger("mfgru").warning(f"a worker died, {len(begun)} units were running: {error}")
                suspects += [waiting.pop(unit.key) for unit in begun]
        return suspects

    def _alone(self, unit: Unit, task: Task) -> Outcome:
        try:
            (outcome,) = self._pass([unit], task)
        except Exception as error:
            return Outcome(unit, f"{_DIED}{error}")
        return outcome

    def _pass(self, units: Sequence[Unit], task: Task) -> Iterator[Outcome]:
        backend, _ = get_active_backend()
        order = "generator_unordered" if backend.supports_return_generator else "list"
        processes = isinstance(backend, BACKENDS["loky"]) and joblib.effective_n_jobs(self.n_jobs) > 1
        parallel = joblib.Parallel(
            n_jobs=self.n_jobs, batch_size=1, return_as=order, **(_beginning() if processes else {})
        )
        calls = (joblib.delayed(task)(number, unit) for number, unit in enumerate(units))
        for number, failure, model in _begun(parallel, calls) if processes else parallel(calls):
            yield Outcome(units[number], failure, None if model is None else pickle.loads(model))

    @contextmanager
    def _environment(self) -> Iterator[int]:
        """joblib's backend, quiet worker processes, and the number of threads for each worker, here as well."""
        threads_before, quiet_before = torch.get_num_threads(), os.environ.get("TQDM_DISABLE")
        with _joblib_config(self.backend or {}):
            share = joblib.cpu_count() // joblib.effective_n_jobs(self.n_jobs)
            threads = self.threads or max(1, min(threads_before, share))
            os.environ["TQDM_DISABLE"] = "1"  # processes started from here show no progress bars of their own
            torch.set_num_threads(threads)
            try:
                yield threads
            finally:
                torch.set_num_threads(threads_before)
                del os.environ["TQDM_DISABLE"]
                if quiet_before is not None:
                    os.environ["TQDM_DISABLE"] = quiet_before


def _joblib_config(backend: Mapping[str, Any]) -> joblib.parallel_config:
    """joblib's configuration, a context that began when it was made."""
    try:
        if backend.get("backend") == "ray":  # unlike Dask's, it has to be made known to joblib
            importlib.import_module("ray.util.joblib").register_ray()
        return joblib.parallel_config(**backend)
    except Exception as error:  # whatever the backend's own package raises
        raise InputError(f"backend is {dict(backend)}: joblib cannot use it ({error})") from error


def _beginning() -> dict[str, Any]:
    """How the processes of joblib's own pool begin: they end with this one even while they import."""
    return {"initializer": begin_worker, "initargs": (os.getpid(),)}


def _begun(parallel: joblib.Parallel, calls: Iterator[Any]) -> Any:
    """The results of joblib's own pool, whose processes start in here; they end with an interrupt of this moment."""
    results = None
    try:
        with deaf():
            results = parallel(calls)
    except BaseException as error:
        if results is not None:
            results.throw(error)
        raise
    return results


class Shared:
    """A dataset, and the qlib that it reads from, for all units of a process.

    Unpickling it in another process sets qlib up there as it is here, and as quiet. Both are kept for the next unit, so
    that a process opens its memory maps and reads its labels once.

    Parameters
    ----------
    dataset : MultiFreqDataset
    """

    def __init__(self, dataset: MultiFreqDataset) -> None:
        self.dataset = dataset

    def __reduce__(self) -> Any:
        return _open, (pickle.dumps((os.getpid(), C, self.dataset)), hushed())


def _open(pickled: bytes, quiet: bool) -> Shared:
    with _OPENING:
        if quiet:
            hush()
        return _opened(pickled)


@lru_cache(maxsize=1)
def _opened(pickled: bytes) -> Shared:
    parent, config, dataset = pickle.loads(pickled)
    if os.getppid() == parent:
        end_with(parent)
    H.clear()
    C.register_from_C(config, skip_register=False)
    set_global_logger_level(logging.WARNING)
    return Shared(dataset)


def _run(
    number: int, unit: Unit, shared: Shared, store: UnitStore, threads: int
) -> tuple[int, str | None, bytes | None]:
    torch.set_num_threads(threads)
    ended = unit.run(shared.dataset, store)
    return number, ended.failure, _pickled(unit, ended.model)


def _pickled(unit: Unit, model: Model | None) -> bytes | None:
    """The model for the process that asked for it; None for one that cannot travel, which the log says."""
    try:
        return None if model is None else pickle.dumps(model)
    except Exception as error:  # whatever a class raises
        get_module_logger("mfgru").warning(f"the model of {unit} cannot be pickled, its scores are kept: {error}")
        return None
