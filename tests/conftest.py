"""What tests of several packages share."""

from __future__ import annotations

import pytest
import torch

from qlib_mfgru import native


def builds() -> list[str]:
    """The compiled kernels' builds that this processor can run, in torch's words."""
    best = torch.backends.cpu.get_cpu_capability()
    return [name for name in ("AVX2", "AVX512") if name <= best and native.build(name) is not None]


@pytest.fixture(params=["DEFAULT", "AVX2", "AVX512"])
def processor(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A processor without our kernels (``DEFAULT``), and with each of their builds in turn."""
    if request.param not in ("DEFAULT", *builds()):
        pytest.skip(f"no {request.param} build: no C++ compiler at install, or an older processor")
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: request.param)
    return request.param
