"""Compile and run the kernels' driver (driver/main.cpp) where the package itself cannot go.

``python tests/native/drive.py sanitize`` (make sanitize): under ASan + UBSan and under TSan, by gcc and by clang.
``python tests/native/drive.py arm64`` (make arm64): for arm64 by a cross compiler, run by qemu.
"""

from __future__ import annotations

import runpy
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NATIVE = ROOT / "qlib_mfgru/native"
DRIVER = Path(__file__).with_name("driver") / "main.cpp"
RECIPE = runpy.run_path(str(NATIVE / "recipe.py"))
COMPILERS = {"g++": "g++", "clang++": "clang libclang-rt-dev"}
"""Compiler -> Debian's packages with it and its sanitizers."""
SANITIZERS = {
    "ASan + UBSan": ("-fsanitize=address,undefined", "-fno-sanitize-recover=all"),
    "TSan": ("-fsanitize=thread",),
}
WARNINGS = ("-Wall", "-Wno-uninitialized", "-Wno-maybe-uninitialized", "-Wno-unknown-warning-option")
"""All but those of gcc 12's own AVX-512 header."""
CROSS, EMULATOR = "aarch64-linux-gnu-g++", "qemu-aarch64"


class DriveError(RuntimeError):
    """The driver did not compile, or a check of it or of a sanitizer failed."""


def build(target: Path, compiler: str, flags: Sequence[str]) -> Path:
    """Compile driver and kernels, optimised as the package's build unless `flags` say otherwise."""
    sources = [str(DRIVER), *(str(NATIVE / name) for name in RECIPE["SOURCES"])]
    command = [compiler, *RECIPE["FLAGS"], *WARNINGS, "-DMFGRU_ABI=0", *flags, *sources, "-o", str(target)]
    if subprocess.run(command, check=False).returncode:
        raise DriveError(" ".join(command))
    return target


def run(*command: str) -> str:
    """What the driver says at its end."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DriveError(f"{' '.join(command)} exits with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def runnable() -> dict[str, Sequence[str]]:
    """The instruction sets that this very processor has, with their flags."""
    about = Path("/proc/cpuinfo")
    known = about.read_text().replace("_", "").split() if about.exists() else []  # avx512_bf16 is -mavx512bf16
    sets = RECIPE["instruction_sets"]()
    return {name: flags for name, flags in sets.items() if all(flag.removeprefix("-m") in known for flag in flags)}


def sanitize(folder: Path) -> None:
    """Every compiler that is installed, every sanitizer, every instruction set that runs here."""
    for compiler in COMPILERS:
        if shutil.which(compiler) is None:
            print(f"{compiler}: not installed, skipped (apt-get install {COMPILERS[compiler]})")
    found = [compiler for compiler in COMPILERS if shutil.which(compiler)]
    if not found or not runnable():
        raise DriveError("no compiler, or a processor that the kernels are not written for: nothing was checked")
    for compiler in found:
        for sanitizer, options in SANITIZERS.items():
            for name, flags in runnable().items():
                target = build(folder / "driver", compiler, ["-O1", "-g", "-fno-omit-frame-pointer", *options, *flags])
                print(f"{compiler}, {sanitizer}, {name}: {run(str(target))}", flush=True)


def arm64(folder: Path) -> None:
    """Every build for arm64, as the package is built there."""
    missing = [tool for tool in (CROSS, EMULATOR) if shutil.which(tool) is None]
    if missing:
        raise DriveError(f"{' and '.join(missing)} missing: apt-get install g++-aarch64-linux-gnu qemu-user")
    for name, flags in RECIPE["INSTRUCTION_SETS"]["arm64"].items():
        target = build(folder / "driver", CROSS, ["-static", *flags])
        print(f"arm64, {name}: {run(EMULATOR, str(target))}", flush=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        try:
            {"sanitize": sanitize, "arm64": arm64}[sys.argv[1]](Path(scratch))
        except DriveError as error:
            sys.exit(f"FAILED: {error}")
