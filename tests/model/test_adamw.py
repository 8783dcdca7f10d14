"""`AdamW` against ``torch.optim.AdamW``, and what making one loads."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import nn

from qlib_mfgru.model.training.adamw import AdamW


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 30), nn.Tanh(), nn.BatchNorm1d(30), nn.Linear(30, 1))


@pytest.mark.parametrize("decay", [0.0, 0.1, 10.0])
@pytest.mark.parametrize("lr", [0.0, 1e-3, 0.1])
def test_every_step_is_torchs_to_the_bit(decay: float, lr: float) -> None:
    """With a layer that is reached in every third step only and keeps its own count of steps, and a frozen bias."""
    ours, theirs = (network() for _ in range(2))
    extra, their_extra = nn.Linear(6, 2), nn.Linear(6, 2)
    their_extra.load_state_dict(extra.state_dict())
    frozen = extra.bias.requires_grad_(False).clone()
    their_extra.bias.requires_grad_(False)
    groups = [{"params": [*theirs.parameters()]}, {"params": [*their_extra.parameters()], "weight_decay": 0.0}]
    sides = (
        (AdamW((ours.parameters(), decay), (extra.parameters(), 0.0), lr=lr), ours, extra),
        (torch.optim.AdamW(groups, lr=lr, weight_decay=decay), theirs, their_extra),
    )
    generator = torch.Generator().manual_seed(1)
    for step in range(40):
        x = torch.randn(50, 6, generator=generator)
        for optimizer, net, layer in sides:
            optimizer.zero_grad()
            (net(x).square().mean() + (layer(x).sum() if step % 3 == 0 else 0)).backward()
            optimizer.step()
        pairs = zip([*ours.parameters(), extra.weight], [*theirs.parameters(), their_extra.weight], strict=True)
        assert all(torch.equal(a, b) for a, b in pairs)
    assert torch.equal(extra.bias, frozen)


def test_without_any_gradient_nothing_moves() -> None:
    net = network()
    before = [parameter.clone() for parameter in net.parameters()]
    AdamW((net.parameters(), 0.5), lr=0.1).step()
    assert all(torch.equal(a, b) for a, b in zip(before, net.parameters(), strict=True))


def test_making_one_does_not_load_torchs_compiler() -> None:
    code = """
import sys, torch
from qlib_mfgru.model.training.adamw import AdamW
layer = torch.nn.Linear(2, 1)
optimizer = AdamW((layer.parameters(), 0.1), lr=0.1)
layer(torch.ones(3, 2)).sum().backward()
optimizer.step()
sys.exit("torch._dynamo" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
