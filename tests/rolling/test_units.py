"""Units through whole runs: every kind of model comes back from the store, whatever others do to it meanwhile."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tiny_world
from experiments import start_qlib
from model_kinds import KINDS
from odd_models import fits
from rolling_world import SEGMENTS
from tiny_world import DAYS
from unit_world import unit as made

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.errors import InputError
from qlib_mfgru.rolling import Fold, RollingEnsembleModel, RollingError, UnitStore
from qlib_mfgru.rolling.identity import FoldIdentity
from qlib_mfgru.rolling.work.training import Training
from qlib_mfgru.rolling.work.units import Ended, Unit
from qlib_mfgru.rolling.work.workers import Outcome, Workers

Make = Callable[..., RollingEnsembleModel]
ALL = [f"{month}-{seed}" for month in (6, 7, 8) for seed in (0, 1)]
KEY, LATER = "a" * 20, "b" * 20
FOLDS = [
    Fold(1, (DAYS[0], DAYS[99]), (DAYS[100], DAYS[120])),
    Fold(2, (DAYS[0], DAYS[120]), (DAYS[121], DAYS[140])),
]


@pytest.fixture
def odd(make_model: Make, tmp_path: Path) -> Callable[..., RollingEnsembleModel]:
    """A rolling `OddModel`, told what to do by files in `tmp_path`."""
    return lambda **settings: make_model("OddModel", {"folder": str(tmp_path)}, **settings)


@pytest.fixture
def store(tmp_path: Path) -> UnitStore:
    return UnitStore(tmp_path / "units")


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_model_comes_back(name: str, dataset: MultiFreqDataset, store: UnitStore) -> None:
    """The same bits as of the model that was trained, on any segment; and a warm start from it is one from that."""
    kind, settings = KINDS[name]
    config = {"class": kind, "kwargs": settings}
    first, second = made(dataset, FOLDS[0], config, KEY), made(dataset, FOLDS[1], config, LATER, start=KEY)
    for unit in (first, second):
        assert unit.run(dataset, store) == Ended()
    model = kind(**settings)
    model.fit(dataset.with_segments(FOLDS[0].segments))
    warm = kind(**settings)
    warm.warm_start(model)
    warm.fit(dataset.with_segments(FOLDS[1].segments))
    for unit, fitted in ((first, model), (second, warm)):
        result = store.read(unit.key)
        again: Any = unit.model(result)
        kept = fitted.predict(dataset.with_segments(unit.fold.segments))
        pd.testing.assert_series_equal(result.score, kept, check_exact=True)
        for segment in ("train", unit.fold.test, (DAYS[-3], DAYS[-1])):
            expected = fitted.predict(dataset, segment)
            pd.testing.assert_series_equal(again.predict(dataset, segment), expected, check_exact=True)


def test_a_unit_that_vanishes_before_the_end_is_trained_again(
    odd: Make, dataset: MultiFreqDataset, store: UnitStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by a ``mfgru units --clear-all`` of somebody else; where that goes on and on, it is said."""
    train = Training._train
    cleared: list[int] = []

    def then_clear(training: Training) -> dict[str, Any]:
        models = train(training)
        if len(cleared) < times:
            cleared.append(store.clear())
        return models

    monkeypatch.setattr(Training, "_train", then_clear)
    times = 1
    odd().fit(dataset)
    assert (cleared, fits(tmp_path)) == ([6], ALL + ALL)
    store.clear()
    times = 3
    with pytest.raises(RollingError) as caught:
        odd().fit(dataset)
    first, *lines = str(caught.value).splitlines()
    assert first == "6 of 6 units were removed or damaged while the run was at work; run the same command again:"
    assert all(line.endswith(" is not there") for line in lines)


