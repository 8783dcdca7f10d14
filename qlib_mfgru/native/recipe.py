"""What the compiled kernels are made of and how: ``setup.py`` builds by it, the package checks its builds against it.

Plain Python without imports of ours, since ``setup.py`` and the Makefile run it before anything is installed.
"""

from __future__ import annotations

import hashlib
import platform
from pathlib import Path

SOURCES = ("gru.cpp", "windows.cpp", "peak.cpp")

FLAGS = (
    "-std=c++17",
    "-O3",
    "-ffp-contract=fast",  # not -ffast-math, which breaks exp; products and sums may be fused
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fno-signed-zeros",
    "-pthread",
)

_AVX512 = ("-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mavx2", "-mfma")

INSTRUCTION_SETS: dict[str, dict[str, tuple[str, ...]]] = {
    "x86_64": {
        "AVX512_BF16": (*_AVX512, "-mavx512bf16"),  # another arithmetic: only where it is asked for
        "AVX512": _AVX512,
        "AVX2": ("-mavx2", "-mfma"),
    },
    "arm64": {"NEON": ()},  # every arm64 processor has it
}
"""Processor -> instruction set -> what a compiler needs to be told for it. One build is made for each."""

_MACHINES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


def instruction_sets() -> dict[str, tuple[str, ...]]:
    """Those of this machine's kind of processor, widest first, with their flags; none where the kernels do not run."""
    return INSTRUCTION_SETS.get(_MACHINES.get(platform.machine().lower(), ""), {})


def module(instruction_set: str) -> str:
    """Name of a build, a shared library in this package."""
    return f"_{instruction_set.lower()}"


def abi(instruction_set: str) -> int:
    """Number of all that a build is made of: 64 bits of a hash of its instruction set, the C++ files and this one.

    Every build is told its number and gives it back (``mfgru_abi``). Nobody has to raise it: a build of other sources,
    or of other flags, has another one.
    """
    here = Path(__file__).parent
    files = sorted([*here.glob("*.h"), *here.glob("*.cpp"), Path(__file__)])
    hashed = hashlib.sha256(
        instruction_set.encode() + b"".join(b"%s\0%s\0" % (file.name.encode(), file.read_bytes()) for file in files)
    )
    return int.from_bytes(hashed.digest()[:8], "big")
