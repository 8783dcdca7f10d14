"""What can go wrong with a vendor's files and the mapping: each mutation is a value that prints as it is written.

Files, bytes and places are numbers, taken modulo what is there.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class OfFile:
    """Changes one file after it is written."""

    file: int

    def __call__(self, files: list[Path]) -> None:
        path = files[self.file % len(files)]
        if path.is_file():
            self.change(path)

    def change(self, path: Path) -> None:
        """Change the file."""
        raise NotImplementedError


@dataclass(frozen=True)
class Truncated(OfFile):
    """Only the first `share` of the bytes."""

    share: float

    def change(self, path: Path) -> None:
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * self.share)])


@dataclass(frozen=True)
class Flipped(OfFile):
    """Some bytes are others, from a place on."""

    place: int
    content: bytes

    def change(self, path: Path) -> None:
        content = bytearray(path.read_bytes())
        for number, byte in enumerate(self.content if content else b""):
            content[(self.place + number) % len(content)] ^= byte
        path.write_bytes(content)


@dataclass(frozen=True)
class Encoded(OfFile):
    """Text in another encoding than the mapping says."""

    encoding: str

    def change(self, path: Path) -> None:
        if path.suffix in (".csv", ".txt"):
            text = path.read_bytes().decode("gb18030", errors="replace")
            path.write_bytes(text.encode(self.encoding, errors="replace"))


@dataclass(frozen=True)
class Headed(OfFile):
    """Only the first lines of text."""

    lines: int

    def change(self, path: Path) -> None:
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[: self.lines]))


@dataclass(frozen=True)
class AFolder(OfFile):
    """A folder of the file's name."""

    def change(self, path: Path) -> None:
        path.unlink()
        path.mkdir()


@dataclass(frozen=True)
class Copied(OfFile):
    """The same content in a second file that matches as well."""

    name: str

    def change(self, path: Path) -> None:
        path.with_name(self.name + path.suffix).write_bytes(path.read_bytes())


@dataclass(frozen=True)
class Setting:
    """Another value at a place of the mapping; `None` takes it out."""

    place: int
    value: object

    def __call__(self, mapping: dict[str, Any]) -> None:
        places = list(_places(mapping))
        if not places:
            return
        section, key = places[self.place % len(places)]
        if self.value is None:
            del section[key]
        else:
            section[key] = copy.deepcopy(self.value)


@dataclass(frozen=True)
class Added:
    """A key more in the mapping, or in the section of one input."""

    section: int
    key: str
    value: object

    def __call__(self, mapping: dict[str, Any]) -> None:
        sections = [mapping, *(section for section in mapping.values() if isinstance(section, dict))]
        sections[self.section % len(sections)][self.key] = copy.deepcopy(self.value)


def _places(mapping: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    for key, value in mapping.items():
        yield mapping, key
        if isinstance(value, dict):
            yield from _places(value)
