"""Errors of the machine in words: which file, what is wrong with it, what to do."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_ELSEWHERE = "name a folder on another disk"
_NOT_YOURS = "it may belong to another user: ask for it, or name another folder"
_SHORTER = "name a folder with a shorter path"

ADVICE: dict[int, str] = {
    errno.ENOSPC: f"free space there, or {_ELSEWHERE}",
    errno.EDQUOT: f"your quota is used up: free space there, or {_ELSEWHERE}",
    errno.EFBIG: f"files here may not be that large (ulimit -f): raise the limit, or {_ELSEWHERE}",
    errno.EACCES: _NOT_YOURS,
    errno.EPERM: _NOT_YOURS,
    errno.EROFS: "nothing can be written there: name another folder",
    errno.EEXIST: "a file is in the way: name another folder, or move it away",
    errno.EISDIR: "a file is meant, and this is a folder",
    errno.ENOTDIR: "a part of this path is a file: name another folder, or move the file away",
    errno.ENAMETOOLONG: _SHORTER,
    errno.ELOOP: "its links lead in a circle: name the folder itself",
    errno.EMFILE: "too many for this process: raise the limit (ulimit -n), or take fewer jobs",
    errno.ENFILE: "too many for this machine: end other programs, or take fewer jobs",
    errno.ENOMEM: "end other programs, or take fewer jobs",
    errno.EIO: "the disk may be broken: look at the system's log",
    errno.ESTALE: "the server of this folder was changed or restarted: mount it again",
    errno.ENOLCK: f"the file system has no locks: {_ELSEWHERE}",
}
"""What a user can do about an error of the system, by its number; where nothing helps but the name there is none."""
_PARTLY = re.compile(r"\d+ requested and \d+ written")
_OF_THE_SECOND = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EISDIR, errno.ENOTEMPTY)
"""Errors of a copy, or of a file that takes its place, which are about where it goes."""


def advised(error: OSError, where: Path | str | None = None) -> OSError:
    """An error of the system that names a file and says what to do; one that does already is returned as it is.

    Parameters
    ----------
    error : OSError
    where : path, optional
        Folder or file that it is about if it names none: of a write, the system says what is wrong and not where.
    """
    number, words = error.errno or errno.EIO, error.strerror or str(error)
    is_numpy = error.errno is None and _PARTLY.fullmatch(words) is not None
    if is_numpy:  # it says how much of a write was done, and not why no more
        number, words = errno.ENOSPC, f"{os.strerror(errno.ENOSPC)}, it seems ({error})"
    named = error.filename if error.filename is not None else where
    if error.errno in _OF_THE_SECOND and error.filename2 is not None:
        named = error.filename2
    advice = ADVICE.get(number) if error.errno is not None or is_numpy else None  # those of libraries have no number
    if advice is not None and not words.endswith(advice):
        words = f"{words}: {advice}"
    if words == error.strerror and named == error.filename:
        return error
    return OSError(number, words, *([] if named is None else [_path(named)]))


@contextmanager
def advice(where: Path | str | None = None) -> Iterator[None]:
    """Raise errors of the system as `advised` ones."""
    try:
        yield
    except OSError as error:
        better = advised(error, where)
        if better is error:
            raise
        raise better from error


def said(error: OSError) -> str:
    """The message of an `advised` error, which begins with the file."""
    error = advised(error)
    return f"{error.strerror}" if error.filename is None else f"{_path(error.filename)}: {error.strerror}"


def _path(name: object) -> str:
    return os.fsdecode(name) if isinstance(name, str | bytes | os.PathLike) else str(name)
