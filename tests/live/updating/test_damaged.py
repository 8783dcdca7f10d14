"""What an update goes on from is what was written, or it says which file is not, and leaves all as it is."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.pipeline import ingest
from qlib_mfgru.live import update

from .evenings import Evenings, differences

CUT = 100


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Files of the first days with the provider, and those of two more."""
    folder, market = tmp_path_factory.mktemp("history"), Evenings.make(3)
    ingest(market.mapping(), market.write(folder / "s", 0, CUT), folder / "p", quiet=True, n_jobs=1)
    market.write(folder / "s", CUT, CUT + 2)
    return folder / "s", folder / "p"


@pytest.fixture
def provider(history: tuple[Path, Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(history[1], tmp_path / "p"))


def halve(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 8 * 4])


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def be_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize(
    ("name", "damage", "message"),
    [
        ("features/sh600000/vwap.day.bin", halve, r"vwap.day.bin has 200 bytes, not the \d+ that were written: ingest"),
        ("features/sh600000/close.15min.bin", halve, r"close.15min.bin has \d+ bytes, not the \d+ that were"),
        ("features/sh600000/open.day.bin", Path.unlink, r"open.day.bin is missing, though it was written"),
        ("state/rows/0.npz", halve, r"state/rows/0.npz has \d+ bytes, not the"),
        ("state/closes.npz", flip, r"state/closes.npz is not what was written: its checksum differs: ingest all"),
        ("calendars/day.txt", halve, r"calendars/day.txt has \d+ bytes"),
        ("instruments/csi300.txt", be_folder, r"p/instruments/csi300.txt is a folder, and a file belongs there"),
        ("state/state.json", be_folder, r"p/state/state.json"),
    ],
)
def test_one_line_names_the_file(
    name: str, damage: Callable[[Path], None], message: str, provider: Path, history: tuple[Path, Path]
) -> None:
    damage(provider / name)
    before = {path: path.read_bytes() for path in provider.rglob("*") if path.is_file()}
    with pytest.raises(InputError, match=message) as caught:
        update(provider, history[0], quiet=True, n_jobs=1)
    assert ".update" not in str(caught.value)
    assert {path: path.read_bytes() for path in provider.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("damage", [Path.unlink, halve, flip])
@pytest.mark.parametrize("name", ["state/tables/members.csi300/members.csv", "instruments/csi300.txt"])
def test_what_is_made_anew_is_mended(
    name: str, damage: Callable[[Path], None], provider: Path, history: tuple[Path, Path], tmp_path: Path
) -> None:
    """Also where nothing in it is new."""
    update(shutil.copytree(provider, tmp_path / "sound"), history[0], quiet=True, n_jobs=1)
    damage(provider / name)
    update(provider, history[0], quiet=True, n_jobs=1)
    assert differences(provider, tmp_path / "sound", ()) == []
    assert (provider / name).read_bytes() == (tmp_path / "sound" / name).read_bytes()


@pytest.mark.parametrize("damage", [Path.unlink, halve])
def test_a_lost_copy_of_a_table_that_is_nowhere_else(
    damage: Callable[[Path], None], provider: Path, history: tuple[Path, Path], tmp_path: Path
) -> None:
    name = next((provider / "state/tables/weights.csi300/weights").iterdir()).relative_to(provider)
    damage(provider / name)
    source = shutil.copytree(history[0], tmp_path / "s", ignore=shutil.ignore_patterns("weights"))
    with pytest.raises(InputError, match=rf"{name}.*: give the file of weights.csi300 again, or"):
        update(provider, source, quiet=True, n_jobs=1)


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"a": 1}', '{"moved": {}, "files": 3}'])
def test_a_journal_that_is_none(content: str, provider: Path, history: tuple[Path, Path]) -> None:
    (provider / ".update").mkdir()
    (provider / ".update/journal.json").write_text(content)
    with pytest.raises(InputError, match=r"journal.json is damaged, .*: ingest all files again, to another target"):
        update(provider, history[0], quiet=True, n_jobs=1)


@pytest.mark.parametrize("content", [b"", b"x", b"4\n[[1]", b'20\n[["x", 0, true, 9]]ab', np.arange(99).tobytes()])
def test_steps_that_are_none(content: bytes, provider: Path, history: tuple[Path, Path]) -> None:
    (provider / ".update").mkdir()
    (provider / ".update/journal.json").write_text('{"moved": {}, "files": []}')
    (provider / ".update/0.steps").write_bytes(content)
    with pytest.raises(InputError, match=r"0.steps is damaged"):
        update(provider, history[0], quiet=True, n_jobs=1)
