"""What an update goes on from is what was written, or it says which file is not, and leaves all as it is."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.folders import Sums
from qlib_mfgru.ingest.pipeline import ingest
from qlib_mfgru.live import update
from qlib_mfgru.live.updating import update as module

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


@pytest.fixture(scope="module")
def begun(history: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The provider with a plan of which nothing is done yet."""
    source, provider = history[0], Path(shutil.copytree(history[1], tmp_path_factory.mktemp("begun") / "p"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "finish", lambda *_: False)
        update(provider, source, quiet=True, n_jobs=1)
    return provider


@pytest.mark.parametrize("damage", [Path.unlink, halve, flip])
def test_a_damaged_plan_is_not_begun(
    damage: Callable[[Path], None], begun: Path, history: tuple[Path, Path], tmp_path: Path
) -> None:
    """Whichever of its files is damaged, nothing is taken from it; only without its journal it is no plan."""
    names = {path.relative_to(begun).as_posix() for path in (begun / ".update").rglob("*") if path.is_file()}
    assert {".update/0.steps", ".update/files/calendars/day.txt", ".update/files/industries.csv"} < names
    for number, name in enumerate(sorted(names - {".update/journal.json"} if damage is Path.unlink else names)):
        provider = Path(shutil.copytree(begun, tmp_path / f"{number}"))
        damage(provider / name)
        before = {path: path.read_bytes() for path in provider.rglob("*") if path.is_file()}
        with pytest.raises(
            InputError, match="the update that was begun cannot be finished: ingest all files again"
        ) as error:
            update(provider, history[0], quiet=True, n_jobs=1)
        assert name.removeprefix(".update/").removeprefix("files/") in str(error.value)
        assert {path: path.read_bytes() for path in provider.rglob("*") if path.is_file()} == before
        shutil.rmtree(provider)


def test_a_file_that_was_put_in_its_place_and_is_lost(begun: Path, history: tuple[Path, Path], tmp_path: Path) -> None:
    provider = Path(shutil.copytree(begun, tmp_path / "p"))
    (provider / ".update/files/industries.csv").replace(provider / "industries.csv")
    half_done = shutil.copytree(provider, tmp_path / "half")
    flip(provider / "industries.csv")
    with pytest.raises(InputError, match=r"p/industries.csv is not what was written: its checksum differs: the update"):
        update(provider, history[0], quiet=True, n_jobs=1)
    update(half_done, history[0], quiet=True, n_jobs=1)
    assert not (half_done / ".update").exists()
    assert next(Sums.read(half_done).damaged(half_done), None) is None
