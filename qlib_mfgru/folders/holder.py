"""Who writes a folder: enough to find the process on any machine that shares it."""

from __future__ import annotations

import json
import os
import socket
import stat
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Holder:
    """A process.

    Attributes
    ----------
    host : str
    boot : str
        The machine's boot, without which a pid says nothing; empty where the system does not tell.
    pid : int
        As the process sees itself; in containers several have the same.
    since : str
        Local time at which it began to write.
    command : str
        What was called.
    """

    host: str
    boot: str
    pid: int
    since: str
    command: str

    @classmethod
    def this(cls) -> Holder:
        """The process that calls."""
        boot = _BOOT.read_text().strip() if _BOOT.exists() else ""
        command = Path(sys.argv[0]).name if sys.argv else ""
        return cls(socket.gethostname(), boot, os.getpid(), time.strftime("%Y-%m-%d %H:%M:%S"), command)

    @classmethod
    def read(cls, file: Path) -> Holder | None:
        """The holder that a file names; None if it names none, or is a link, a pipe or the like."""
        try:
            return cls.of(file.read_bytes()) if stat.S_ISREG(file.lstat().st_mode) else None
        except OSError:
            return None

    @classmethod
    def of(cls, content: bytes) -> Holder | None:
        """As `read`, of what is in a file."""
        try:
            return cls(**json.loads(content))
        except (ValueError, TypeError, RecursionError):
            return None

    def write(self, file: Path) -> None:
        """Name the holder in a file."""
        file.write_text(json.dumps(asdict(self)))

    def __str__(self) -> str:
        command = f" ({self.command})" if self.command else ""
        return f"process {self.pid}{command} on {self.host}, since {self.since}"
