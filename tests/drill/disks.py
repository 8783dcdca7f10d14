"""Disks of a test's own: small, or read-only. Only where this process may mount."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory


@cache
def may_mount() -> bool:
    """Whether this process may mount a disk of memory."""
    with TemporaryDirectory() as folder:
        return _call("mount", "-t", "tmpfs", "-o", "size=64k", "none", folder) and _call("umount", folder)


@contextmanager
def disk_at(folder: Path, n_kilobytes: int) -> Iterator[None]:
    """Mount a disk of memory of so many kilobytes at a folder, which is made."""
    folder.mkdir(parents=True)
    _must("mount", "-t", "tmpfs", "-o", f"size={n_kilobytes}k", "none", str(folder))
    try:
        yield
    finally:
        _must("umount", "--lazy", str(folder))


def grow(folder: Path) -> None:
    """Give the disk at a folder all the room that it needs."""
    _must("mount", "-o", "remount,size=1g", str(folder))


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Nobody may write into a folder: a mount of its own where root, whom modes do not bind, may make one."""
    if os.geteuid() == 0:
        _must("mount", "--bind", str(folder), str(folder))
        try:
            _must("mount", "-o", "remount,ro,bind", str(folder))
            yield
        finally:
            _must("umount", "--lazy", str(folder))
        return
    paths = [folder, *folder.rglob("*")]
    modes = [path.stat().st_mode for path in paths]
    for path in paths:
        path.chmod(path.stat().st_mode & ~0o222)
    try:
        yield
    finally:
        for path, mode in zip(paths, modes, strict=True):
            path.chmod(mode)


def _call(*words: str) -> bool:
    try:
        return subprocess.run(words, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def _must(*words: str) -> None:
    subprocess.run(words, capture_output=True, check=True)
