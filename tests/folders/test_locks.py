"""Locks that nobody holds any more, and those of other users."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.folders import Busy, Holder, lock_file, locked, sweep, tidy
from qlib_mfgru.folders.box import new_box


def test_a_lock_that_a_killed_holder_left_is_swept_away(tmp_path: Path) -> None:
    """Where it names its holder, and is held by nobody."""
    for name in ("killed", "held"):
        Holder.this().write(lock_file(tmp_path / name))
    lock_file(tmp_path / "theirs").write_text("{}")
    lock_file(tmp_path / "empty").touch()
    with locked(tmp_path / "held", wait=False):
        sweep(tmp_path)
        assert sorted(os.listdir(tmp_path)) == [".empty.lock", ".held.lock", ".theirs.lock"]


def test_a_disk_that_is_full_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a write, the system does not say where."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Holder, "write", full)
    with pytest.raises(OSError, match="free space there") as caught, locked(tmp_path / "market", wait=False):
        pass
    assert caught.value.filename == str(tmp_path / "market")
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a second user")
@pytest.mark.parametrize("wait", [True, False])
def test_a_lock_of_another_user_is_said(wait: bool) -> None:
    """Nobody waits for it for ever: its file may be that of a process which was killed, and cannot be asked."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        target = Path(folder, "market")
        Holder.this().write(lock_file(target))
        lock_file(target).chmod(0o600)
        os.seteuid(65534)
        try:
            with pytest.raises(Busy) as caught, locked(target, wait=wait):
                pass
            sweep(target.parent)
        finally:
            os.seteuid(0)
        file = lock_file(target)
        assert str(caught.value) == (
            f"{target} is, or was, being written by a process, of another user: wait for it to end, "
            f"and have {file} deleted if it was killed"
        )


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder where every user may write, as another user."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)
        os.seteuid(0)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a second user")
def test_the_lock_of_another_users_killed_process_is_taken_over(shared: Path) -> None:
    """Where its file can be read, and removed, though not written."""
    Holder.this().write(lock_file(shared / "market"))
    lock_file(shared / "market").chmod(0o644)
    os.seteuid(65534)
    with locked(shared / "market", wait=False):
        assert lock_file(shared / "market").stat().st_uid == 65534
    assert not os.listdir(shared)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a second user")
def test_the_lock_of_another_users_living_process_is_not(shared: Path) -> None:
    with locked(shared / "market", wait=False):
        os.seteuid(65534)
        with pytest.raises(Busy, match="of another user"), locked(shared / "market", wait=False):
            pass
        os.seteuid(0)
        assert Holder.read(lock_file(shared / "market")) is not None
    assert not os.listdir(shared)


@pytest.mark.parametrize("mask", [0o022, 0o002])
def test_a_lock_is_open_to_others_as_the_umask_says(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        with locked(tmp_path / "market", wait=False):
            assert stat.S_IMODE(lock_file(tmp_path / "market").stat().st_mode) == 0o666 & ~mask
    finally:
        os.umask(before)


@pytest.mark.parametrize("kind", ["text", "braces", "deep", "folder", "link", "fifo"])
def test_what_is_no_lock_is_left_and_named(tmp_path: Path, kind: str) -> None:
    target, theirs = tmp_path / "market", tmp_path / "theirs"
    file = lock_file(target)
    theirs.write_text("precious")
    make: dict[str, Callable[[], object]] = {
        "text": lambda: file.write_text("precious"),
        "braces": lambda: file.write_text("{}"),
        "deep": lambda: file.write_text("[" * 100_000),
        "folder": file.mkdir,
        "link": lambda: file.symlink_to(theirs),
        "fifo": lambda: os.mkfifo(file),
    }
    make[kind]()
    before = file.lstat()
    with pytest.raises(InputError) as caught, locked(target, wait=True):
        pass
    assert str(caught.value) == f"{file} is in the place of the lock of {target}, and is none: move it away"
    assert file.lstat() == before
    assert theirs.read_text() == "precious"
    sweep(tmp_path)
    assert sorted(os.listdir(tmp_path)) == [file.name, "theirs"]


def test_an_empty_lock_is_one(tmp_path: Path) -> None:
    """A process was killed between making it and naming itself in it."""
    lock_file(tmp_path / "market").touch()
    with locked(tmp_path / "market", wait=False):
        pass
    assert not os.listdir(tmp_path)


def test_what_a_writer_left_that_was_killed_at_the_very_end_is_tidied_up(tmp_path: Path) -> None:
    """The folder has its place; beside it are an empty box, and the lock, which goes last."""
    target = tmp_path / "market"
    target.mkdir()
    (target / "mine").touch()
    new_box(target)
    Holder.this().write(lock_file(target))
    tidy(target)
    assert os.listdir(tmp_path) == ["market"]
    assert os.listdir(target) == ["mine"]


def test_a_living_writer_and_what_is_no_lock_are_not_tidied_up(tmp_path: Path) -> None:
    with locked(tmp_path / "market", wait=False):
        box = new_box(tmp_path / "market")
        tidy(tmp_path / "market")
        assert {box, lock_file(tmp_path / "market")} == set(tmp_path.iterdir())
    lock_file(tmp_path / "other").write_text("precious")
    tidy(tmp_path / "other")
    assert lock_file(tmp_path / "other").read_text() == "precious"
