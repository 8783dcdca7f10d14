"""A unit's folder: what is written is read, to the bit; what is not what was written is said and never run."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import torch
from unit_world import FILES, KEYS, keep, planted, result

from qlib_mfgru.errors import InputError
from qlib_mfgru.folders import SUMS, Sums
from qlib_mfgru.rolling import UnitStore
from qlib_mfgru.rolling.work.files import DamagedUnit, is_unit, read, remove

KEY = KEYS[0]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A whole unit."""
    return keep(UnitStore(tmp_path / "units"), KEY)


def test_what_is_written_is_read(folder: Path) -> None:
    made, got = result(), read(folder)
    pd.testing.assert_series_equal(got.score, made.score, check_exact=True, check_freq=True)
    assert got.state is not None
    assert made.state is not None
    assert got.state.tensors.keys() == made.state.tensors.keys()
    for name, tensor in made.state.tensors.items():
        assert got.state.tensors[name].dtype == tensor.dtype
        assert torch.equal(got.state.tensors[name], tensor)
    assert got.state.plain["trained"][0]["best"] == 0.30000000000000004
    assert got.about == {"key": KEY, **made.about, "model_kept": True}


def test_a_unit_without_a_model(tmp_path: Path) -> None:
    unit = keep(UnitStore(tmp_path), KEY, result(state=False))
    assert sorted(path.name for path in unit.iterdir()) == ["checksums.txt", "score.parquet", "unit.json"]
    assert read(unit).state is None
    assert read(unit).about["model_kept"] is False


def test_its_files(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == FILES
    assert os.listdir(folder.parent) == [KEY]


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o755), (0o027, 0o750), (0o002, 0o775)])
def test_readable_as_the_umask_says(tmp_path: Path, mask: int, mode: int) -> None:
    before = os.umask(mask)
    try:
        unit = keep(UnitStore(tmp_path), KEY)
    finally:
        os.umask(before)
    assert stat.S_IMODE(unit.stat().st_mode) == mode
    assert {stat.S_IMODE(path.stat().st_mode) for path in unit.iterdir()} == {mode & 0o666}


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def garbage(path: Path) -> None:
    path.write_bytes(b"\xff\x00{")


def replace_by_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGES: list[Callable[[Path], None]] = [flip, truncate, empty, garbage, Path.unlink, replace_by_a_folder]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
@pytest.mark.parametrize("name", FILES)
def test_damage_is_said(folder: Path, name: str, damage: Callable[[Path], None]) -> None:
    """In one line, with the folder's name; and the folder is still known as a unit, so that it can be removed."""
    damage(folder / name)
    with pytest.raises(DamagedUnit) as caught:
        read(folder)
    assert str(folder) in str(caught.value)
    assert "\n" not in str(caught.value)
    if damage is not replace_by_a_folder:
        assert is_unit(folder)
        remove(folder)
        assert not folder.exists()


@pytest.mark.parametrize("name", [*FILES, "model.pkl", "score.pkl"])
def test_no_pickle_is_ever_read(folder: Path, tmp_path: Path, name: str) -> None:
    """Not under any name, nor where the checksums are right."""
    trap = tmp_path / "trap"
    content = planted(trap)
    (folder / name).write_bytes(content)
    store = UnitStore(folder.parent)
    for right in (False, True) if name != SUMS else (False,):
        if right:
            Sums.of(folder).write(folder)
        is_unit(folder)
        store.finished()
        store.damaged()
        assert (KEY in store) == (name in ("model.pkl", "score.pkl") and not right)
    store.clear()
    assert not trap.exists()
    pickle.loads(content)
    assert trap.exists()


