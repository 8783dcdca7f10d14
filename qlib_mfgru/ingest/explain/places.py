"""What is to be explained: files, those below folders, and the tables of databases that are files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import RowInput
from qlib_mfgru.provider.storage.files import ProviderFiles

_DATABASES = ((0, b"SQLite format 3\0", "sqlite"), (8, b"DUCK", "duckdb"))
"""Where in a file its kind is written, how, and what SQLAlchemy calls it."""


def is_provider(path: Path) -> bool:
    """Whether a folder is a qlib provider."""
    return (path / "calendars").is_dir() and (path / "features").is_dir()


def existing(path: Path) -> Path:
    """A file or folder, resolved.

    Raises
    ------
    InputError
        If it is neither; the message names it as the user does.
    """
    if path.is_file() or path.is_dir():
        return path.resolve()
    what = "no regular file" if path.exists() else "a link to nothing" if path.is_symlink() else "no such file"
    raise InputError(f"{path}: {what} (--explain)")


def files_of(paths: Sequence[Path]) -> list[Path]:
    """The files themselves and those below folders, without hidden ones.

    Raises
    ------
    InputError
        If a folder has no file.
    """
    files: list[Path] = []
    for path in paths:
        below = sorted(_below(path)) if path.is_dir() else [path]
        if not below:
            raise InputError(f"{path}: no file with anything in it (--explain)")
        files += below
    return list(dict.fromkeys(files))


def _below(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        hidden = any(part.startswith((".", "~", "__MACOSX")) for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden and path.stat().st_size:
            yield path


def tables_of(path: Path) -> list[RowInput] | None:
    """The tables of a database, as inputs; None for another file.

    Raises
    ------
    InputError
        If it cannot be opened.
    """
    with path.open("rb") as file:
        head = file.read(16)
    kind = next((kind for at, mark, kind in _DATABASES if head[at : at + len(mark)] == mark), None)
    if kind is None:
        return None
    url = f"{kind}:///{path}"
    try:
        from sqlalchemy import create_engine, inspect
        from sqlalchemy.pool import NullPool

        names = inspect(create_engine(url, poolclass=NullPool)).get_table_names()
    except Exception as error:  # drivers raise what they like
        raise InputError(f"{path}: cannot be read: {' '.join(str(getattr(error, 'orig', error)).split())}") from error
    return [RowInput(sql=f'select * from "{name}"', url=url) for name in names]


def provider_freqs(path: Path) -> str:
    """The frequencies of a provider, for a report."""
    return ", ".join(sorted(ProviderFiles(path).freqs))
