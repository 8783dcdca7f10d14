"""Nothing that is finished is trained again, whatever happened; and nothing that changed is taken for finished."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import odd_models
import pandas as pd
import psutil
import pytest
import tiny_world
from experiments import start_qlib
from odd_models import fits, places
from rolling_world import SEGMENTS
from started import Started
from worker_watch import wait_for

import qlib_mfgru
from qlib_mfgru import native
from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.errors import InputError
from qlib_mfgru.rolling import RollingEnsembleModel, RollingError, UnitStore
from qlib_mfgru.rolling.identity import training_identity
from qlib_mfgru.rolling.key import code_version

Make = Callable[..., RollingEnsembleModel]
ALL = [f"{month}-{seed}" for month in (6, 7, 8) for seed in (0, 1)]

RUN = """
import pickle, sys
import qlib, torch, tiny_world
from rolling_world import SEGMENTS
torch.set_num_threads(1)
provider, cache, model, scores = sys.argv[1:]
qlib.init(provider_uri=provider, region="cn", kernels=1, logging_level=40)
dataset = tiny_world.dataset(cache, segments=SEGMENTS)
with open(model, "rb") as file:
    model = pickle.load(file)
model.fit(dataset)
model.predict(dataset).to_pickle(scores)
"""


@pytest.fixture
def odd(make_model: Make, tmp_path: Path) -> Callable[..., RollingEnsembleModel]:
    """A rolling `OddModel`, told what to do by files in `tmp_path`."""
    return lambda **settings: make_model("OddModel", {"folder": str(tmp_path)}, **settings)


def start(model: RollingEnsembleModel, provider: Path, cache: Path, folder: Path) -> Started:
    """Fit and predict in a process of its own; the prediction goes to ``scores.pkl``."""
    model.to_pickle(folder / "unfitted.pkl")
    return Started(RUN, provider, cache, folder / "unfitted.pkl", folder / "scores.pkl", folder=folder)


def is_at_work(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_killed_in_the_middle_of_units(
    odd: Make, dataset: MultiFreqDataset, tiny_provider: Path, panel_cache: Path, tmp_path: Path
) -> None:
    """SIGKILL while two of six units are trained but not kept: two are there, the same command does four."""
    for unit in ("7-0", "7-1"):
        (tmp_path / f"hang-{unit}").touch()
    run = start(odd(n_jobs=2), tiny_provider, panel_cache, tmp_path)
    for unit in ("7-0", "7-1"):
        wait_for(lambda unit=unit: (tmp_path / f"hangs-{unit}").exists(), 180)  # type: ignore[misc]
    run.kill()
    assert run.end() == -signal.SIGKILL
    assert len(UnitStore(tmp_path / "units").finished()) == 2
    assert sorted(fits(tmp_path)) == ALL[:4]
    wait_for(lambda: not any(is_at_work(place.process) for place in places(tmp_path)), 180)

    for unit in ("7-0", "7-1"):
        (tmp_path / f"hang-{unit}").unlink()
    assert start(odd(), tiny_provider, panel_cache, tmp_path).end() == 0
    assert fits(tmp_path) == ALL[2:]
    resumed = (tmp_path / "scores.pkl").read_bytes()

    shutil.rmtree(tmp_path / "units")
    uninterrupted = odd()
    uninterrupted.fit(dataset)
    assert fits(tmp_path) == ALL
    uninterrupted.predict(dataset).to_pickle(tmp_path / "scores.pkl")
    assert (tmp_path / "scores.pkl").read_bytes() == resumed


def test_finished_units_are_not_trained_again(odd: Make, dataset: MultiFreqDataset, tmp_path: Path) -> None:
    first = odd()
    first.fit(dataset)
    assert fits(tmp_path) == ALL
    again = odd(n_jobs=2)
    again.fit(dataset)
    assert fits(tmp_path) == []
    pd.testing.assert_series_equal(again.predict(dataset), first.predict(dataset), check_exact=True)
    odd(seeds=[0, 1, 2]).fit(dataset)
    assert fits(tmp_path) == ["6-2", "7-2", "8-2"]


@pytest.mark.parametrize(
    "changed",
    [{"lr": 6e-3}, {"batch_size": 201}, {"window": "sliding"}, {"train_start": "2020-01-03"}, {"warm_start": True}],
    ids=lambda changed: next(iter(changed)),
)
def test_a_changed_config_is_another_key(
    odd: Make, dataset: MultiFreqDataset, tmp_path: Path, changed: dict[str, Any]
) -> None:
    """The first fold is the same where only what comes after it differs."""
    odd(seeds=[0]).fit(dataset)
    fits(tmp_path)
    odd(seeds=[0], **changed).fit(dataset)
    same = {"window", "warm_start"} & changed.keys()
    assert fits(tmp_path) == (["7-0", "8-0"] if same else ["6-0", "7-0", "8-0"])


def test_a_changed_dataset_is_another_key(
    odd: Make, dataset: MultiFreqDataset, panel_cache: Path, tmp_path: Path
) -> None:
    odd(seeds=[0]).fit(dataset)
    fits(tmp_path)
    label = "Ref($close, -4) / Ref($close, -1) - 1"
    for changed in ({"label": label}, {"sample_step": 3}, {"instruments": ["SH600001", "SH600002", "SH600003"]}):
        odd(seeds=[0]).fit(tiny_world.dataset(panel_cache, segments=SEGMENTS, **changed))
        assert fits(tmp_path) == ["6-0", "7-0", "8-0"]
    shorter = dataset.with_segments({**SEGMENTS, "test": ("2020-06-03", "2020-08-04")})
    odd(seeds=[0]).fit(shorter)
    assert fits(tmp_path) == []  # it is only predicted


def test_a_changed_provider_is_another_key(tiny_provider: Path, tiny_qlib: Path, tmp_path: Path) -> None:
    """By its values, whatever its files say: an input's bars, the label's prices, the members."""
    provider = shutil.copytree(tiny_provider, tmp_path / "provider")
    start_qlib(provider, tiny_qlib)
    try:
        seen = {identity(tmp_path)}
        for name in ("features/sh600003/high.15min.bin", "features/sh600003/factor.day.bin"):
            path = provider / name
            values = np.fromfile(path, "<f4")
            values.tofile(path)  # the same bytes, but written anew
            assert identity(tmp_path) in seen
            values[100] *= 2
            values.tofile(path)
            start_qlib(provider, tiny_qlib)  # which remembers the expressions that it has evaluated
            seen.add(identity(tmp_path))
        text = (provider / "instruments/all.txt").read_text().replace("SH600005\t2020-01-01", "SH600005\t2020-01-02")
        (provider / "instruments/all.txt").write_text(text)
        start_qlib(provider, tiny_qlib)
        seen.add(identity(tmp_path))
        assert len(seen) == 4
    finally:
        start_qlib(tiny_provider, tiny_qlib)


def identity(cache: Path) -> str:
    return training_identity(tiny_world.dataset(cache, label="Ref($factor * $close, -3) / $close"), [("day",)])


def test_changed_code_is_another_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy of the package in which one file changes, and the file of a model that is not ours."""
    package = shutil.copytree(Path(qlib_mfgru.__file__).parent, tmp_path / "qlib_mfgru")
    odd = shutil.copy(odd_models.__file__, tmp_path)
    config = {"class": "MeanModel", "module_path": "qlib_mfgru.model"}
    config["kwargs"] = {"members": [{"class": "OddModel", "module_path": "odd_models"}]}
    ours, theirs = code_version({"class": "GRUModel", "module_path": "qlib_mfgru.model"}), code_version(config)
    assert ours != theirs
    monkeypatch.setattr(qlib_mfgru, "__file__", str(package / "__init__.py"))
    monkeypatch.setattr(odd_models, "__file__", odd)
    assert code_version(config) == theirs
    deciding = ("nn/networks.py", "model/training/loop.py", "data/normalize.py", "provider/reader.py", "threads.py")
    for name in (*deciding, "settings.py", "../odd_models.py"):
        before = code_version(config)
        with (package / name).open("a") as file:
            file.write("\n")
        assert code_version(config) != before
    (package / "nn/__pycache__").mkdir(exist_ok=True)
    compiled = "nn/__pycache__/networks.cpython-311.pyc.139801"  # of another process, for a moment
    for name in ("ingest/pipeline.py", "refusals.py", compiled):
        before = code_version(config)
        with (package / name).open("a") as file:
            file.write("\n")
        assert code_version(config) == before


