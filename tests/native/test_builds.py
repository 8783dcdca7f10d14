"""The kernels' builds: optional at installation, so a source that does not compile would otherwise go unnoticed; and
none of other sources is taken, since its results would be another version's under this one's name."""

from __future__ import annotations

import _ctypes
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from qlib_mfgru import native
from qlib_mfgru.errors import InputError
from qlib_mfgru.native import recipe

SETS = list(recipe.instruction_sets())
X86 = ["AVX512_BF16", "AVX512", "AVX2"]
STALE = r"was built for another version or machine: reinstall \(pip install -e \.\)"
HERE = Path(native.__file__).parent


@pytest.mark.skipif(not SETS, reason="the kernels are not written for this processor")
@pytest.mark.skipif(shutil.which("c++") is None, reason="there is no C++ compiler")
@pytest.mark.parametrize("instruction_set", SETS)
def test_every_build_is_there_where_a_compiler_is(instruction_set: str) -> None:
    assert native.build(instruction_set) is not None, "they did not compile: pip install -v -e . shows why"


def test_other_processors_have_none() -> None:
    assert native.build("DEFAULT") is None


@pytest.mark.parametrize(
    ("machine", "sets"),
    [(name, X86) for name in ("x86_64", "AMD64")] + [(name, ["NEON"]) for name in ("aarch64", "arm64")],
)
def test_what_is_built_for_a_machine(machine: str, sets: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: machine)
    assert list(recipe.instruction_sets()) == sets
    monkeypatch.setattr("torch.backends.cpu.get_cpu_capability", lambda: "AVX2")
    assert native.capability() == ("NEON" if "NEON" in sets else "AVX2")
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    assert recipe.instruction_sets() == {}


@pytest.fixture
def built() -> str:
    """An instruction set with a build."""
    found = [name for name in SETS if native.build(name) is not None]
    if not found:
        pytest.skip("no build: no C++ compiler at install")
    return found[0]


@pytest.fixture
def build_anew() -> Callable[[str], object]:
    """`native.build` without what it remembers."""
    return native.build.__wrapped__


def test_a_build_of_other_sources_is_refused(
    built: str, build_anew: Callable[[str], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = native.build(built)
    assert loaded is not None
    assert loaded.mfgru_abi() == recipe.abi(built)
    monkeypatch.setattr(recipe, "abi", lambda _: loaded.mfgru_abi() ^ 1)
    with pytest.raises(InputError, match=STALE) as caught:
        build_anew(built)
    assert recipe.module(built) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_builds_without_a_number_and_other_files_are_refused(
    built: str, build_anew: Callable[[str], object], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A library as they were before the number; a file that no loader takes, as one for another system is."""
    other = tmp_path / "other.so"
    other.write_bytes(b"MZ")
    for path in (_ctypes.__file__, str(other)):
        spec = ModuleSpec("any", None, origin=path)
        monkeypatch.setattr(native, "find_spec", lambda name, spec=spec: spec)
        with pytest.raises(InputError, match=STALE) as caught:
            build_anew(built)
        assert str(caught.value).startswith(path)


@pytest.mark.parametrize("share", [0.001, 0.01, 0.5, 0.9, 0.9999])
def test_a_library_cut_short_is_refused(
    share: float, built: str, build_anew: Callable[[str], object], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """To load one would end the process by SIGBUS."""
    whole = Path(native.build(built)._name).read_bytes()
    (cut := tmp_path / "cut.so").write_bytes(whole[: int(share * len(whole))])
    monkeypatch.setattr(native, "find_spec", lambda name: ModuleSpec("any", None, origin=str(cut)))
    with pytest.raises(InputError, match=STALE):
        build_anew(built)


def test_another_instruction_sets_build_is_refused(
    built: str, build_anew: Callable[[str], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [name for name in recipe.instruction_sets() if name != built and native.build(name) is not None]
    for other in others:
        path = native.build(other)._name
        monkeypatch.setattr(native, "find_spec", lambda name, path=path: ModuleSpec("any", None, origin=path))
        with pytest.raises(InputError, match=STALE):
            build_anew(built)


def test_the_number_is_of_every_source_and_of_the_flags(tmp_path: Path) -> None:
    def number(folder: Path) -> int:
        return runpy.run_path(str(folder / "recipe.py"))["abi"]("AVX2")

    folder = Path(shutil.copytree(HERE, tmp_path / "native", ignore=shutil.ignore_patterns("*.so", "__pycache__")))
    seen = {recipe.abi("AVX2")}
    assert number(folder) in seen
    sources = [*folder.glob("*.h"), *folder.glob("*.cpp"), folder / "recipe.py"]
    assert {"gru.cpp", "windows.cpp", "tile.h", "mfgru.h"} < {path.name for path in sources}
    for path in sources:
        path.write_bytes(path.read_bytes() + b"\n")
        seen.add(number(folder))
    assert len(seen) == 1 + len(sources)


def test_a_wheel_has_all_that_the_number_is_made_of(tmp_path: Path) -> None:
    root = HERE.parents[1]
    command = [sys.executable, "setup.py", "-q", "build_py", "--build-lib", str(tmp_path)]
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    installed = tmp_path / "qlib_mfgru/native"
    assert runpy.run_path(str(installed / "recipe.py"))["abi"]("AVX2") == recipe.abi("AVX2")
