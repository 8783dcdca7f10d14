"""Size and checksum of every file of a folder, kept in it: what is whole is known to be whole."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

SUMS = "checksums.txt"
"""The file in a folder that lists the others; its last line, of ``.``, is their number and its own checksum."""
_LIST = "."
_BLOCK = 1 << 22


@dataclass
class Sums:
    """What was written to a folder.

    Attributes
    ----------
    files : dict of str to tuple of int
        Size and CRC-32 of a file, by its path relative to the folder, with ``/``.
    """

    files: dict[str, tuple[int, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path) -> Sums:
        """Of all files that lie in a folder."""
        return cls({name: _sum(folder / name) for name in _names(folder)})

    def add(self, name: str, content: bytes | memoryview) -> None:
        """Note a file by what is written to it."""
        self.files[name] = len(content), zlib.crc32(content)

    def write(self, folder: Path) -> None:
        """Keep the sums in the folder."""
        lines = "".join(f"{crc:08x} {size} {name}\n" for name, (size, crc) in sorted(self.files.items()))
        (folder / SUMS).write_text(f"{lines}{_end(lines, len(self.files))}", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Sums | None:
        """The sums that are kept in a folder; None where there are none, or no such file.

        Raises
        ------
        ValueError
            The file is damaged, if only cut short: it says so, by its name.
        """
        file = folder / SUMS
        if not file.is_file():
            return None
        files = {}
        try:
            *lines, end, rest = file.read_bytes().decode().split("\n")
            if f"{end}\n{rest}" != _end("".join(f"{line}\n" for line in lines), len(lines)):
                raise ValueError("it is not what was written")
            for line in lines:
                crc, size, name = line.split(" ", 2)
                files[name] = int(size), int(crc, 16)
        except ValueError as error:
            raise ValueError(f"{file} is damaged, or of an earlier version") from error
        return cls(files)

    def misfits(self, folder: Path, names: Iterable[str] | None = None) -> Iterator[str]:
        """Files whose size is not what was written, in words; of all files, or of `names`: a look at no content."""
        for name in self.files if names is None else names:
            size, path = self.files[name][0], folder / name
            if not path.is_file():
                yield f"{path} is missing"
            elif (found := path.stat().st_size) != size:
                yield f"{path} has {found} bytes, not the {size} that were written"

    def damaged(self, folder: Path, names: Iterable[str] | None = None) -> Iterator[str]:
        """Files that are not what was written, in words; reads every byte."""
        for name in self.files if names is None else names:
            wrong = next(self.misfits(folder, [name]), None)
            if wrong is None and _sum(folder / name) != self.files[name]:
                wrong = f"{folder / name} is not what was written: its checksum differs"
            if wrong is not None:
                yield wrong

    def others(self, folder: Path) -> list[str]:
        """What lies in the folder, but for its folders, and is not among the files written, by relative path."""
        return sorted(_names(folder) - self.files.keys())


def _names(folder: Path) -> set[str]:
    """Relative paths of all that is in a folder and no folder itself, links to folders included, but its sums."""
    names: set[str] = set()
    for place, folders, files in os.walk(folder):
        inner = os.path.relpath(place, folder)
        links = (name for name in folders if os.path.islink(f"{place}/{name}"))
        names.update(name if inner == "." else f"{inner}/{name}" for name in (*files, *links))
    return names - {SUMS}


def _end(lines: str, n_files: int) -> str:
    """The last line of a list: without it, or with another, it is not whole."""
    return f"{zlib.crc32(lines.encode()):08x} {n_files} {_LIST}\n"


def _sum(path: Path) -> tuple[int, int]:
    size = crc = 0
    with open(path, "rb") as file:
        while block := file.read(_BLOCK):
            size, crc = size + len(block), zlib.crc32(block, crc)
    return size, crc
