"""``Desk``: the folder in which a fund's evenings happen, and the commands that it runs there."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path

from qlib_mfgru.cli import main
from qlib_mfgru.demo.baostock import Server
from qlib_mfgru.errors import InputError


@dataclass
class Desk:
    """A folder with a log of all that the commands print.

    Attributes
    ----------
    work : Path
    seconds : dict of str to float
        Of each command since it was last cleared.
    """

    work: Path
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def provider(self) -> Path:
        return self.work / "provider"

    @property
    def log(self) -> Path:
        return self.work / "evenings.log"

    @property
    def store(self) -> str:
        return f"sqlite:///{self.work / 'mlruns.db'}"

    def mfgru(self, command: str, *arguments: object) -> None:
        """Run a command of the package, as its command line does.

        Raises
        ------
        InputError
            Another exit code than 0.
        """
        words = [command, *map(str, arguments)]
        start = time.perf_counter()
        with self.log.open("a", encoding="utf-8") as log, redirect_stdout(log):
            print(f"\n$ mfgru {' '.join(words)}")
            code = main(words)
        self.seconds[command] = time.perf_counter() - start
        self._check(f"mfgru {command}", code)

    def collect(self, server: Server, since: object, out: Path) -> None:
        """Ask the vendor on the loopback for what a folder lacks."""
        self.mfgru(
            *("collect", "baostock", "--since", f"{since:%Y-%m-%d}", "--out", out),
            *("--host", server.host, "--port", server.port, "--jobs", 1),
        )

    def ingest(self, collected: Path, provider: Path) -> None:
        """Make a provider of all that was collected."""
        self.mfgru("ingest", collected / "mapping.yaml", "--source", collected, "--target", provider)

    def qrun(self, yaml: str) -> None:
        """Train in a process of its own: mlflow keeps artifacts below the folder it is run in.

        Raises
        ------
        InputError
            It fails.
        """
        (self.work / "training.yaml").write_text(yaml)
        start = time.perf_counter()
        command = [sys.executable, "-m", "qlib.cli.run", "training.yaml"]
        with self.log.open("a", encoding="utf-8") as log:
            code = subprocess.run(command, cwd=self.work, stdout=log, stderr=subprocess.STDOUT).returncode
        self.seconds["qrun"] = time.perf_counter() - start
        self._check("qrun", code)

    def _check(self, command: str, code: int) -> None:
        if code:
            raise InputError(f"{command} ended with exit code {code}: see {self.log}")
