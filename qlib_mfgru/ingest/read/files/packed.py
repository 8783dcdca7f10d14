"""The bytes of a text file, plain or compressed, and in an encoding in which a line ends with a byte."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path, PurePath
from typing import BinaryIO, cast

import pyarrow as pa

_OPENERS: dict[str, Callable[[Path], object]] = {
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
    ".zst": lambda path: pa.input_stream(str(path), compression="zstd"),
}
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_HIDDEN = (".", "__MACOSX")
_BLOCK_BYTES = 1 << 18
_RATIO = 4
"""About how much smaller compressed bars are."""
MOST_WHOLE = 1 << 24
"""Bytes of a file that is held in one piece."""


@dataclass(frozen=True, eq=False)
class Content:
    """What a text file holds once it is unpacked; a small file is read once, however often it is opened.

    Attributes
    ----------
    path : Path
        The file.
    member : str, optional
        The one of a zip archive's files that is meant.
    """

    path: Path
    member: str | None = None

    @property
    def label(self) -> Path:
        """As messages name it; a part of an archive is like a file in a folder."""
        return self.path / self.member if self.member is not None else self.path

    @property
    def inner_name(self) -> PurePath:
        """Name without the suffix of the compression."""
        if self.member is not None:
            return PurePath(self.member)
        return PurePath(self.path.stem if self.path.suffix.lower() in _OPENERS else self.path.name)

    @cached_property
    def n_bytes(self) -> int:
        """Size once unpacked, about."""
        if self.member is not None:
            return _archive(self.path, self.path.stat().st_mtime_ns).getinfo(self.member).file_size
        return self.path.stat().st_size * (_RATIO if self.path.suffix.lower() in _OPENERS else 1)

    @property
    def is_small(self) -> bool:
        """Whether it may be held in one piece."""
        return self.n_bytes <= MOST_WHOLE

    def open(self) -> BinaryIO:
        """The unpacked bytes from their beginning."""
        return io.BytesIO(_whole(self)) if self.is_small else self.unpacked()

    def unpacked(self) -> BinaryIO:
        """The same, from the disk."""
        if self.member is not None:
            archive = _archive(self.path, self.path.stat().st_mtime_ns)
            return cast(BinaryIO, archive.open(self.member))
        opener = _OPENERS.get(self.path.suffix.lower())
        return cast(BinaryIO, opener(self.path)) if opener else self.path.open("rb")

    def open_text(self, encoding: str) -> tuple[BinaryIO, str]:
        """The same and their encoding: as the mapping says, but UTF-16, known by its first bytes, is recoded."""
        with self.open() as stream:
            is_utf16 = stream.read(len(_UTF16[0])) in _UTF16
        stream = self.open()
        return (cast(BinaryIO, io.BufferedReader(_Recoded(stream))), "utf-8") if is_utf16 else (stream, encoding)


class _Recoded(io.RawIOBase):
    """The bytes in UTF-8 of a stream in UTF-16, which is closed with it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._decoder = stream, codecs.getincrementaldecoder("utf-16")()
        self._held, self._ended = b"", False

    def readable(self) -> bool:
        """Always true."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill the buffer as far as it goes; 0 at the end."""
        while not self._held and not self._ended:
            block = self._stream.read(_BLOCK_BYTES)
            self._ended = not block
            self._held = self._decoder.decode(block, final=self._ended).encode()
        n_bytes = min(len(buffer), len(self._held))
        buffer[:n_bytes], self._held = self._held[:n_bytes], self._held[n_bytes:]
        return n_bytes

    def close(self) -> None:
        """Close the stream too."""
        self._stream.close()
        super().close()


def members(path: Path) -> list[str]:
    """The files in a zip archive, sorted, without those that a Mac adds and other hidden ones."""
    names = (info.filename for info in _archive(path, path.stat().st_mtime_ns).infolist() if not info.is_dir())
    parts = {name: [part for part in PurePath(name).parts if part != ".."] for name in names}
    return sorted(name for name in parts if not any(part.startswith(_HIDDEN) for part in parts[name]))


@lru_cache(maxsize=1)
def _whole(content: Content) -> bytes:
    """All bytes of a file, of which only the last is held."""
    with content.unpacked() as stream:
        return stream.read()


@lru_cache(maxsize=1)
def _archive(path: Path, _: int) -> zipfile.ZipFile:
    """An archive with its list of files, which may be long: read once for all of them; the time tells a new file."""
    return zipfile.ZipFile(path)
