"""Locks that nobody holds any more, and those of other users."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from qlib_mfgru.folders import Busy, Holder, lock_file, locked, sweep


def test_a_lock_that_a_killed_holder_left_is_swept_away(tmp_path: Path) -> None:
    """Where it names its holder, and is held by nobody."""
    for name in ("killed", "held"):
        Holder.this().write(lock_file(tmp_path / name))
    lock_file(tmp_path / "theirs").write_text("{}")
    lock_file(tmp_path / "empty").touch()
    with locked(tmp_path / "held", wait=False):
        sweep(tmp_path)
        assert sorted(os.listdir(tmp_path)) == [".empty.lock", ".held.lock", ".theirs.lock"]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a second user")
@pytest.mark.parametrize("wait", [True, False])
def test_a_lock_of_another_user_is_said(wait: bool) -> None:
    """Nobody waits for it for ever: its file may be that of a process which was killed."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        target = Path(folder, "market")
        Holder.this().write(lock_file(target))
        os.seteuid(65534)
        try:
            with pytest.raises(Busy) as caught, locked(target, wait=wait):
                pass
            sweep(target.parent)
        finally:
            os.seteuid(0)
        file = lock_file(target)
        assert str(caught.value) == (
            f"{target} is, or was, being written by {Holder.read(file)}, of another user: see {file}"
        )
