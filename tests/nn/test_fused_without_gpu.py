"""What can be said of the fused CUDA kernels without a GPU: nobody pays for triton, nobody gets them unasked as long as
they have not run on one, and an H100 could hold them."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch

from qlib_mfgru.nn import GRULayer

IMPORT = """
import sys
import torch  # of a build for GPUs, it looks for triton itself

class NoTriton:
    wanted = []

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "triton":
            self.wanted.append(name)
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, NoTriton())
import qlib_mfgru.model, qlib_mfgru.nn
from qlib_mfgru.nn.kernels import fused
assert fused.supports(30, 6)
print(NoTriton.wanted)
"""
COMPILE = """
import json
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from qlib_mfgru.nn.kernels import fused, fused_triton

def compiled(kernel, hidden, **flags):
    layout = fused._layout(hidden)
    fixed = dict(n_fields=6, hidden=hidden, ROWS=fused._ROWS, FIELDS=fused._FIELDS, HIDDEN=layout.hidden, **flags)
    types = {name: "i32" if name in ("n", "n_steps") else "*fp32" for name in kernel.arg_names}
    source = ASTSource(kernel, types | dict.fromkeys(fixed, "constexpr"), fixed)
    made = triton.compile(source, target=GPUTarget("cuda", 90, 32), options=fused._options(layout))
    products = made.asm["ptx"].count("mma.sync")
    return {"shared": made.metadata.shared, "limit": layout.shared, "products": products}

print(json.dumps([
    compiled(fused_triton.forward, 30, KEEP=True),
    compiled(fused_triton.backward, 30, EVERY=False, INPUT=False, RELOAD=False),
    compiled(fused_triton.backward, 64, EVERY=True, INPUT=True, RELOAD=True),
]))
"""


def python(script: str) -> str:
    """What a script prints in a fresh interpreter that would compile rather than interpret."""
    environment = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    command = [sys.executable, "-W", "ignore", "-c", script]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(torch.cuda.is_available(), reason="torch itself imports triton where it sees a GPU")
def test_the_package_neither_imports_nor_needs_triton() -> None:
    assert python(IMPORT).strip() == "[]"


@pytest.mark.parametrize(
    ("hidden", "dtype", "available", "chosen"),
    [
        (30, torch.float32, True, "fused"),
        (30, torch.float32, False, "torch"),
        (30, torch.float64, True, "torch"),
        (65, torch.float32, True, "torch"),
    ],
)
def test_auto_takes_them_on_a_gpu_that_runs_them(
    hidden: int, dtype: torch.dtype, available: bool, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = GRULayer(6, hidden)
    monkeypatch.setattr(GRULayer, "weight_hh_l0", SimpleNamespace(is_cuda=True, dtype=dtype), raising=False)
    monkeypatch.setattr("qlib_mfgru.nn.kernels.fused.available", lambda: available)
    assert layer.chosen() == chosen
    layer.implementation = "torch"
    assert layer.chosen() == "torch"


@pytest.mark.skipif(importlib.util.find_spec("triton") is None, reason="needs triton")
def test_an_h100_can_hold_the_compiled_kernels() -> None:
    """Compiled for sm_90: shared memory suffices, and no warp repeats another's products.

    A product is 16 x 8 x 8 and made three times, a warp's share is 8 columns: forward 3 gates, 2 + 4 deep; backward the
    same, 3 back to the state, 4 deep, and of the weights' gradients 3 times 2 and 3 times 1 tiles, 2 deep. At hidden 64
    the gradients of U are made by another instruction, and the input's, of 2 columns only, by all warps at once.
    """
    forward, backward, wide = json.loads(python(COMPILE))
    assert all(kernel["shared"] <= kernel["limit"] for kernel in (forward, backward, wide))
    assert forward["products"] == 3 * 3 * (2 + 4) == 54
    assert backward["products"] == 3 * 3 * (2 + 4 + 4 + 2 * 2 + 1 * 2) == 144
    assert wide["products"] == 3 * 3 * (2 + 8 + 8 + 1 * 2 + 8) == 252
