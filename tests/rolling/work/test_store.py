"""The store of units: what it lists, what it clears, whom it waits for, and what it leaves alone."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest
from qlib.config import C
from unit_world import KEYS, keep, result

from qlib_mfgru.cli import main
from qlib_mfgru.errors import InputError
from qlib_mfgru.folders import Holder, Sums
from qlib_mfgru.folders.box import MARKER
from qlib_mfgru.rolling import UnitStore
from qlib_mfgru.rolling.work import files
from qlib_mfgru.rolling.work import store as store_module
from qlib_mfgru.rolling.work.files import DamagedUnit, UnitResult, remove

HOLD = """
import sys, time
from pathlib import Path
from qlib_mfgru.folders import locked
with locked(Path(sys.argv[1]), wait=True):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def store(tmp_path: Path) -> UnitStore:
    """Three whole units."""
    made = UnitStore(tmp_path / "units")
    for number, key in enumerate(KEYS):
        keep(made, key, result(number))
    return made


@contextmanager
def another_run(store: UnitStore, key: str) -> Iterator[subprocess.Popen[str]]:
    """A process that holds a unit's lock until it is killed."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(store.root / key)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.wait()


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


def test_finished_and_damaged_ones_are_listed(store: UnitStore, capsys: pytest.CaptureFixture[str]) -> None:
    (store.root / KEYS[0] / "unit.json").unlink()
    content = (store.root / KEYS[1] / "score.parquet").read_bytes()
    (store.root / KEYS[1] / "score.parquet").write_bytes(content[:-7])
    size = len(content)
    assert list(store.finished()["key"]) == [KEYS[2]]
    assert list(store.finished().columns) == [
        "key", "model", "fold", "seed", "valid_ic", "finished", "model_kept"]  # fmt: skip
    score = store.root / KEYS[1] / "score.parquet"
    assert store.damaged().to_dict("list") == {
        "key": KEYS[:2],
        "wrong": [
            f"{store.root / KEYS[0] / 'unit.json'} is missing",
            f"{score} has {size - 7} bytes, not the {size} that were written",
        ],
    }
    assert main(["units", "--dir", str(store.root)]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == f"finished units in {store.root}: 1"
    assert out[3:] == [
        "damaged: 2; they are trained again when they are needed",
        f"{KEYS[0]}  {store.root / KEYS[0] / 'unit.json'} is missing",
        f"{KEYS[1]}  {score} has {size - 7} bytes, not the {size} that were written",
    ]


@pytest.fixture
def rival(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process removes the first unit when they have been listed."""
    listed = UnitStore._listed

    def then_cleared(self: UnitStore) -> dict[str, str | None]:
        found = listed(self)
        remove(self.root / KEYS[0])
        return found

    monkeypatch.setattr(UnitStore, "_listed", then_cleared)


@pytest.mark.usefixtures("rival")
def test_a_unit_that_is_cleared_while_they_are_listed_is_left_out(store: UnitStore) -> None:
    assert list(store.finished()["key"]) == KEYS[1:]


@pytest.mark.usefixtures("rival")
def test_two_clear_all_units_at_once(store: UnitStore, capsys: pytest.CaptureFixture[str]) -> None:
    """One that the other has removed since they were listed is that one's, and nothing to complain about."""
    assert main(["units", "--dir", str(store.root), "--clear-all"]) == 0
    assert capsys.readouterr().out == f"units removed from {store.root}: 2\n"
    assert names(store.root) == []


