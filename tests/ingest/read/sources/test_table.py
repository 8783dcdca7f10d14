"""Which files a pattern fits."""

import os
from pathlib import Path

import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.read.sources.table import found, matching, named


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.csv", "a.csv", ".DS_Store", ".a.csv.swp", "deep/c.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("*", ["a.csv", "b.csv"]),
        ("*.csv", ["a.csv", "b.csv"]),
        ("**/*.csv", ["a.csv", "b.csv", "c.csv"]),
        (".DS_Store", [".DS_Store"]),
        ("none*", []),
    ],
)
def test_files_are_sorted_and_hidden_ones_taken_by_name_only(folder: Path, pattern: str, names: list[str]) -> None:
    assert [path.name for path in found(folder, pattern)] == names
    assert [path.name for path in found(Path("/"), str(folder / pattern))] == names


@pytest.mark.parametrize("name", ["bars[1].csv", "[old]/a.csv", "what?.csv"])
def test_a_name_may_have_the_signs_of_patterns(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).touch()
    for pattern in (name, name.replace(".csv", "*")):
        assert found(tmp_path, pattern) == [tmp_path / name]
        assert found(Path("/"), str(tmp_path / pattern)) == [tmp_path / name]
    (tmp_path / "bars1.csv").touch()
    assert [path.name for path in found(tmp_path, "bars[1].csv")] == ["bars1.csv"]


def test_a_file_is_called_as_its_pattern_has_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Relative to the folder, however that is written, or whole."""
    patterns = ["deep/../a.csv", f"{folder}/deep/*", "*.csv"]
    called = ["deep/../a.csv", f"{folder}/deep/c.csv", "a.csv", "b.csv"]
    assert list(named(folder, patterns).values()) == called
    monkeypatch.chdir(folder)
    assert list(named(Path(), patterns).values()) == called
    assert list(named(Path("deep"), ["../b.csv"]).items()) == [(Path("deep/../b.csv"), "../b.csv")]


def test_a_pattern_that_fits_none_is_named(folder: Path) -> None:
    assert [path.name for path in matching(folder, ("b.csv", "*.csv"), "daily")] == ["b.csv", "a.csv"]
    with pytest.raises(InputError, match=r"^daily: no file 'x\*' under "):
        matching(folder, ("*.csv", "x*"), "daily")


def test_what_is_there_instead_of_a_file_is_named(folder: Path) -> None:
    (folder / "empty.csv").mkdir()
    (folder / "link.csv").symlink_to("absent")
    os.mkfifo(folder / "fifo.csv")
    is_folder = "is a folder; end the path with its files, e.g. /*"
    for pattern, what in {
        ".": f"{folder.name} {is_folder}",
        "./": f"{folder.name} {is_folder}",
        "/": f"/ {is_folder}",
        "deep": f"deep {is_folder}",
        "deep/": f"deep {is_folder}",
        "emp*": f"empty.csv {is_folder}",
        "fifo.csv": "fifo.csv is no regular file",
        "link.csv": "link.csv is a link to nothing",
        "lin*": "link.csv is a link to nothing",
    }.items():
        with pytest.raises(InputError) as caught:
            matching(folder, (pattern,), "daily")
        assert str(caught.value) == f"daily: no file {pattern!r} under {folder}: {what}"
    assert [path.name for path in found(folder, "*")] == ["a.csv", "b.csv"]
