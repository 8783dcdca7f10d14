"""Build sdist and wheel, and try both where there is no checkout: ``make dist``.

``python tests/packaging/dist.py [3.10 3.11 3.12] [--newest] [--any-torch]``. What was built is left in ``dist/``. Each
Python that uv, pyenv or the PATH has gets a fresh environment, in which the wheel is tried as a new user would: the
smoke tests, the demo market, ``mfgru configs --copy`` and two qruns. A Python that cannot be tried is named.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYTHONS = ("3.10", "3.11", "3.12")
CONSTRAINTS = ROOT / "constraints.txt"
OURS = re.compile("MFGRU_|MLFLOW_|PYTHONPATH|VIRTUAL_ENV")
"""Variables that a new user does not have; the Makefile sets some."""
LINK = "qlib_mfgru/workflow_configs"
"""A link in the checkout, and files in what is built."""
MADE = re.compile(r"PKG-INFO|setup\.cfg|qlib_mfgru\.egg-info/.*")
"""What setuptools adds to an sdist."""


class DistError(RuntimeError):
    """What was built lacks something, or does not work."""


def run(*command: object, cwd: Path, **variables: str) -> None:
    """A command that must succeed, with nothing of the checkout on Python's path; if it does not, what it said."""
    environment = {name: value for name, value in os.environ.items() if not OURS.match(name)}
    words = [str(word) for word in command]
    print("$", *words, flush=True)
    done = subprocess.run(words, cwd=cwd, env=environment | variables, capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n", flush=True)
        raise DistError(f"failed: {' '.join(words)}")
    if "qlib_mfgru.smoke" in words:
        print(done.stdout, flush=True)


def tracked() -> list[str]:
    """Files of the checkout, those that are not committed yet as well."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    return sorted(name for name in names if name and os.path.lexists(ROOT / name))


def build(work: Path) -> tuple[Path, Path, Path]:
    """The sdist, the wheel of a copy of the checkout, and the wheel of the sdist; both copies are gone afterwards."""
    checkout, names = work / "checkout", tracked()
    for name in names:
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, checkout / name, follow_symlinks=False)
    run(sys.executable, "-m", "venv", "builder", cwd=work)
    python = work / "builder/bin/python"
    run(python, "-m", "pip", "install", "--quiet", "build", cwd=work)
    run(python, "-m", "build", "--sdist", "--wheel", "--outdir", "built", "checkout", cwd=work)
    (sdist,), (wheel,) = (work / "built").glob("*.tar.gz"), (work / "built").glob("*.whl")
    check_sdist(sdist, names)
    with tarfile.open(sdist) as archive:
        archive.extractall(work / "unpacked", filter="data")
    (unpacked,) = (work / "unpacked").iterdir()
    run(python, "-m", "build", "--wheel", "--outdir", "rebuilt", unpacked, cwd=work)
    (again,) = (work / "rebuilt").glob("*.whl")
    check_wheels(wheel, again, names)
    shutil.rmtree(checkout)
    shutil.rmtree(unpacked)
    return sdist, wheel, again


def shipped(names: Iterable[str], folder: str) -> set[str]:
    """The files among `names` that a package in `folder` has: where the link is, what it leads to."""
    linked = {f"{LINK}/{name.partition('/')[2]}" for name in names if name.startswith("workflow_configs/")}
    return {name for name in names if name.startswith(folder) and name != LINK} | linked


def check_sdist(sdist: Path, names: Iterable[str]) -> None:
    """All that is tracked is in it, and nothing else."""
    with tarfile.open(sdist) as archive:
        found = {member.name.partition("/")[2] for member in archive if member.isfile()}
    wanted = shipped(names, "")
    strange = {name for name in found - wanted if not MADE.fullmatch(name)}
    if wanted - found or strange:
        raise DistError(f"{sdist.name} lacks {sorted(wanted - found)} and has {sorted(strange)}: see MANIFEST.in")
    print(f"{sdist.name}: all {len(wanted)} files", flush=True)


def check_wheels(wheel: Path, again: Path, names: Iterable[str]) -> None:
    """For any Python of the platform; with all that the package reads; the sdist's is the same to the byte."""
    if not re.search(r"-py3-none-(linux_\w+|macosx_\w+|any)\.whl$", wheel.name):
        raise DistError(f"{wheel.name} is not for every Python")
    ours, theirs, wanted = contents(wheel), contents(again), shipped(names, "qlib_mfgru/")
    missing = wanted - ours.keys()
    if missing or wheel.name != again.name or ours.keys() != theirs.keys():
        raise DistError(f"{wheel.name} lacks {sorted(missing)}; the sdist's has {sorted(ours.keys() ^ theirs.keys())}")
    differ = sorted(name for name in wanted if ours[name] != theirs[name])
    if differ:
        raise DistError(f"the wheel of the sdist has other contents: {differ}")
    kernels = sorted(Path(name).name for name in ours if name.endswith((".so", ".pyd")))
    print(f"{wheel.name}: {len(ours)} files, kernels {', '.join(kernels) or 'NONE: no compiler'}", flush=True)


def contents(wheel: Path) -> dict[str, bytes]:
    """A wheel's files by name."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def interpreters(version: str) -> Iterator[Path]:
    """Pythons of a version that run: this one, pyenv's, uv's, the PATH's."""
    found: list[Path | str | None] = [sys.executable]
    if shutil.which("pyenv"):
        root = subprocess.run(["pyenv", "root"], capture_output=True, text=True, check=False).stdout.strip()
        found += sorted(Path(root, "versions").glob(f"{version}.*/bin/python"), reverse=True)
    if shutil.which("uv"):
        command = ["uv", "python", "find", "--no-python-downloads", version]
        found.append(subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip())
    found.append(shutil.which(f"python{version}"))
    says = "import sys, ensurepip; print('%d.%d' % sys.version_info[:2])"
    for python in filter(None, found):  # shims of pyenv answer for versions that they do not have
        answer = subprocess.run([str(python), "-c", says], capture_output=True, text=True, check=False)
        if answer.stdout.strip() == version:
            yield Path(python)


def torch_pin(python: Path, any_torch: bool) -> str:
    """The tested torch, for the processor: the other builds bring gigabytes of CUDA.

    Raises
    ------
    DistError
        There is none for this Python, and no other is wanted.
    """
    (pin,) = re.findall(r"^torch==[\w.]+", CONSTRAINTS.read_text(), re.MULTILINE)
    command = [python, "-m", "pip", "install", "--quiet", "--dry-run", "--no-deps", "--only-binary", ":all:"]
    if not subprocess.run([*command, f"{pin}+cpu"], capture_output=True, check=False).returncode:
        return f"{pin}+cpu"
    if any_torch:
        return pin
    raise DistError(f"pip finds no build of {pin} for the processor: PIP_FIND_LINKS may name one, or give --any-torch")


def install(work: Path, base: Path, wheel: Path, options: argparse.Namespace) -> Path:
    """A fresh environment with the wheel; its folder of programs.

    With the versions of constraints.txt under the Python that runs this; else with the newest that pip finds.
    """
    run(base, "-m", "venv", "--clear", work / "environment", cwd=work)
    programs = work / "environment/bin"
    pin = torch_pin(programs / "python", options.any_torch)
    tested = [] if options.newest or base != Path(sys.executable) else ["-c", CONSTRAINTS]
    pip = [programs / "python", "-m", "pip", "install", "--quiet", "--no-compile"]  # most of it is never imported
    run(*pip, *tested, pin, wheel, cwd=work)
    return programs


def as_a_new_user(programs: Path, away: Path) -> None:
    """The smoke tests, and the demo as docs tell it, in a home with nothing in it."""
    shutil.rmtree(away, ignore_errors=True)
    away.mkdir()
    home = {"HOME": str(away), "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false", "TQDM_DISABLE": "1"}
    run(programs / "python", "-m", "qlib_mfgru.smoke", cwd=away, **home)
    run(programs / "mfgru", "demo", cwd=away, **home)
    run(programs / "mfgru", "configs", "--copy", "configs", cwd=away, **home)
    run(programs / "qrun", "configs/demo/incremental.yaml", cwd=away, **home)
    (scores,) = away.glob("mlruns/*/*/artifacts/pred.pkl")
    recorder = scores.parents[1].name
    run(programs / "qrun", "configs/demo/enhance_csi1000.yaml", cwd=away, **home, MFGRU_RECORDER=recorder)
    if not [*away.glob("mlruns/*/*/artifacts/index_enhancement/performance.csv")]:
        raise DistError("the enhancement left no table")


def attempt(version: str, wheels: list[Path], work: Path, options: argparse.Namespace) -> str:
    """Try the wheel under one version of Python, and on the first of them also the sdist's; what came of it."""
    base = next(interpreters(version), None)
    if base is None:
        return "skipped: neither uv, pyenv nor the PATH has it"
    try:
        programs = install(work, base, wheels[0], options)
    except DistError as error:
        return f"skipped: {error}" if "pip finds no build" in str(error) else f"FAILED: {error}"
    start = time.perf_counter()
    try:
        as_a_new_user(programs, work / "away")
        for wheel in wheels[1:]:
            run(
                programs / "python",
                "-m",
                "pip",
                "install",
                "--quiet",
                "--no-deps",
                "--force-reinstall",
                wheel,
                cwd=work,
            )
            run(programs / "python", "-m", "qlib_mfgru.smoke", cwd=work / "away", HOME=str(work / "away"))
    except DistError as error:
        return f"FAILED: {error}"
    return f"works ({time.perf_counter() - start:.0f} s)"


def main() -> int:
    """Build, and try under every Python; 1 if something is wrong or nothing could be tried."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pythons", nargs="*", default=PYTHONS, help="versions of Python; by default all of ours")
    parser.add_argument("--newest", action="store_true", help="the newest of all libraries, under every Python")
    parser.add_argument("--any-torch", action="store_true", help="a build of torch for CUDA where there is no other")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mfgru_dist_") as folder:
        work = Path(folder)
        sdist, wheel, again = build(work)
        (ROOT / "dist").mkdir(exist_ok=True)
        shutil.copy(sdist, ROOT / "dist")
        shutil.copy(wheel, ROOT / "dist")
        here = f"{sys.version_info.major}.{sys.version_info.minor}"  # first, with the wheel of the sdist as well
        order = sorted(options.pythons, key=lambda version: version != here)
        outcomes = {
            version: attempt(version, [wheel, again] if version == order[0] else [wheel], work, options)
            for version in order
        }
    for version, outcome in outcomes.items():
        print(f"Python {version}: {outcome}")
    return int(any("FAILED" in outcome for outcome in outcomes.values()) or "works" not in " ".join(outcomes.values()))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except DistError as error:
        sys.exit(f"dist: {error}")
