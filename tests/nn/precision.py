"""Errors against float64, and windows as batches bring them: what the kernels' tests share."""

from __future__ import annotations

import torch

RESOLUTION = 4.8e-7
"""Four units in the last place of float32: in so few numbers a smaller error is luck."""

Results = dict[str, torch.Tensor]


def make_window(n: int, steps: int, n_fields: int = 6) -> torch.Tensor:
    """(steps, fields, n) memory seen as (n, steps, fields), as batches come."""
    return torch.randn(steps, n_fields, n, generator=torch.Generator().manual_seed(n)).permute(2, 0, 1)


def error(got: torch.Tensor, exact: torch.Tensor) -> float:
    """Relative, of the whole tensor."""
    return float((got.double() - exact).norm() / exact.norm().clamp_min(1e-300))
