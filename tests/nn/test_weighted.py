"""A weighted network: its score times the weight, exactly itself at 1, and the weight is kept."""

from __future__ import annotations

import torch

from qlib_mfgru.nn import InputShape, ScoreNet
from qlib_mfgru.nn.weighted import WeightedNet

FEATURES = {"day": torch.randn(7, 3, 6, generator=torch.Generator().manual_seed(0))}


def nets() -> tuple[ScoreNet, WeightedNet]:
    torch.manual_seed(0)
    net = ScoreNet({"day": InputShape(3, 6)}, hidden_size=4)
    return net, WeightedNet(net)


def test_at_first_it_is_the_network_to_the_bit() -> None:
    net, weighted = nets()
    assert weighted.freqs == ("day",)
    assert weighted.stochastic is net.stochastic is False
    assert torch.equal(weighted(FEATURES), net(FEATURES))


def test_it_is_as_random_as_what_it_weighs() -> None:
    assert WeightedNet(ScoreNet({"day": InputShape(3, 6)}, hidden_size=4, dropout=0.5)).stochastic


def test_the_score_counts_for_its_weight() -> None:
    net, weighted = nets()
    weighted.weight.fill_(0.5)
    assert torch.equal(weighted(FEATURES), net(FEATURES) / 2)
    weighted.weight.fill_(0.0)
    assert not weighted(FEATURES).any()


def test_no_gradient_changes_the_weight_and_the_state_dict_has_it() -> None:
    _, weighted = nets()
    weighted.weight.fill_(0.3)
    assert all(parameter is not weighted.weight for parameter in weighted.parameters())
    _, fresh = nets()
    fresh.load_state_dict(weighted.state_dict())
    assert torch.equal(fresh.weight, torch.tensor(0.3))
