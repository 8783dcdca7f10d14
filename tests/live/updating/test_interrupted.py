"""An update that is interrupted at any step: the old market until then, the new one after the next run."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.folders import locked
from qlib_mfgru.ingest.pipeline import ingest
from qlib_mfgru.live import update
from qlib_mfgru.live.updating import journal
from qlib_mfgru.provider.check.check import check_provider
from qlib_mfgru.provider.storage.files import ProviderFiles
from qlib_mfgru.provider.writer import check_replaceable

from .evenings import Evenings, differences

CUT, END = 100, 102


class Killed(BaseException):
    """What stands for a kill: nothing catches it."""


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """The files, the provider before the last days, and the one after them."""
    folder = tmp_path_factory.mktemp("history")
    market = Evenings.make(3)
    market.soil(3)
    old, new = folder / "old", folder / "new"
    ingest(market.mapping(), market.write(folder / "source", 0, CUT), old, quiet=True, n_jobs=1)
    shutil.copytree(old, new)
    update(new, market.write(folder / "source", CUT, END), quiet=True, n_jobs=1)
    return folder / "source", old, new


def contents(provider: Path) -> dict[str, Any]:
    """What readers see: calendars and closes."""
    files = ProviderFiles(provider)
    return {
        f"{code} {freq}": np.nan_to_num(files.dense(code, "close", freq)).tolist()
        for code in files.stored
        for freq in files.freqs
    }


def steps(source: Path, provider: Path, at: int | None = None) -> int:
    """Update, and stop at one of its steps; how many there were till then."""
    counter = itertools.count()

    def counted(function: Any) -> Any:
        def call(*arguments: Any) -> Any:
            if next(counter) == at:
                raise Killed
            return function(*arguments)

        return call

    with pytest.MonkeyPatch.context() as patch, suppress(Killed):
        for name in ("_write_at", "_replace", "_move", "sync"):
            patch.setattr(journal, name, counted(getattr(journal, name)))
        update(provider, source, quiet=True, n_jobs=1)
    return next(counter)


@pytest.fixture(scope="module")
def n_steps(history: tuple[Path, Path, Path], tmp_path_factory: pytest.TempPathFactory) -> int:
    """Of the update."""
    source, old, _ = history
    return steps(source, shutil.copytree(old, tmp_path_factory.mktemp("counted") / "p"))


@pytest.mark.parametrize("place", [0, 1, 2, 40, 90, 140, *range(-15, 0)])
def test_next_run_finishes(place: int, history: tuple[Path, Path, Path], n_steps: int, tmp_path: Path) -> None:
    """Stopped at the first steps, some of the series, and all of the files at the end, from behind."""
    source, old, new = history
    provider = tmp_path / "p"
    shutil.copytree(old, provider)
    at = place % n_steps
    assert steps(source, provider, at) == at + 1
    if (provider / "calendars/day.txt").read_bytes() == (old / "calendars/day.txt").read_bytes():
        days = len(ProviderFiles(old).calendar("day")) - 30  # what a later day has shown to be wrong may change
        before, after = contents(old), contents(provider)
        assert {name: values[:days] for name, values in after.items() if name.endswith("day")} == {
            name: values[:days] for name, values in before.items() if name.endswith("day")
        }
    if at:
        assert "interrupted" in " ".join(str(row) for row in check_provider(provider, quiet=True))
        with pytest.raises(InputError, match="an update of it was interrupted: run mfgru update again first"):
            check_replaceable(provider)
    report = update(provider, source, quiet=True, n_jobs=1)
    assert not at or "interrupted" in str(report)
    assert differences(provider, new, ignored=()) == []
    assert not (provider / ".update").exists()


def test_a_plan_is_in_its_place_on_the_disk_before_anything_is_changed(
    history: tuple[Path, Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, old, _ = history
    provider, done = tmp_path / "p", list[str]()
    shutil.copytree(old, provider)

    def noted(name: str, function: Any) -> Any:
        def call(*arguments: Any) -> Any:
            done.append(f"{name} with a plan" if (provider / ".update").exists() else name)
            return function(*arguments)

        return call

    for name in ("_opened", "_replace", "_move", "sync"):
        monkeypatch.setattr(journal, name, noted(name, getattr(journal, name)))
    update(provider, source, quiet=True, n_jobs=1)
    assert done[:2] == ["sync", "sync with a plan"]
    assert done.count("_opened with a plan") > 40


def test_killed_at_any_moment(history: tuple[Path, Path, Path], tmp_path: Path) -> None:
    source, old, new = history
    provider = tmp_path / "p"
    shutil.copytree(old, provider)
    fork = multiprocessing.get_context("fork")
    for seconds in (0.05, 0.2, 0.4, 0.6, 0.8, 1.0):
        process = fork.Process(target=update, args=(provider, source), kwargs={"quiet": True, "n_jobs": 1})
        process.start()
        time.sleep(seconds)
        process.kill()
        process.join()
    update(provider, source, quiet=True, n_jobs=1)
    assert differences(provider, new, ignored=()) == []
    assert [path.name for path in tmp_path.iterdir()] == ["p"]


def test_a_rival_is_told(history: tuple[Path, Path, Path]) -> None:
    source, old, _ = history
    with locked(old, wait=False), pytest.raises(InputError, match="is being written by"):
        update(old, source, quiet=True)


def test_a_full_disk_loses_nothing(
    history: tuple[Path, Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, old, new = history
    provider = tmp_path / "p"
    shutil.copytree(old, provider)

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device", "x")

    with monkeypatch.context() as patch:
        patch.setattr(journal, "_write_at", full)
        with pytest.raises(OSError, match="No space left"):
            update(provider, source, quiet=True, n_jobs=1)
    update(provider, source, quiet=True, n_jobs=1)
    assert differences(provider, new, ignored=()) == []


def test_a_hard_link_of_a_series_keeps_its_bytes(history: tuple[Path, Path, Path], tmp_path: Path) -> None:
    """A copy as of ``cp -al`` is the market as it was."""
    source, old, new = history
    provider, copy = tmp_path / "p", tmp_path / "copy"
    shutil.copytree(old, provider)
    shutil.copytree(provider, copy, copy_function=os.link)
    update(provider, source, quiet=True, n_jobs=1)
    assert differences(copy, old, ignored=()) == []
    assert differences(provider, new, ignored=()) == []


@pytest.mark.parametrize("name", [".update", ".update/notes.txt", ".update/files/mine", ".update/0.steps"])
def test_what_is_no_plan_is_left_and_named(name: str, history: tuple[Path, Path, Path], tmp_path: Path) -> None:
    source, old, _ = history
    provider = tmp_path / "p"
    shutil.copytree(old, provider)
    (provider / name).parent.mkdir(parents=True, exist_ok=True)
    (provider / name).write_text("mine")
    with pytest.raises(InputError, match=r"p/\.update is in the place of an update's plan, and is none: move it away$"):
        update(provider, source, quiet=True, n_jobs=1)
    assert (provider / name).read_text() == "mine"


@pytest.mark.parametrize("at", range(6))
def test_a_kill_while_a_plan_is_removed(
    at: int, history: tuple[Path, Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the folder of files goes, before any other file does, and when all are gone."""
    source, old, new = history
    provider, steps, unlink = tmp_path / "p", itertools.count(), Path.unlink
    shutil.copytree(old, provider)

    def killed(*_: Any, **__: Any) -> None:
        raise Killed

    def counted(path: Path, *, missing_ok: bool) -> None:
        if next(steps) == at - 1:
            raise Killed
        unlink(path, missing_ok=missing_ok)

    def remove(folder: Path) -> None:
        with monkeypatch.context() as patch:
            if at == 0:
                patch.setattr(shutil, "rmtree", killed)
            patch.setattr(Path, "rmdir", killed)
            patch.setattr(Path, "unlink", counted)
            remove_plan(folder)

    remove_plan = journal._remove
    with monkeypatch.context() as patch:
        patch.setattr(journal, "_remove", remove)
        with pytest.raises(Killed):
            update(provider, source, quiet=True, n_jobs=1)
    update(provider, source, quiet=True, n_jobs=1)
    assert differences(provider, new, ignored=()) == []
    assert not (provider / ".update").exists()
