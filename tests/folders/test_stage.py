"""Folders that are whole or absent: what is touched, what is not, and what a kill leaves."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.folders import Holder, locked, scratch, stage, staged, sweep
from qlib_mfgru.folders.box import MARKER

WRITER = """
import sys, time
from pathlib import Path
from qlib_mfgru.folders import locked, staged
with locked(Path(sys.argv[1]), wait=sys.argv[2] == "wait"), staged(Path(sys.argv[1])) as folder:
    (folder / "content").write_text(sys.argv[3])
    print("writing", flush=True)
    time.sleep(float(sys.argv[4]))
print("done", flush=True)
"""


def start(target: Path, content: str, seconds: float, how: str = "refuse") -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", WRITER, str(target), how, content, str(seconds)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@contextmanager
def written(target: Path) -> Iterator[Path]:
    with locked(target, wait=False), staged(target) as folder:
        yield folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_new_folder_takes_its_name_at_the_end_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    with written(tmp_path / "deep" / "市场 1") as folder:
        (folder / "file").write_text("1")
        assert not (tmp_path / "deep" / "市场 1").exists()
    assert names(tmp_path / "deep") == ["市场 1"]
    assert names(tmp_path / "deep" / "市场 1") == ["file"]


def test_an_older_folder_is_replaced_whole(tmp_path: Path) -> None:
    target = tmp_path / "market"
    for content in ("one", "two"):
        with written(target) as folder:
            (folder / content).write_text(content)
    assert names(tmp_path) == ["market"]
    assert names(target) == ["two"]


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt()])
def test_after_an_error_the_older_folder_is_as_it_was(tmp_path: Path, error: BaseException) -> None:
    target = tmp_path / "market"
    with written(target) as folder:
        (folder / "file").write_text("old")
    with pytest.raises(type(error)), written(target) as folder:  # noqa: PT012
        (folder / "file").write_text("new")
        raise error
    assert (target / "file").read_text() == "old"
    assert names(tmp_path) == ["market"]


@pytest.mark.parametrize("mask", [0o022, 0o002, 0o077])
def test_others_may_read_it_as_the_umask_says(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        with written(tmp_path / "market") as folder:
            (folder / "file").write_text("1")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "market").stat().st_mode) == 0o777 & ~mask
    assert stat.S_IMODE((tmp_path / "market" / "file").stat().st_mode) == 0o666 & ~mask


def test_folders_of_the_user_beside_it_are_never_touched(tmp_path: Path) -> None:
    theirs = [".market", "market.partial", "market.replaced", "market.spool", ".market.abcdefgh", ".market.12345678"]
    for name in theirs:
        (tmp_path / name).mkdir()
        (tmp_path / name / "thesis.txt").write_text("years of work")
    with written(tmp_path / "market") as folder:
        (folder / "file").write_text("1")
    assert names(tmp_path) == sorted([*theirs, "market"])
    assert all((tmp_path / name / "thesis.txt").read_text() == "years of work" for name in theirs)


def test_a_killed_writer_leaves_what_the_next_one_removes(tmp_path: Path) -> None:
    target = tmp_path / "market"
    with written(target) as folder:
        (folder / "content").write_text("old")
    writer = start(target, "half", 60)
    assert writer.stdout is not None
    assert writer.stdout.readline() == "writing\n"
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    (left,) = tmp_path.glob(".market.????????")
    assert (left / "new" / "content").read_text() == "half"
    assert (holder := Holder.read(left / MARKER)) is not None
    assert holder.pid == writer.pid
    assert (target / "content").read_text() == "old"
    with written(target) as folder:
        (folder / "content").write_text("new")
    assert names(tmp_path) == ["market"]
    assert (target / "content").read_text() == "new"


def test_a_rival_is_told_who_writes(tmp_path: Path) -> None:
    target = tmp_path / "market"
    writer = start(target, "first", 3)
    assert writer.stdout is not None
    assert writer.stdout.readline() == "writing\n"
    with pytest.raises(InputError, match=rf"market is being written by process {writer.pid} \(-c\) on .*: wait for it"):
        written(target).__enter__()
    assert writer.wait() == 0
    assert (target / "content").read_text() == "first"
    assert names(tmp_path) == ["market"]


def test_a_rival_that_waits_comes_second(tmp_path: Path) -> None:
    target = tmp_path / "market"
    writers = [start(target, f"{number}", 0.3, "wait") for number in range(3)]
    outputs = [writer.communicate(timeout=60)[0] for writer in writers]
    assert outputs == ["writing\ndone\n"] * 3
    assert (target / "content").read_text() in ("0", "1", "2")
    assert names(tmp_path) == ["market"]


def test_there_is_no_moment_without_the_folder(tmp_path: Path) -> None:
    target = tmp_path / "market"
    with written(target) as folder:
        (folder / "content").write_text("0")
    watcher = subprocess.Popen(
        [sys.executable, "-c", "import sys\nwhile True: open(sys.argv[1]).read()", str(target / "content")],
        stderr=subprocess.PIPE,
    )
    time.sleep(0.3)
    for number in range(200):
        with written(target) as folder:
            (folder / "content").write_text(f"{number}")
    assert watcher.poll() is None, "the folder was away for a moment"
    watcher.kill()
    watcher.communicate()


def test_without_an_exchange_of_names_a_kill_between_the_two_renames_is_mended(tmp_path: Path) -> None:
    target = tmp_path / "market"
    box = tmp_path / ".market.0123abcd"
    (box / "old").mkdir(parents=True)
    (box / "old" / "content").write_text("old")
    Holder.this().write(box / MARKER)
    with locked(target, wait=False):
        pass
    assert (target / "content").read_text() == "old"
    assert names(tmp_path) == ["market"]


def test_two_renames_do_where_names_cannot_change_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qlib_mfgru.folders.stage.exchange", lambda one, other: False)
    for content in ("one", "two"):
        with written(tmp_path / "market") as folder:
            (folder / content).write_text(content)
    assert names(tmp_path) == ["market"]
    assert names(tmp_path / "market") == ["two"]


def test_a_lock_is_free_again_after_an_error(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match="no"), locked(tmp_path / "x", wait=False):
            raise ValueError("no")
    assert names(tmp_path) == []


def test_an_error_of_the_system_names_the_folder(tmp_path: Path) -> None:
    with (
        pytest.raises(OSError, match=r"No space left on device: free space there.*: '.*market'"),
        written(tmp_path / "market"),
    ):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert names(tmp_path) == []


def test_what_any_killed_writer_left_can_be_swept_away_and_the_living_are_let_be(tmp_path: Path) -> None:
    killed, alive = start(tmp_path / "one", "half", 60), start(tmp_path / "two", "whole", 2)
    for writer in (killed, alive):
        assert writer.stdout is not None
        assert writer.stdout.readline() == "writing\n"
    killed.kill()
    killed.wait()
    (tmp_path / ".notes.abcdefgh").mkdir()
    sweep(tmp_path)
    assert not list(tmp_path.glob(".one*"))
    assert alive.wait() == 0
    assert names(tmp_path) == [".notes.abcdefgh", "two"]


def test_a_scratch_folder_stays_while_the_lock_is_held_and_is_gone_at_the_end(tmp_path: Path) -> None:
    target = tmp_path / "market"
    with locked(target, wait=False), scratch(target) as spool:
        (spool / "rows").write_text("1")
        with staged(target) as folder:
            (folder / "rows").write_text((spool / "rows").read_text())
        assert (spool / "rows").exists()
    assert names(tmp_path) == ["market"]


@pytest.mark.parametrize("leads_to", ["folder", "nothing"])
@pytest.mark.parametrize("can_exchange", [True, False])
def test_a_link_gives_way_and_what_it_leads_to_stays(
    tmp_path: Path, leads_to: str, can_exchange: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not can_exchange:
        monkeypatch.setattr(stage, "exchange", lambda *_: False)
    place = tmp_path / "place"
    place.mkdir()
    if leads_to == "folder":
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "elsewhere" / "old").write_text("kept")
    (place / "market").symlink_to(tmp_path / "elsewhere")
    with written(place / "market") as folder:
        (folder / "content").write_text("new")
    assert names(place) == ["market"]
    assert not (place / "market").is_symlink()
    assert names(place / "market") == ["content"]
    if leads_to == "folder":
        assert (tmp_path / "elsewhere" / "old").read_text() == "kept"
