"""The bytes of a text file, plain or compressed."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePath
from typing import BinaryIO, cast

import pyarrow as pa

_OPENERS: dict[str, Callable[[Path], object]] = {
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
    ".zst": lambda path: pa.input_stream(str(path), compression="zstd"),
}
_RATIO = 4
"""About how much smaller compressed bars are."""


@dataclass(frozen=True)
class Content:
    """What a text file holds once it is unpacked.

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
    def inner_name(self) -> PurePath:
        """Name without the suffix of the compression."""
        if self.member is not None:
            return PurePath(self.member)
        return PurePath(self.path.stem if self.path.suffix.lower() in _OPENERS else self.path.name)

    @property
    def n_bytes(self) -> int:
        """Size once unpacked, about."""
        if self.member is not None:
            return _archive(self.path, self.path.stat().st_mtime_ns).getinfo(self.member).file_size
        return self.path.stat().st_size * (_RATIO if self.path.suffix.lower() in _OPENERS else 1)

    def open(self) -> BinaryIO:
        """The unpacked bytes from their beginning."""
        if self.member is not None:
            archive = _archive(self.path, self.path.stat().st_mtime_ns)
            return cast(BinaryIO, archive.open(self.member))
        opener = _OPENERS.get(self.path.suffix.lower())
        return cast(BinaryIO, opener(self.path)) if opener else self.path.open("rb")


def members(path: Path) -> list[str]:
    """The files in a zip archive, sorted."""
    names = (info.filename for info in _archive(path, path.stat().st_mtime_ns).infolist() if not info.is_dir())
    return sorted(name for name in names if not name.startswith("__MACOSX/"))


@lru_cache(maxsize=1)
def _archive(path: Path, _: int) -> zipfile.ZipFile:
    """An archive with its list of files, which may be long: read once for all of them; the time tells a new file."""
    return zipfile.ZipFile(path)