def test_right_checksums_of_wrong_files(folder: Path) -> None:
    """Whoever can write a folder can write its checksums: what they cover must still be a unit's."""
    for name in ("model.safetensors", "score.parquet", "unit.json", "model.json"):
        original = (folder / name).read_bytes()
        deep = b"[" * 100_000
        for content in (b"", b"[]", b"{}", b"null", deep, original[: len(original) // 2]):
            (folder / name).write_bytes(content)
            Sums.of(folder).write(folder)
            if (name, content) != ("model.json", b"{}"):  # what is missing there the model says
                with pytest.raises(DamagedUnit):
                    read(folder)
        (folder / name).write_bytes(original)
    Sums.of(folder).write(folder)
    read(folder)


@pytest.mark.parametrize("frame", [{"score": ["a"]}, {"score": [1.0]}, {"score": [[1.0]]}], ids=str)
def test_a_table_that_holds_no_scores(folder: Path, frame: dict[str, list[object]]) -> None:
    """Text, or numbers of no date and no stock."""
    pd.DataFrame(frame).to_parquet(folder / "score.parquet")
    Sums.of(folder).write(folder)
    with pytest.raises(DamagedUnit, match=r"damaged: score.parquet holds no scores$"):
        read(folder)


@pytest.mark.parametrize("name", ["unit.json", SUMS])
def test_a_pipe_is_never_read(tmp_path: Path, name: str) -> None:
    """Nobody writes to it, and who reads it waits for ever."""
    (tmp_path / KEY).mkdir()
    os.mkfifo(tmp_path / KEY / name)
    assert UnitStore(tmp_path).damaged()["key"].tolist() == [KEY]


def test_a_unit_under_another_key(folder: Path) -> None:
    other = shutil.copytree(folder, folder.with_name(KEYS[1]))
    with pytest.raises(DamagedUnit, match=rf"unit.json is that of another unit, {KEY}$"):
        read(other)


@pytest.mark.parametrize("missing", [("model.json",), ("model.json", "model.safetensors"), ("score.parquet",)])
def test_files_that_the_checksums_do_not_list(folder: Path, missing: tuple[str, ...]) -> None:
    """A model without its tensors is none; without both it would be a unit that keeps scores alone."""
    for name in missing:
        (folder / name).unlink()
    Sums.of(folder).write(folder)
    if missing == ("model.json", "model.safetensors"):
        assert read(folder).state is None
    else:
        with pytest.raises(DamagedUnit, match="does not list the files of a unit"):
            read(folder)


def test_what_is_a_unit(tmp_path: Path) -> None:
    """Its own files say so; or a name like a key's, and a file that only units have, where nothing else lies."""

    def holding(name: str, **files: str) -> Path:
        (tmp_path / name).mkdir()
        for file, content in files.items():
            (tmp_path / name / file.replace("_", ".")).write_text(content)
        return tmp_path / name

    (tmp_path / "file").write_text("")
    linked = tmp_path / KEYS[2]
    linked.symlink_to(holding(KEYS[1], unit_json="{}"))
    assert is_unit(tmp_path / KEYS[1])
    assert not is_unit(holding("3" * 20))
    assert not is_unit(holding("4" * 20, model_json="{}"))
    assert not is_unit(linked)
    assert not is_unit(tmp_path / "file")
    assert not is_unit(holding("empty"))
    assert is_unit(holding("short", unit_json=json.dumps({"key": "short"})))
    assert not is_unit(holding("other", unit_json=json.dumps({"key": "short"})))
    assert not is_unit(holding("list", unit_json="[1]"))
    assert is_unit(holding("0" * 20, unit_json="garbage"))
    assert not is_unit(holding("1" * 20, model_pkl="of somebody's"))
    assert is_unit(holding("5" * 20, model_pkl="of an earlier version", unit_json='{"key": "' + "5" * 20 + '"}'))
    assert not is_unit(holding("2" * 20, notes_txt="mine", unit_json="garbage"))
    assert not is_unit(holding(".git", config="mine", checksums_txt="00000000 1 config\n"))
    sums = holding("sums", unit_json="garbage")
    Sums.of(sums).write(sums)
    assert is_unit(sums)


def test_only_its_own_files_are_removed(folder: Path) -> None:
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match=rf"^{folder} also holds notes.txt, which is not a unit's: move it away$"):
        remove(folder)
    assert sorted(path.name for path in folder.iterdir()) == sorted([*FILES, "notes.txt"])
    read(folder)  # it does no harm there
    (folder / "notes.txt").rename(folder.parent / "notes.txt")
    remove(folder)
    assert os.listdir(folder.parent) == ["notes.txt"]
    with pytest.raises(InputError, match=r"units is not a unit: move it away$"):
        remove(folder.parent)
