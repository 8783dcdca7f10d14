"""Does this checkout give the same bits as an earlier revision? Providers, tensors, predictions, records.

    python benchmarks/same_bits.py --against REV [--astock DIR --expect-different NAME ... --json FILE]

For a move of files that must change no number. Both sides run from copies below --workdir with kernels of their own:
the revision, and the files of this checkout as they are now. `bits_probe.py` of this checkout runs on both, each in a
fresh process that imports the package from its copy alone: on the default demo market, and with --astock on the real
bars of that folder. Every artefact is compared by its bits, tables and pickles by their values; pages (.md) and plots
are not compared. What the revision gave is kept, and not computed again while probe and libraries stay as they are.
Exit code 1 on a difference that was not announced. Seconds are shown, but `same_speed.py` is what judges them.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from bits_probe import INDEX, arrays, digest, pickle_of
from measure import table

ROOT = Path(__file__).resolve().parent.parent
PROBE = Path(__file__).with_name("bits_probe.py").resolve()
LIBRARIES = ("numpy", "pandas", "torch", "pyqlib", "scipy", "highspy")
SAME, DIFFERENT, ANNOUNCED = "same", "DIFFERENT", "differs, as announced"


@dataclass(frozen=True)
class Result:
    """What one side left of one market: seconds by step and digests by artefact; values lie in `folder`."""

    folder: Path
    seconds: Mapping[str, float]
    digests: Mapping[str, str]

    def value(self, name: str) -> Any:
        """An artefact itself."""
        return pd.read_pickle(pickle_of(self.folder, name))


def main() -> None:
    """Make both copies, probe, compare, print."""
    options = parse()
    workdir = options.workdir.resolve()
    before, now = tree_of(options.against, workdir), tree_of_this_checkout(workdir)
    sources = {"demo": None, **({"astock": options.astock.resolve()} if options.astock else {})}
    verdicts: dict[str, tuple[str, str]] = {}
    figures = {}
    for market, source in sources.items():
        kept = workdir / f"{market}-{before.name}-{conditions(source)}"
        sides = probe(market, source, before, kept), probe(market, source, now, workdir / f"{market}-now")
        compared = compare(*sides, options.expect_different)
        print(report(*sides, compared), flush=True)
        verdicts |= compared
        figures[market] = [{"seconds": side.seconds, "digests": side.digests} for side in sides]
    differ = sum(verdict == DIFFERENT for verdict, _ in verdicts.values())
    print(f"\n{len(verdicts)} artefacts against {options.against}: {differ or 'none'} different")
    for pattern in options.expect_different:
        if not any(verdict == ANNOUNCED and announced(name, [pattern]) for name, (verdict, _) in verdicts.items()):
            print(f"announced, but nothing differs: {pattern}")
    if options.json:
        options.json.write_text(json.dumps({"verdicts": verdicts, "before, now": figures}, indent=1))
    sys.exit(1 if differ else 0)


def parse() -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", required=True, metavar="REV", help="the revision to compare with")
    parser.add_argument("--astock", type=Path, metavar="DIR", help="files for workflow_configs' mapping of real bars")
    parser.add_argument(
        "--expect-different",
        nargs="+",
        default=[],
        metavar="NAME",
        help="artefacts or steps that may differ, * for anything, e.g. demo/factor_test-raw-month",
    )
    parser.add_argument("--workdir", type=Path, default=Path("runs/benchmarks/same_bits"))
    parser.add_argument("--json", type=Path, help="write all digests and seconds there too")
    return parser.parse_args()


# --- two copies of the project


def tree_of(revision: str, workdir: Path) -> Path:
    """A copy of a revision with its kernels, below `workdir`; made if there is none yet."""
    commit = _git("rev-parse", "--verify", f"{revision}^{{commit}}").decode().strip()
    tree = workdir / "trees" / commit[:12]
    if not tree.exists():
        partial = _emptied(tree.with_suffix(".partial"))
        subprocess.run(["tar", "-x", "-C", str(partial)], input=_git("archive", commit), check=True)
        _build_kernels(partial)
        partial.rename(tree)
    return tree


def tree_of_this_checkout(workdir: Path) -> Path:
    """A copy of this checkout's files as they are now, with kernels built from them, below `workdir`."""
    tree = _emptied(workdir / "trees" / "now")
    names = _git("ls-files", "-z", "--cached", "--others", "--exclude-standard").decode().split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():  # not one that was deleted, and not yet from the index
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tree / name)
    _build_kernels(tree)
    return tree


def environment(tree: Path, folder: Path) -> dict[str, str]:
    """That of a process which imports the package from `tree`, and whose caches lie in `folder`."""
    paths = {"PYTHONPATH": tree, "MFGRU_CACHE": folder / "panels", "MFGRU_UNITS": folder / "units"}
    # qlib's Position adds up over a set of codes: its order, and so the account's last digit, depends on the hash seed
    return {**os.environ, "PYTHONHASHSEED": "0", **{name: str(path) for name, path in paths.items()}}


