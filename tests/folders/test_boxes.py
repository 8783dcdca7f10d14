"""Boxes: which folders are one, and what a kill at any step of their life leaves."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qlib_mfgru.folders import Holder, locked, staged, sweep
from qlib_mfgru.folders.box import MARKER, OLD, new_box

BOX = ".market.0123abcd"


class Killed(BaseException):
    """Stands for a kill: nothing that comes after it is done."""


def box_in(folder: Path, marker: str | None, *files: str) -> Path:
    """A folder of a box's name with a marker and files."""
    box = folder / BOX
    box.mkdir()
    if marker is not None:
        (box / MARKER).write_text(marker)
    for name in files:
        (box / name).parent.mkdir(exist_ok=True)
        (box / name).write_text("1")
    return box


@pytest.mark.parametrize("way", ["lock", "sweep"])
@pytest.mark.parametrize("marker", [None, ""], ids=["no marker", "empty marker"])
def test_a_box_of_a_process_that_was_killed_before_it_named_itself_is_removed(
    tmp_path: Path, marker: str | None, way: str
) -> None:
    box_in(tmp_path, marker)
    if way == "lock":
        with locked(tmp_path / "market", wait=False):
            pass
    sweep(tmp_path)
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("marker", [None, "", "{}", "[1]", '{"pid": 1}', "mine"])
def test_what_holds_something_and_names_no_process_is_somebody_elses(tmp_path: Path, marker: str | None) -> None:
    box = box_in(tmp_path, marker, "new/thesis.txt")
    with locked(tmp_path / "market", wait=False):
        sweep(tmp_path)
    assert (box / "new" / "thesis.txt").read_text() == "1"


@pytest.mark.parametrize(
    "name", [".market.abcdefgh", ".market.0123ABCD", ".market.0123abcde", ".0123abcd", "market.0123abcd"]
)
def test_a_folder_of_another_name_is_no_box(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    sweep(tmp_path)
    assert os.listdir(tmp_path) == [name]


def test_a_link_to_a_box_is_none(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    box = box_in(tmp_path / "elsewhere", None, "new/rows")
    Holder.this().write(box / MARKER)
    (tmp_path / BOX).symlink_to(box)
    sweep(tmp_path)
    assert (tmp_path / BOX).is_symlink()
    assert (box / "new" / "rows").exists()


@pytest.mark.parametrize("n_steps", range(12))
def test_a_kill_at_any_step_of_the_removal_leaves_what_the_next_one_removes(tmp_path: Path, n_steps: int) -> None:
    """After so many calls that remove something the process is gone."""
    target = tmp_path / "market"
    write(target, "one")
    child = os.fork()
    if child == 0:
        left = iter(range(n_steps))

        def dying(call: Callable[..., None]) -> Callable[..., None]:
            def step(*arguments: Any, **keywords: Any) -> None:
                if next(left, None) is None:
                    os._exit(1)
                call(*arguments, **keywords)

            return step

        os.unlink, os.rmdir = dying(os.unlink), dying(os.rmdir)
        write(target, "two")
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == (n_steps < 9)
    assert (target / "0").read_text() == "two"
    sweep(tmp_path)
    assert os.listdir(tmp_path) == ["market"]


def write(target: Path, content: str) -> None:
    with locked(target, wait=False), staged(target) as folder:
        for number in range(5):
            (folder / f"{number}").write_text(content)


def test_an_older_folder_whose_place_cannot_be_taken_is_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, rename = tmp_path / "market", Path.rename
    write(target, "one")
    monkeypatch.setattr("qlib_mfgru.folders.stage.exchange", lambda one, other: False)
    monkeypatch.setattr(Path, "rename", lambda path, to: fail() if path.name == "new" else rename(path, to))
    with pytest.raises(OSError, match="the disk is broken"):
        write(target, "two")
    assert (target / "0").read_text() == "one"
    assert os.listdir(tmp_path) == ["market"]


def fail() -> None:
    raise OSError("the disk is broken")


def test_a_half_removed_older_folder_is_never_put_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its successor has its place: should that be removed later, a half of the older one is no provider."""
    target = tmp_path / "market"
    box = new_box(target)
    for folder in (target, box / OLD):
        folder.mkdir()
    monkeypatch.setattr(shutil, "rmtree", lambda *arguments, **keywords: kill_now())
    with pytest.raises(Killed), locked(target, wait=False):
        pass
    monkeypatch.undo()
    target.rmdir()
    with locked(target, wait=False):
        assert not target.exists()
    assert not os.listdir(tmp_path)


def kill_now() -> None:
    raise Killed