def test_a_unit_that_is_cleared_while_it_is_looked_at_is_none(
    store: UnitStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether that is before it is known as a unit, or while it is read."""
    says_so, read_unit = files._says_so, store_module.read

    def then_gone(folder: Path) -> bool:
        if folder.name == KEYS[0]:
            shutil.rmtree(folder)
        return says_so(folder)

    def gone_while_read(folder: Path) -> UnitResult:
        if folder.name == KEYS[1]:
            shutil.rmtree(folder)
        return read_unit(folder)

    monkeypatch.setattr(files, "_says_so", then_gone)
    monkeypatch.setattr(store_module, "read", gone_while_read)
    assert store.damaged().empty
    assert list(store.finished()["key"]) == KEYS[2:]


def test_a_damaged_unit_is_cleared_by_its_key(store: UnitStore) -> None:
    (store.root / KEYS[0] / "unit.json").unlink()
    assert store.clear([KEYS[0][:3], KEYS[2][:3], KEYS[2]]) == 2
    assert names(store.root) == [KEYS[1]]


def test_a_key_that_is_whole_means_its_unit_alone(store: UnitStore) -> None:
    """Also beside a copy, whose name begins like that."""
    copy = shutil.copytree(store.root / KEYS[0], store.root / f"{KEYS[0]}-copy")
    assert store.clear([KEYS[0]]) == 1
    assert names(store.root) == sorted([copy.name, *KEYS[1:]])


def test_no_key_is_no_beginning_of_one(store: UnitStore) -> None:
    """``--clear "$KEY"``, where the variable is not set, beside a single unit."""
    store.clear(KEYS[:2])
    with pytest.raises(InputError, match=r"^0 units in .* have a key that begins with ''$"):
        store.clear([""])
    assert names(store.root) == KEYS[2:]


def test_a_unit_that_is_replaced_while_it_is_read_is_whole(store: UnitStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when another run predicts a longer test: the checksums that were read are those of the older one."""
    read_sums, newer = Sums.read, [result(7)]

    def then_replaced(folder: Path) -> Sums | None:
        sums = read_sums(folder)
        if newer:
            keep(store, KEYS[0], newer.pop())
        return sums

    monkeypatch.setattr(Sums, "read", then_replaced)
    assert store.read(KEYS[0]).about["seed"] == 7


def test_nothing_of_anybody_else_is_cleared(store: UnitStore, capsys: pytest.CaptureFixture[str]) -> None:
    """All that is listed goes, and what killed writers left; the rest of the folder stays as it was."""
    theirs = [".ssh/id", ".git/config", "project/unit.json", "project/data", f".{KEYS[0]}.abcdefgh/mine",
              "d" * 20 + "/notes.txt", ".build.lock/x"]  # fmt: skip
    for name in (*theirs, ".bashrc", "notes.txt", ".mine.lock", f".{KEYS[0]}-abcd"):
        (store.root / name).parent.mkdir(parents=True, exist_ok=True)
        (store.root / name).write_text("{}")
    box = store.root / f".{KEYS[1]}.12345678"
    box.mkdir()
    (box / "new").mkdir()
    Holder.this().write(box / MARKER)
    Holder.this().write(store.root / f".{KEYS[2]}.lock")  # of a worker that was killed while it trained
    before = sorted(path for path in store.root.rglob("*") if "unfinished" not in path.name)
    assert main(["units", "--dir", str(store.root), "--clear-all"]) == 0
    assert capsys.readouterr().out == f"units removed from {store.root}: 3\n"
    gone = {store.root / key for key in KEYS} | {box, store.root / f".{KEYS[2]}.lock"}
    assert sorted(store.root.rglob("*")) == [path for path in before if not gone & {path, *path.parents}]
    assert all((store.root / name).read_text() == "{}" for name in theirs)


def test_folders_of_a_units_name_that_say_nothing_are_not_listed(store: UnitStore) -> None:
    """Empty, or with a model alone: nobody knows whose they are; a unit takes an empty one's place."""
    for name, file in (("d" * 20, None), ("e" * 20, "model.pkl"), ("f" * 20, "model.json")):
        (store.root / name).mkdir()
        if file:
            (store.root / name / file).write_text("{}")
    assert list(store.finished()["key"]) == KEYS
    assert not len(store.damaged())
    assert store.clear() == len(KEYS)
    assert names(store.root) == ["d" * 20, "e" * 20, "f" * 20]
    keep(store, "d" * 20)
    assert "d" * 20 in store
    with pytest.raises(InputError, match="is not a unit: move it away"):
        keep(store, "f" * 20)


def test_a_kill_while_a_unit_is_removed_leaves_one_that_is_known(
    store: UnitStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n_removed in range(1, 5):
        keep(store, KEYS[0])
        gone, unlink = iter(range(n_removed)), Path.unlink

        def dying(path: Path, gone: Iterator[int] = gone, unlink: Callable[[Path], None] = unlink) -> None:
            if next(gone, None) is None:
                raise KeyboardInterrupt
            unlink(path)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "unlink", dying)
            with pytest.raises(KeyboardInterrupt):
                remove(store.root / KEYS[0])
        assert store.damaged()["key"].tolist() == [KEYS[0]]


def test_what_is_being_written_is_left(store: UnitStore, capsys: pytest.CaptureFixture[str]) -> None:
    """By a run that is alive: the others go, and the message says who has it; once it was killed that goes as well."""
    with another_run(store, KEYS[1]) as process:
        assert main(["units", "--dir", str(store.root), "--clear-all"]) == 2
        first, line = capsys.readouterr().err.splitlines()
        assert first == f"mfgru: 2 units removed from {store.root}; these were not:"
        assert line.startswith(f"{store.root / KEYS[1]} is being written by process {process.pid} ")
        assert names(store.root) == [f".{KEYS[1]}.lock", KEYS[1]]
        assert store.was_held(KEYS[1])
    assert store.clear() == 1
    assert names(store.root) == []


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What goes to the log as a warning, however qlib was initialised."""
    monkeypatch.setitem(C.__dict__["_config"], "logging_level", logging.WARNING)
    messages: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: messages.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("qlib.mfgru").addHandler(handler)
    yield messages
    logging.getLogger("qlib.mfgru").removeHandler(handler)


def test_room_is_made_of_what_is_damaged(store: UnitStore, warnings: list[str]) -> None:
    for key in KEYS[:2]:
        (store.root / key / "model.json").unlink()
    before = (store.root / KEYS[2] / "unit.json").stat()
    with another_run(store, KEYS[1]):
        store.make_room(["f" * 20, *KEYS])
    assert warnings == [f"{store.root / KEYS[0] / 'model.json'} is missing: the unit is trained again"]
    assert not (store.root / KEYS[0]).exists()
    assert (store.root / KEYS[1]).exists()
    assert (store.root / KEYS[2] / "unit.json").stat() == before
    store.make_room([KEYS[1]])
    assert names(store.root) == [KEYS[2]]


def test_what_is_none_of_ours_is_in_the_way(store: UnitStore) -> None:
    theirs = store.root / ("d" * 20)
    theirs.mkdir()
    (theirs / "notes.txt").write_text("mine")
    for act in (lambda: store.make_room([theirs.name]), lambda: keep(store, theirs.name)):
        with pytest.raises(InputError, match=rf"^{theirs} is not a unit: move it away$"):
            act()
    assert (theirs / "notes.txt").read_text() == "mine"
    theirs.with_name("e" * 20).write_text("a file")
    with pytest.raises(InputError, match=r"e{20} is not a unit: move it away$"):
        keep(store, "e" * 20)


def test_a_unit_that_was_damaged_meanwhile_is_written_anew(store: UnitStore) -> None:
    (store.root / KEYS[0] / "score.parquet").write_bytes(b"")
    assert KEYS[0] not in store
    keep(store, KEYS[0], result(5))
    pd.testing.assert_series_equal(store.read(KEYS[0]).score, result(5).score)
    assert names(store.root) == KEYS


def test_a_whole_unit_is_replaced(store: UnitStore) -> None:
    """But not one in which a file of somebody else's lies."""
    keep(store, KEYS[0], result(5))
    pd.testing.assert_series_equal(store.read(KEYS[0]).score, result(5).score)
    (store.root / KEYS[0] / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match=r" also holds notes.txt, which is not a unit's: move it away$"):
        keep(store, KEYS[0], result(6))
    assert (store.root / KEYS[0] / "notes.txt").read_text() == "mine"
    pd.testing.assert_series_equal(store.read(KEYS[0]).score, result(5).score)


def test_one_that_is_gone(store: UnitStore) -> None:
    with pytest.raises(DamagedUnit, match=r"/f{20} is not there$"):
        store.read("f" * 20)
    assert "f" * 20 not in store