def _git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _build_kernels(tree: Path) -> None:
    """Build in place. A kernel that cannot be built is left out, and says so in the log."""
    log = tree / "build.log"
    with log.open("w") as file:
        command = [sys.executable, "setup.py", "build_ext", "--inplace"]
        subprocess.run(command, cwd=tree, stdout=file, stderr=subprocess.STDOUT, check=True)
    built = sorted(path.name.split(".")[0] for path in tree.glob("qlib_mfgru/**/*.so"))
    print(f"{tree.name}: kernels {', '.join(built) or f'NONE, see {log}'}", file=sys.stderr, flush=True)


# --- both sides' numbers


def conditions(source: Path | None) -> str:
    """What a kept result depends on beside its revision: the probe, libraries, threads, and the source folder."""
    made_by = [PROBE.read_text(), *map(version, LIBRARIES), str(len(os.sched_getaffinity(0))), str(source)]
    return digest(np.array(made_by, dtype=object))[:12]


def probe(market: str, source: Path | None, tree: Path, folder: Path) -> Result:
    """Run the probe on a market with the package of `tree`; what `folder` holds already is kept if it is complete."""
    if folder.name.endswith("-now") or not (folder / INDEX).exists():
        print(f"{market} with {tree.name}", file=sys.stderr, flush=True)
        command = [sys.executable, "-W", "ignore", str(PROBE), market, "--tree", str(tree)]
        command += ["--source", str(source)] if source else []
        done = subprocess.run(command, cwd=_emptied(folder), env=environment(tree, folder))
        if done.returncode:
            sys.exit(f"same_bits: {market} with {tree}: the probe ended with exit code {done.returncode}")
    return Result(folder, **json.loads((folder / INDEX).read_text()))


# --- and their comparison


def compare(before: Result, now: Result, expected: list[str]) -> dict[str, tuple[str, str]]:
    """For every artefact of either side a verdict, and in what it differs."""
    verdicts = {}
    for name in dict.fromkeys([*before.digests, *now.digests]):
        if before.digests.get(name) == now.digests.get(name):
            verdicts[name] = SAME, ""
            continue
        missing = [when for when, side in (("before", before), ("now", now)) if name not in side.digests]
        how = f"missing {missing[0]}" if missing else difference(before.value(name), now.value(name))
        verdicts[name] = ANNOUNCED if announced(name, expected) else DIFFERENT, how
    return verdicts


def announced(name: str, expected: list[str]) -> bool:
    """Whether an artefact, or the step that made it, is among the patterns."""
    return any(fnmatch(name, pattern) or fnmatch(name, f"{pattern}/*") for pattern in expected)


def difference(before: Any, now: Any) -> str:
    """In what two values of an artefact differ: the first array of them that does."""
    old, new = dict(arrays(before)), dict(arrays(now))
    if old.keys() != new.keys():
        return f"only before: {sorted(old.keys() - new.keys())}, only now: {sorted(new.keys() - old.keys())}"
    for name in old:
        a, b = old[name], new[name]
        if (a.shape, a.dtype) != (b.shape, b.dtype):
            return f"{name}: {a.dtype} {a.shape} before, {b.dtype} {b.shape} now"
        apart = _apart(a, b)
        if apart.any():
            return f"{name}: {apart.sum()} of {apart.size} differ, {_how_far(a.ravel()[apart], b.ravel()[apart])}"
    return f"the order of {list(old)}"


def _apart(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Where two arrays of the same shape and type have other bits, flat."""
    if a.dtype == object:
        return np.array([str(x) != str(y) for x, y in zip(a.ravel(), b.ravel(), strict=True)], dtype=bool)
    x, y = (np.ascontiguousarray(each).reshape(-1, 1).view(np.uint8) for each in (a, b))
    return (x != y).any(axis=1)


def _how_far(a: np.ndarray, b: np.ndarray) -> str:
    if a.dtype.kind not in "fiu":
        return f"first {a[0]} before, {b[0]} now"
    gaps = np.abs(a.astype(float) - b.astype(float))
    if np.isnan(gaps).any():
        return f"{np.isnan(gaps).sum()} of them known on one side only"
    worst = gaps.argmax()
    return f"at most by {gaps[worst]:.2g} ({a[worst]} before, {b[worst]} now)"


def report(before: Result, now: Result, verdicts: Mapping[str, tuple[str, str]]) -> str:
    """One row per step, and below it each of its artefacts that differs."""
    rows = []
    for step in dict.fromkeys([*before.seconds, *now.seconds]):
        mine = {name: verdict for name, verdict in verdicts.items() if name.startswith(f"{step}/")}
        seconds = [f"{side.seconds[step]:.1f}" if step in side.seconds else "-" for side in (before, now)]
        same = sum(verdict == SAME for verdict, _ in mine.values())
        rows.append([step, f"{same} of {len(mine)}", *seconds])
    lines = [f"{name}: {verdict}: {how}" for name, (verdict, how) in verdicts.items() if verdict != SAME]
    return "\n".join(["", table(["", "same", "seconds before", "now"], rows), *lines])


if __name__ == "__main__":
    main()
