"""Sums of a folder: every kind of damage is seen and named."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from qlib_mfgru.folders import SUMS, Sums


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "features" / "sh600000").mkdir(parents=True)
    (tmp_path / "features" / "sh600000" / "close.day.bin").write_bytes(bytes(range(200)))
    (tmp_path / "名 单.txt").write_text("SH600000\n")
    Sums.of(tmp_path).write(tmp_path)
    return tmp_path


def read(folder: Path) -> Sums:
    sums = Sums.read(folder)
    assert sums is not None
    return sums


def test_what_is_kept_is_size_and_crc_of_every_file(folder: Path) -> None:
    assert read(folder).files == {
        "features/sh600000/close.day.bin": (200, zlib.crc32(bytes(range(200)))),
        "名 单.txt": (9, zlib.crc32(b"SH600000\n")),
    }


def test_a_whole_folder_has_no_fault(folder: Path) -> None:
    assert list(read(folder).misfits(folder)) == []
    assert list(read(folder).damaged(folder)) == []
    assert read(folder).others(folder) == []


def test_a_missing_and_a_truncated_file_show_without_reading(folder: Path) -> None:
    file = folder / "features" / "sh600000" / "close.day.bin"
    file.write_bytes(file.read_bytes()[:-4])
    (folder / "名 单.txt").unlink()
    assert list(read(folder).misfits(folder)) == [
        f"{file} has 196 bytes, not the 200 that were written",
        f"{folder / '名 单.txt'} is missing",
    ]


@pytest.mark.parametrize("place", [0, 99, 199])
def test_one_flipped_bit_is_seen(folder: Path, place: int) -> None:
    file = folder / "features" / "sh600000" / "close.day.bin"
    content = bytearray(file.read_bytes())
    content[place] ^= 1
    file.write_bytes(content)
    assert list(read(folder).misfits(folder)) == []
    assert list(read(folder).damaged(folder)) == [f"{file} is not what was written: its checksum differs"]
    assert list(read(folder).damaged(folder, ["名 单.txt"])) == []


def test_files_of_others_are_named(folder: Path) -> None:
    (folder / "notes.md").write_text("mine")
    assert read(folder).others(folder) == ["notes.md"]


def test_contents_can_be_noted_as_they_are_written(folder: Path) -> None:
    sums = Sums()
    sums.add("features/sh600000/close.day.bin", memoryview(bytes(range(200))))
    sums.add("名 单.txt", b"SH600000\n")
    assert sums == read(folder)


@pytest.mark.parametrize("cut", range(3))
def test_a_list_that_was_cut_short_is_damaged(folder: Path, cut: int) -> None:
    """At the end of a line as well: its last line is its own checksum."""
    lines = (folder / SUMS).read_text().splitlines(keepends=True)
    assert (len(lines), lines[-1][8:]) == (3, " 2 .\n")
    (folder / SUMS).write_text("".join(lines[:cut]))
    with pytest.raises(ValueError, match=f"{SUMS} is damaged"):
        Sums.read(folder)


@pytest.mark.parametrize("place", [0, 20, 60, -2])
def test_a_flipped_bit_of_the_list_is_seen(folder: Path, place: int) -> None:
    content = bytearray((folder / SUMS).read_bytes())
    content[place] ^= 1
    (folder / SUMS).write_bytes(content)
    with pytest.raises(ValueError, match=f"{SUMS} is damaged"):
        Sums.read(folder)


def test_links_are_others_files_too(folder: Path, tmp_path: Path) -> None:
    (folder / "features" / "mine").symlink_to(folder / "features" / "sh600000")
    (folder / "broken").symlink_to(folder / "nowhere")
    assert read(folder).others(folder) == ["broken", "features/mine"]


@pytest.mark.parametrize("content", ["", "xyz\n", "00 1\n", "zz 10 name\n", "00 10 name"])
def test_a_damaged_list_says_so(folder: Path, content: str) -> None:
    (folder / SUMS).write_text(content)
    with pytest.raises(ValueError, match=f"{SUMS} is damaged"):
        Sums.read(folder)


def test_no_list_is_none(tmp_path: Path) -> None:
    assert Sums.read(tmp_path) is None


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_what_is_no_file_is_no_list(tmp_path: Path, make: Callable[[Path], object]) -> None:
    """A pipe would be read for ever."""
    make(tmp_path / SUMS)
    assert Sums.read(tmp_path) is None
