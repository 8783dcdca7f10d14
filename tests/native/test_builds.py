"""The kernels' builds: optional at installation, so a source that does not compile would otherwise go unnoticed."""

from __future__ import annotations

import platform
import shutil

import pytest

from qlib_mfgru import native


@pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="kernels are for x86-64")
@pytest.mark.skipif(shutil.which("c++") is None, reason="there is no C++ compiler")
@pytest.mark.parametrize("capability", ["AVX2", "AVX512"])
def test_both_builds_are_there_where_a_compiler_is(capability: str) -> None:
    assert native.build(capability) is not None, "they did not compile: pip install -v -e . shows why"


def test_other_processors_have_none() -> None:
    assert native.build("DEFAULT") is None
