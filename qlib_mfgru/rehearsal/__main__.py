"""``python -m qlib_mfgru.rehearsal FOLDER``: play three weeks of evenings, and compare them with the backtest."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from pathlib import Path

from qlib_mfgru.arguments import local_path
from qlib_mfgru.cli import ended
from qlib_mfgru.errors import InputError


def main() -> int:
    """Play, print the table and the comparison, draw; 1 where live and backtest differ."""
    os.environ.setdefault("TQDM_DISABLE", "1")  # the commands' bars, as in a scheduler; tqdm looks when it is imported
    from qlib_mfgru.rehearsal import compared, page, play

    parser = argparse.ArgumentParser(prog="python -m qlib_mfgru.rehearsal", description=__doc__)
    parser.add_argument("work", type=local_path, help="folder of the play; an earlier play in it is removed")
    work: Path = parser.parse_args().work.resolve()
    start = time.perf_counter()
    played = play(_empty(work))
    print(page.table(played), "\n")
    comparison = compared(played)
    page.plot(played, comparison.curves, work / "account.png")
    print(comparison)
    print(
        f"\n{work / 'account.png'}, orders and holdings in {work / 'orders'}, what was printed: {work / 'evenings.log'}"
    )
    print(f"{time.perf_counter() - start:.0f} s in all")
    return int(bool(comparison.differences))


def _empty(work: Path) -> Path:
    """The folder, without an earlier play."""
    if work.exists() and any(work.iterdir()):
        if not (work / "evenings.log").exists():
            raise InputError(f"{work} holds files that no play made: name another folder")
        for path in work.iterdir():  # and not the folder, in which this may have been called
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    return work


if __name__ == "__main__":
    sys.exit(ended("rehearsal", main))
