"""A user's home on a fresh machine, with what an hour on the demo market leaves, in which pages are played."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from docs.markdown_blocks import ROOT

PROGRAMS = {
    "mfgru": "-m qlib_mfgru.cli",
    "qrun": "-m qlib.cli.run",
    "mlflow": "-m mlflow",
    "python": "",
}
LONGEST = 3600
"""Seconds that a block may take."""
EPOCHS = 2
"""That models of the demo train for at most: pages are played to see that they run, not what is learnt."""
_ID = re.compile(r"\b(?:[0-9a-f]{32}|RECORDER_ID|RECORDER)\b")
MARKET = "~/.qlib/qlib_data/mfgru_demo"


class PlayError(AssertionError):
    """A block that did not end well, and its last words."""


@dataclass
class World:
    """A home, and the folder in it in which commands are given, with the shipped configs.

    The demo's train a few epochs only, as if the user had changed them; ``mfgru configs --copy`` leaves them so.

    Attributes
    ----------
    root : Path
    ids : list of str
        Recorders that a page may mean where it says ``RECORDER``, or shows an id: of the incremental model, of the
        daily one, and of a portfolio of the first.
    """

    root: Path
    ids: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for folder in (self.home, self.work, self.root / "bin"):
            folder.mkdir(parents=True, exist_ok=True)
        for name, arguments in PROGRAMS.items():
            file = self.root / "bin" / name
            file.write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments} "$@"\n')
            file.chmod(0o755)
        shutil.copytree(ROOT / "workflow_configs", self.work / "workflow_configs", dirs_exist_ok=True)
        for file in (self.work / "workflow_configs/demo").glob("*.yaml"):
            file.write_text(re.sub(r"max_epochs: \d+", f"max_epochs: {EPOCHS}", file.read_text()))

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def work(self) -> Path:
        return self.root / "work"

    @property
    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MFGRU_", "MLFLOW_"))}
        return kept | {
            "HOME": str(self.home),
            "PATH": f"{self.root / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "OMP_NUM_THREADS": "1",
            "TQDM_DISABLE": "1",
            "MPLBACKEND": "Agg",
        }

    def bash(self, script: str) -> str:
        """Run lines as they stand, from the first to one that fails; what they print."""
        return self._run(["bash", "-euo", "pipefail", "-c", self.with_ids(script)])

    def python(self, script: str) -> str:
        return self._run([sys.executable, "-c", self.with_ids(script)])

    def with_ids(self, text: str) -> str:
        """A text with recorders that there are: the first, and, where several stand in a line, those after it."""
        return "\n".join(self._with_ids(line) for line in text.splitlines()).replace(" PROVIDER ", f" {MARKET} ")

    def _with_ids(self, line: str) -> str:
        ids = iter(self.ids)
        return _ID.sub(lambda shown: next(ids, shown[0]), line)

    def of_the_portfolio(self) -> World:
        """The same world to a page whose first recorder is that of a portfolio."""
        return World(self.root, self.ids[2:] + self.ids[:2])

    def _run(self, command: list[str]) -> str:
        done = subprocess.run(
            command, cwd=self.work, env=self._environment, capture_output=True, text=True, timeout=LONGEST
        )
        if done.returncode:
            raise PlayError(f"code {done.returncode}\n{done.stdout[-1500:]}\n{done.stderr[-3000:]}")
        return done.stdout

    def settle(self) -> World:
        """Make the market, train two models on it, and a portfolio of one; scores and a holding as files."""
        self.bash("mfgru demo")
        for line in (
            "qrun workflow_configs/demo/incremental.yaml",
            "qrun workflow_configs/demo/daily.yaml",
            "MFGRU_RECORDER=RECORDER qrun workflow_configs/demo/enhance_csi500.yaml",
        ):
            before = set(self.work.glob("mlruns/*/*"))
            self.bash(line)
            (made,) = set(self.work.glob("mlruns/*/*")) - before
            self.ids.append(made.name)
        self.of_the_portfolio().bash("mfgru predict RECORDER --save")
        self.bash("mfgru predict RECORDER --save --out scores.csv")
        self.bash("mfgru rebalance RECORDER --index csi500 --cash 1e7 --out orders.csv")
        self._hold()
        return self

    def _hold(self) -> None:
        """What a broker lists after the first purchase."""
        import pandas as pd

        orders = pd.read_csv(self.work / "orders.csv").rename(columns={"instrument": "code"})
        orders[["code", "shares"]].to_csv(self.work / "holdings.csv", index=False)
