"""Denormal numbers are flushed while we fit or predict, on every thread that takes part; nothing of it stays."""

from __future__ import annotations

import ctypes
import multiprocessing
import pickle
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from tiny_world import DAYS, FAST

from qlib_mfgru import native
from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.model import GRUModel
from qlib_mfgru.model.training import denormals
from qlib_mfgru.model.training.denormals import denormals_flushed, flushes_denormals

SETTINGS = FAST | {"max_epochs": 1}
IMPLEMENTATIONS = ["plain", "torch"] + ["compiled"] * (native.library() is not None)


@pytest.fixture
def dataset(dataset: MultiFreqDataset) -> MultiFreqDataset:
    """A month of it, and a week to predict."""
    return dataset.with_segments({"train": (DAYS[100], DAYS[120]), "test": (DAYS[130], DAYS[134])})


Settings = list[bool]
"""Whether denormals are flushed, of the calling thread and of torch's second one."""


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    if denormals._openmp() is None:
        pytest.skip("torch's threads are not GNU OpenMP's: only the calling thread is known to flush")
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    torch.ones(1 << 20).mul(2.0)  # its threads have started
    yield
    torch.set_num_threads(before)


@pytest.fixture(params=[False, True], ids=["", "flushed by the caller"])
def before(request: pytest.FixtureRequest) -> Iterator[Settings]:
    """The caller's own setting, on all threads."""
    denormals._set(request.param)
    yield [request.param] * 2
    denormals._set(False)


def settings() -> Settings:
    """By asking each of the threads that torch's operations run on; none of them is started anew by that."""
    openmp, found = denormals._openmp(), {}
    ask = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(
        lambda _: found.update({threading.get_native_id(): flushes_denormals()})
    )
    openmp.GOMP_parallel(ask, None, 2, 0)  # type: ignore[union-attr]
    own = found.pop(threading.get_native_id())
    return [own, *found.values()]


class Watched(GRUModel):
    """Notes the settings while it trains; can be told to fail then."""

    def __init__(self, fails: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fails, self.seen = fails, []

    def train(self, *args: Any) -> list[str]:
        self.seen += settings()
        if self.fails:
            raise ArithmeticError
        titles = super().train(*args)
        self.seen += settings()
        return titles


def test_making_and_unpickling_a_model_changes_nothing(before: Settings) -> None:
    pickle.loads(pickle.dumps(GRUModel(**SETTINGS)))
    assert settings() == before


@pytest.mark.parametrize("gru", IMPLEMENTATIONS)
def test_flushed_inside_and_given_back(
    gru: str, before: Settings, dataset: MultiFreqDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Watched(**SETTINGS, gru=gru)
    model.fit(dataset)
    assert settings() == before
    every_day = dataset.every_day
    monkeypatch.setattr(dataset, "every_day", lambda *args: model.seen.extend(settings()) or every_day(*args))
    assert len(model.predict(dataset))
    assert settings() == before
    assert model.seen == [True] * 6


def test_given_back_after_an_error(
    before: Settings, dataset: MultiFreqDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Watched(**SETTINGS)
    model.fit(dataset)
    failing = Watched(fails=True, **SETTINGS)
    with pytest.raises(ArithmeticError):
        failing.fit(dataset)
    assert (failing.seen, settings()) == ([True] * 2, before)
    monkeypatch.setattr(dataset, "every_day", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        model.predict(dataset)
    assert settings() == before


def test_a_worker_thread_leaves_the_others_alone(before: Settings) -> None:
    """As rolling training with joblib's threads fits in each."""
    inside, seen = threading.Barrier(2, timeout=60), []

    def work() -> None:
        torch.set_num_threads(2)
        with denormals_flushed():
            torch.ones(1 << 20).mul(2.0)
            seen.extend(settings())
            inside.wait()
            inside.wait()
        seen.extend(settings())

    worker = threading.Thread(target=work)
    worker.start()
    inside.wait()
    assert settings() == before
    inside.wait()
    worker.join()
    assert settings() == before
    assert seen == [True, True, before[0], before[0]]  # a thread starts with the setting of the one that starts it


def test_a_forked_process_does_not_wait_for_threads_that_it_lacks() -> None:
    process = multiprocessing.get_context("fork").Process(target=_flush)
    process.start()
    process.join(60)
    process.kill()  # where it hangs
    assert process.exitcode == 0


def _flush() -> None:
    with denormals_flushed():
        assert flushes_denormals()
    assert not flushes_denormals()


def test_operations_on_all_threads() -> None:
    small = torch.full((1 << 20,), 1e-40)
    assert small.mul(1.0).all()
    with denormals_flushed():
        assert not small.mul(1.0).any()
    assert small.mul(1.0).all()