def test_a_warm_unit_whose_forerunner_was_removed_meanwhile(
    odd: Make, dataset: MultiFreqDataset, store: UnitStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says so in one line, whether that is found before it begins or after."""
    config = {"class": "GRUModel", "module_path": "qlib_mfgru.model", "kwargs": {"freq": "day", **tiny_world.FAST}}
    begun = made(dataset, FOLDS[1], config, LATER, start=KEY).run(dataset, store)
    assert begun == Ended(f"{store.root / KEY} is not there")
    run = Workers.run

    def then_clear(*arguments: Any) -> Iterator[Outcome]:
        yield from run(*arguments)
        store.clear()

    monkeypatch.setattr(Workers, "run", then_clear)
    with pytest.raises(RollingError) as caught:
        odd(warm_start=True).fit(dataset)
    first, line = str(caught.value).splitlines()
    assert first.startswith("4 of 6 units failed; ")
    assert line.endswith("seed 1: not run: the fold before it failed, or its unit was removed meanwhile")


def test_a_unit_that_another_run_has_trained_anew_meanwhile_is_not_discarded(
    odd: Make, dataset: MultiFreqDataset, store: UnitStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two runs find the same one damaged: the second waits for the first, which holds its lock while it trains."""
    odd().fit(dataset)
    key = store.finished()["key"][0]
    whole, held, damaged, waiting = tmp_path / "whole", UnitStore.held, [True], [True]
    shutil.copytree(store.root / key, whole)
    train = Training._train

    def then_damaged(training: Training) -> dict[str, Any]:
        models = train(training)
        if damaged and damaged.pop():
            (store.root / key / "score.parquet").write_bytes(b"")
        return models

    def after_the_first(self: UnitStore, wanted: str) -> AbstractContextManager[None]:
        if waiting and waiting.pop():
            shutil.copytree(whole, self.root / wanted, dirs_exist_ok=True)
        return held(self, wanted)

    monkeypatch.setattr(Training, "_train", then_damaged)
    monkeypatch.setattr(UnitStore, "held", after_the_first)
    odd().fit(dataset)
    assert fits(tmp_path) == ALL  # none again


def test_a_clear_between_two_units_ends_in_no_traceback(
    odd: Make, dataset: MultiFreqDataset, store: UnitStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Workers.run
    cleared: list[int] = []

    def cleared_on_the_way(workers: Workers, *arguments: Any) -> Iterator[Outcome]:
        for outcome in run(workers, *arguments):
            if outcome.unit.fold.number == 2 and not cleared:
                cleared.append(store.clear())
            yield outcome

    monkeypatch.setattr(Workers, "run", cleared_on_the_way)
    model = odd()
    model.fit(dataset)
    assert cleared == [3]
    assert len(store.finished()) == 6
    assert len(model.predict(dataset)) > 0


def test_a_unit_that_another_run_finishes_meanwhile_is_not_trained(
    dataset: MultiFreqDataset, store: UnitStore, tmp_path: Path
) -> None:
    config = {"class": "OddModel", "module_path": "odd_models", "kwargs": {"folder": str(tmp_path), **tiny_world.FAST}}
    unit = made(dataset, FOLDS[0], config, KEY)
    assert unit.run(dataset, store) == Ended()
    kept = store.read(KEY)
    store.clear()
    fits(tmp_path)
    ended: list[Ended] = []
    waiting = threading.Thread(target=lambda: ended.append(unit.run(dataset, store)))
    with store.held(KEY):
        waiting.start()
        waiting.join(timeout=1)
        assert waiting.is_alive()
        store.write(KEY, kept)
    waiting.join(timeout=30)
    assert ended == [Ended()]
    assert fits(tmp_path) == []


def test_workers_refuse_a_provider_that_changed_after_the_keys_were_made(
    odd: Make, tiny_provider: Path, tiny_qlib: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No unit of new bars is kept under an old key."""
    provider = shutil.copytree(tiny_provider, tmp_path / "provider")
    run = Workers.run

    def on_other_bars(workers: Workers, *arguments: Any) -> Iterator[Outcome]:
        bars = provider / "features/sh600003/high.day.bin"
        values = np.fromfile(bars, "<f4")
        values[60] *= 2
        values.tofile(bars)
        return run(workers, *arguments)

    start_qlib(provider, tiny_qlib)
    try:
        data = tiny_world.dataset(tmp_path / "panels", segments=SEGMENTS)
        monkeypatch.setattr(Workers, "run", on_other_bars)
        with pytest.raises(RollingError) as caught:
            odd(n_jobs=2, seeds=[0], retrain="2M").fit(data)
        first, line = str(caught.value).splitlines()
        assert first.startswith("2 of 2 units failed; the others are kept in ")
        assert line == (
            "fold 1 (test 2020-06-03 .. 2020-06-30), seed 0; fold 2 (test 2020-07-01 .. 2020-08-05), seed 0: the data "
            "have changed since the run began (a provider that was replaced, say): run the same command again"
        )
        assert fits(tmp_path) == []
        assert len(UnitStore(tmp_path / "units").finished()) == 0
    finally:
        start_qlib(tiny_provider, tiny_qlib)


def test_settings_that_a_unit_refuses_are_one_line(dataset: MultiFreqDataset, store: UnitStore) -> None:
    """And are not tried again."""
    config = {"class": "GRUModel", "module_path": "qlib_mfgru.model", "kwargs": {"freq": "5min"}}
    failure = Unit(FOLDS[0], 0, config, KEY, FoldIdentity("", "")).run(dataset, store).failure
    assert failure == "the handler has no input ['5min']; its inputs are ['day', '15min', '30min']"


def test_what_a_unit_says_about_itself(odd: Make, dataset: MultiFreqDataset, store: UnitStore) -> None:
    odd(seeds=[0]).fit(dataset)
    about = store.about(store.finished()["key"][0])
    assert about["made_by"].keys() == {"qlib_mfgru", "torch", "kernels", "host"}
    assert about["model_kept"] is True


def test_a_units_folder_that_cannot_be_used_is_one_line(odd: Make, dataset: MultiFreqDataset, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"^units_dir .*/file is not a folder, and cannot be made one: use another$"):
        odd(units_dir=str(tmp_path / "file")).fit(dataset)
    assert fits(tmp_path) == []


def test_what_is_in_the_way_of_a_unit(odd: Make, dataset: MultiFreqDataset, store: UnitStore, tmp_path: Path) -> None:
    """A file of the user's in a damaged unit: the run says so, and leaves it."""
    odd(seeds=[0]).fit(dataset)
    fits(tmp_path)
    folder = store.root / store.finished()["key"][0]
    (folder / "notes.txt").write_text("mine")
    odd(seeds=[0]).fit(dataset)
    assert fits(tmp_path) == []
    (folder / "unit.json").unlink()
    with pytest.raises(InputError, match=rf"^{folder} also holds notes.txt, which is not a unit's: move it away$"):
        odd(seeds=[0]).fit(dataset)
    assert (folder / "notes.txt").read_text() == "mine"
