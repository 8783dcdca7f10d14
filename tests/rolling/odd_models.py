"""A model that does what files in a folder tell it to: fail, die, or hang, in the fold and with the seed they name."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.model import GRUModel


class OddModel(GRUModel):
    """A daily GRU; ``<what>-<month of the test>-<seed>`` in `folder` says what happens when that unit is fitted."""

    def __init__(self, folder: str, **settings: Any) -> None:
        super().__init__("day", **settings)
        self.folder = folder

    def fit(self, dataset: MultiFreqDataset) -> None:
        unit, folder = f"{dataset.segments['test'][0].month}-{self.settings.seed}", Path(self.folder)
        with (folder / "fits").open("a") as file:
            file.write(f"{unit}\n")
        if (folder / f"die-{unit}").exists():
            os.kill(os.getpid(), signal.SIGKILL)
        super().fit(dataset)
        if (folder / f"fail-{unit}").exists():
            raise ArithmeticError(f"planted in {unit}")
        if (folder / f"once-{unit}").exists():
            (folder / f"once-{unit}").unlink()
            raise ArithmeticError(f"planted once in {unit}")
        if (folder / f"hang-{unit}").exists():
            (folder / "hangs").touch()
            time.sleep(600)


def fits(folder: Path) -> list[str]:
    """Units that were begun since the last call, in order."""
    begun = (folder / "fits").read_text().split() if (folder / "fits").exists() else []
    (folder / "fits").unlink(missing_ok=True)
    return begun