def test_the_kernels_build_is_part_of_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rebuilt kernel is other code; a build of other sources has no key at all."""
    config = {"class": "GRUModel", "module_path": "qlib_mfgru.model"}
    now = code_version(config)
    monkeypatch.setattr(native, "version", lambda: "0123456789abcdef")
    assert code_version(config) != now
    monkeypatch.undo()
    if native.library() is None:
        pytest.skip("no build: no C++ compiler at install, or an older processor")
    monkeypatch.setattr(native, "build", native.build.__wrapped__)  # without what it remembers
    monkeypatch.setattr("qlib_mfgru.native.recipe.abi", lambda _: 1)
    with pytest.raises(InputError, match="built for another version"):
        code_version(config)


def test_a_unit_that_fails_once_is_tried_again(odd: Make, dataset: MultiFreqDataset, tmp_path: Path) -> None:
    (tmp_path / "once-7-0").touch()
    odd().fit(dataset)
    assert fits(tmp_path) == ["6-0", "6-1", "7-0", "7-0", "7-1", "8-0", "8-1"]


def test_a_unit_that_fails_twice_is_reported_and_the_others_finish(
    odd: Make, dataset: MultiFreqDataset, tmp_path: Path
) -> None:
    (tmp_path / "fail-6-1").touch()
    model = odd()
    with pytest.raises(RollingError) as caught:
        model.fit(dataset)
    message = str(caught.value)
    assert message.startswith("1 of 6 units failed; the others are kept in ")
    assert "fold 1 (test 2020-06-03 .. 2020-06-30), seed 1: Traceback" in message
    assert 'odd_models.py", line' in message
    assert "ArithmeticError: planted in 6-1" in message
    assert fits(tmp_path) == ["6-0", "6-1", *ALL[1:]]
    with pytest.raises(RuntimeError, match="not fitted"):
        model.predict(dataset)
    (tmp_path / "fail-6-1").unlink()
    model.fit(dataset)
    assert fits(tmp_path) == ["6-1"]


def test_what_training_says_is_one_line_and_is_not_tried_twice(
    odd: Make, dataset: MultiFreqDataset, tmp_path: Path
) -> None:
    (tmp_path / "refuse-6-1").touch()
    with pytest.raises(RollingError) as caught:
        odd().fit(dataset)
    assert str(caught.value).splitlines()[-1].strip().endswith("seed 1: it cannot learn in 6-1")
    assert "Traceback" not in str(caught.value)
    assert fits(tmp_path) == ALL


def test_a_unit_that_kills_its_worker_takes_none_along(odd: Make, dataset: MultiFreqDataset, tmp_path: Path) -> None:
    """Nor does one that fails in another process; both are told apart."""
    (tmp_path / "die-6-1").touch()
    (tmp_path / "fail-7-0").touch()
    with pytest.raises(RollingError) as caught:
        odd(n_jobs=2).fit(dataset)
    message = str(caught.value)
    assert message.startswith("2 of 6 units failed")
    assert "fold 1 (test 2020-06-03 .. 2020-06-30), seed 1: its worker process died (killed, or out of" in message
    assert "fold 2 (test 2020-07-01 .. 2020-07-31), seed 0: Traceback" in message
    assert "ArithmeticError: planted in 7-0" in message
    assert len(UnitStore(tmp_path / "units").finished()) == 4


def test_without_its_forerunner_a_warm_unit_is_not_run(odd: Make, dataset: MultiFreqDataset, tmp_path: Path) -> None:
    (tmp_path / "fail-7-1").touch()
    with pytest.raises(RollingError, match=r"2 of 6 units failed(?s:.*)fold 3 .*seed 1: not run: the fold before it"):
        odd(warm_start=True).fit(dataset)
    assert fits(tmp_path) == ["6-0", "6-1", "7-0", "7-1", "7-1", "8-0"]


def test_finished_units_are_listed_and_cleared(make_model: Make, dataset: MultiFreqDataset, tmp_path: Path) -> None:
    store = UnitStore(tmp_path / "units")
    assert len(store.finished()) == 0
    model = make_model()
    model.fit(dataset)
    listed = store.finished()
    assert list(listed["model"].unique()) == ["GRUModel"]
    assert sorted(zip(listed["test_first"], listed["test_last"], listed["seed"], strict=True)) == [
        (first, last, seed)
        for first, last in (("2020-06-03", "2020-06-30"), ("2020-07-01", "2020-07-31"), ("2020-08-03", "2020-08-05"))
        for seed in (0, 1)
    ]
    assert store.clear([listed["key"][2][:8]]) == 1
    assert set(store.finished()["key"]) == set(listed["key"]) - {listed["key"][2]}
    with pytest.raises(InputError, match=r"^0 units in .* have a key that begins with 'zz'"):
        store.clear(["zz"])
    with pytest.raises(InputError, match=r"^0 units in"):
        store.clear([""])
    assert store.clear() == 5
    assert len(store.finished()) == 0
