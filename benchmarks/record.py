"""What a run leaves for the docs: its figures, with the command, the date, the revision, the machine and the versions.

A record is a JSON file; `blocks.py` makes the tables of the docs from those in ``results/``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks/results"
PACKAGES = {"torch": "torch", "qlib": "pyqlib", "numpy": "numpy", "pandas": "pandas"}
"""What a record gives the version of, and its name as a distribution."""
_LOAD = os.getloadavg()[0]  # when this is imported: before anything is measured


def add_options(parser: argparse.ArgumentParser) -> None:
    """Give a benchmark ``--json FILE`` and ``--record``, which name the file that `keep` writes."""
    own = RESULTS / f"{Path(parser.prog).stem}.json"
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there too")
    parser.add_argument(
        "--record", dest="json", action="store_const", const=own, help="write them to benchmarks/results/, for the docs"
    )


def keep(file: Path | None, figures: dict[str, Any], gpu: str | None = None) -> None:
    """Write the record of this program's run, if a file is named.

    Parameters
    ----------
    file : path, optional
        As the options say.
    figures : dict
        Plain values, their units in their names.
    gpu : str, optional
        Name of the GPU that was measured.
    """
    if file is not None:
        write(file, command_line(f"python benchmarks/{Path(sys.argv[0]).name}", sys.argv[1:]), figures, gpu)


def write(file: Path, command: str, figures: dict[str, Any], gpu: str | None = None) -> None:
    """Write a record; see `keep`. The command is one of `command_line`."""
    record = {
        "command": command,
        "date": date.today().isoformat(),
        "commit": commit(),
        "machine": machine() | ({"gpu": gpu} if gpu else {}),
        "versions": {"python": platform.python_version()} | {name: version(of) for name, of in PACKAGES.items()},
        "figures": figures,
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def command_line(program: str, words: Sequence[str]) -> str:
    """A call as a reader would type it: without this machine's paths, and without where its record goes.

    Parameters
    ----------
    program : str
    words : sequence of str
        Its arguments. Of paths, those of the repository stay; another is ``DIR``.
    """

    def typed() -> Iterator[str]:
        rest = iter(words)
        for word in rest:
            if word == "--json":
                next(rest)
            elif word != "--record":
                is_ours = not os.path.isabs(word) and (ROOT / word).exists()
                yield word if is_ours or os.sep not in word else "DIR"

    return f"{program} {shlex.join(typed())}".strip()


def plain(table: pd.DataFrame, key: str | None = None) -> Any:
    """Rows of a table as JSON has them, None where there is no value: a list, or a mapping by the column `key`."""
    if key is None:
        return json.loads(table.to_json(orient="records", double_precision=15))
    return json.loads(table.astype({key: str}).set_index(key).to_json(orient="index", double_precision=15))


def spanned(days: pd.DatetimeIndex, what: str) -> dict[str, Any]:
    """How many days there are, the first and the last: ``dates``, ``first_date``, ``last_date`` of ``date``."""
    return {f"{what}s": len(days), f"first_{what}": f"{days[0]:%Y-%m-%d}", f"last_{what}": f"{days[-1]:%Y-%m-%d}"}


def study_file(name: str) -> Path:
    """A study's file, as it is called here or, of such as ``best.yaml``, in ``workflow_configs/ashare_daily``."""
    return Path(name) if Path(name).exists() else ROOT / "workflow_configs/ashare_daily" / name


def digest(*of: object) -> str:
    """A name for what a kept result was made of: settings, `made_on` of the provider, `commit`."""
    return hashlib.sha256(repr(of).encode()).hexdigest()[:12]


def made_on(provider: str | Path) -> str:
    """The checksums of a provider's files."""
    return (Path(provider).expanduser() / "checksums.txt").read_text(encoding="utf-8")


def commit() -> str:
    """The revision that was run, with ``+dirty`` where files other than the records and the docs differ from it."""
    changed = _git("status", "--porcelain", "--", ".", ":!benchmarks/results", ":!docs", ":!*.md")
    return _git("rev-parse", "--short", "HEAD") + ("+dirty" if changed else "")


def _git(*arguments: str) -> str:
    """What git says of this checkout; nothing in a copy without a history, or on a machine without git."""
    if shutil.which("git") is None:
        return ""
    done = subprocess.run(["git", *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()


def machine() -> dict[str, Any]:
    """Processor, the cores that this process may use, memory, and how busy all of it was at the start."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "cpu": names[0] if names else platform.machine(),  # arm64 has no names there
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "load_at_start": round(_LOAD, 2),
    }
