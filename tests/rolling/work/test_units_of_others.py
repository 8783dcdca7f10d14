"""Units in a folder of another user, or in one that cannot be written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from unit_world import KEYS, keep

from qlib_mfgru.cli import main
from qlib_mfgru.errors import InputError
from qlib_mfgru.rolling import UnitStore


@contextmanager
def somebody_else(folder: Path) -> Iterator[None]:
    """Another user, for whom `folder` is closed."""
    folder.chmod(0o700)
    if os.geteuid() == 0:
        os.seteuid(65534)
    else:  # the closest that there is
        folder.chmod(0)
    try:
        yield
    finally:
        if os.getuid() == 0:
            os.seteuid(0)
        folder.chmod(0o700)


@pytest.fixture
def shared_store() -> Iterator[UnitStore]:
    """A unit where every user comes, unlike in pytest's own folders."""
    with tempfile.TemporaryDirectory() as folder:
        store = UnitStore(Path(folder, "units"))
        keep(store, KEYS[0])
        Path(folder).chmod(0o755)
        store.root.chmod(0o777)
        yield store


def test_another_users_unit_is_said(shared_store: UnitStore, capsys: pytest.CaptureFixture[str]) -> None:
    store, unit = shared_store, shared_store.root / KEYS[0]
    with somebody_else(unit):
        assert KEYS[0] not in store
        assert store.damaged()["key"].tolist() == [KEYS[0]]
        assert "Permission denied" in store.damaged()["wrong"].tolist()[0]
        assert main(["units", "--dir", str(store.root), "--clear-all"]) == 2
        first, line = capsys.readouterr().err.splitlines()
        assert first.startswith("mfgru: 0 units removed from")
        assert "Permission denied: it may belong to another user: ask for it" in line
        with pytest.raises(
            InputError, match=r"^.*Permission denied, and cannot be removed: .*; use another units_dir$"
        ):
            store.make_room(KEYS)
    assert KEYS[0] in store


def test_a_folder_that_cannot_be_used(tmp_path: Path, shared_store: UnitStore) -> None:
    (tmp_path / "file").write_text("")
    for root in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(
            InputError, match=rf"^units_dir {root} is not a folder, and cannot be made one: use another$"
        ):
            UnitStore(root).make_room([KEYS[0]])
        assert len(UnitStore(root).finished()) == UnitStore(root).clear() == 0
    with somebody_else(shared_store.root), pytest.raises(InputError, match=r"^units_dir .* cannot be written: use "):
        shared_store.make_room([KEYS[0]])


def test_finished_units_of_a_folder_that_is_only_read(shared_store: UnitStore) -> None:
    shared_store.root.chmod(0o555)
    assert KEYS[0] in shared_store
    assert list(shared_store.finished()["key"]) == [KEYS[0]]
    shared_store.root.chmod(0o755)
