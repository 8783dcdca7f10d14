"""Outputs and gradients of the four networks against float64 numpy loops."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping

import numpy as np
import pytest
import torch
from gru_reference import (
    Array,
    State,
    finite_difference,
    incremental_score,
    negative_ic,
    parameters,
    random_features,
    randomise,
    score,
    to_tensors,
)

from qlib_mfgru.nn import ICLoss, IncrementalNet, InputShape, ScoreNet, ScoringNet
from qlib_mfgru.nn.attention import AttentionForm

Reference = Callable[[State, Mapping[str, Array], bool], Array]
"""state, features, training -> scores"""

DAY, MIN, BOTH = ["day"], ["15min"], ["day", "15min"]


def single(freqs: list[str], hidden: int = 30, attention: AttentionForm | None = None) -> ScoreNet:
    return ScoreNet({freq: InputShape(1, 6) for freq in freqs}, hidden, attention)  # a GRU takes any number of steps


def summed(freqs: list[str], hidden: int = 30) -> IncrementalNet:
    return IncrementalNet([single([freq], hidden) for freq in freqs])


def plain(attention: str | None, freqs: list[str]) -> Reference:
    return lambda state, features, training: score(state, features, freqs, attention, training)


NETWORKS: dict[str, tuple[Callable[[int], ScoringNet], Reference]] = {
    "gru": (lambda hidden: single(MIN, hidden), plain(None, MIN)),
    "attention-alstm": (lambda hidden: single(MIN, hidden, "alstm"), plain("alstm", MIN)),
    "attention-literal": (lambda hidden: single(MIN, hidden, "literal"), plain("literal", MIN)),
    "mixed": (lambda hidden: single(BOTH, hidden), plain(None, BOTH)),
    "incremental": (
        lambda hidden: summed(BOTH, hidden),
        lambda state, features, training: incremental_score(state, features, BOTH, training),
    ),
    "incremental-3": (
        lambda hidden: summed([*BOTH, "30min"], hidden),
        lambda state, features, training: incremental_score(state, features, [*BOTH, "30min"], training),
    ),
}
EVERY = pytest.mark.parametrize("name", NETWORKS)


def made(name: str, hidden: int, dtype: torch.dtype = torch.float64) -> tuple[ScoringNet, Reference]:
    build, reference = NETWORKS[name]
    net = build(hidden)
    randomise(net)
    return net.to(dtype), reference


@EVERY
@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize(("n", "steps", "hidden"), [(2, 1, 1), (3, 7, 17), (7, 5, 3), (5, 1, 30)])
def test_scores_are_the_formula(name: str, training: bool, n: int, steps: int, hidden: int) -> None:
    net, reference = made(name, hidden)
    features = random_features(n, {"day": steps, "15min": 2 * steps, "30min": steps + 1})
    expected = reference(parameters(net), features, training)
    got = net.train(training)(to_tensors(features, torch.float64)).detach().numpy()
    assert got.shape == (n,)
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-10 if not training or n > 2 else 1e-7)


@EVERY
@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
def test_float32_scores_at_the_reports_size(name: str, training: bool) -> None:
    net, reference = made(name, 30, torch.float32)
    features = random_features(12, {"day": 40, "15min": 320, "30min": 160})
    expected = reference(parameters(net), features, training)
    got = net.train(training)(to_tensors(features, torch.float32)).detach().numpy()
    np.testing.assert_allclose(got, expected, rtol=0, atol=5e-5)


@EVERY
@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=["float64", "float32"])
def test_gradients_of_parameters_and_inputs(name: str, training: bool, dtype: torch.dtype) -> None:
    """d(-IC) by every parameter and every input value, against finite differences of the numpy formula."""
    net, reference = made(name, 3, dtype)
    features = random_features(6, {"day": 2, "15min": 3, "30min": 2})
    label = np.random.default_rng(1).standard_normal(6)
    state = parameters(net)
    tensors = {freq: tensor.requires_grad_() for freq, tensor in to_tensors(features, dtype).items()}
    ICLoss()(net.train(training)(tensors), torch.from_numpy(label).to(dtype)).backward()

    def loss() -> float:
        return negative_ic(reference(state, features, training), label)

    got = {key: parameter.grad for key, parameter in net.named_parameters()}
    arrays = {key: state[key] for key in got}
    got |= {freq: tensors[freq].grad for freq in net.freqs}
    arrays |= {freq: features[freq] for freq in net.freqs}
    tolerance = 1e-7 if dtype == torch.float64 else 2e-5
    for key, array in arrays.items():
        gradient = got[key]
        assert gradient is not None, f"{key} has no gradient"
        np.testing.assert_allclose(
            gradient.numpy(), finite_difference(loss, array), rtol=tolerance, atol=tolerance, err_msg=key
        )


@EVERY
def test_batch_norm_keeps_running_statistics_of_the_code(name: str) -> None:
    """After a training pass: 0.9 old + 0.1 batch, with the unbiased variance; after an evaluation pass: untouched."""
    net, _ = made(name, 4)
    features = to_tensors(random_features(9, {"day": 4, "15min": 6, "30min": 3}), torch.float64)
    before = parameters(net)
    net.eval()(features)
    for key, array in parameters(net).items():
        np.testing.assert_array_equal(array, before[key], err_msg=key)
    codes: dict[str, Array] = {}
    for key, module in net.named_modules():
        if isinstance(module, torch.nn.BatchNorm1d):
            module.register_forward_hook(lambda _, inputs, __, key=key: codes.update({key: inputs[0].detach().numpy()}))
    net.train()(features)
    after = parameters(net)
    assert len(codes) == len(net.freqs)
    for key, code in codes.items():
        for statistic, batch in (("running_mean", code.mean(axis=0)), ("running_var", code.var(axis=0, ddof=1))):
            expected = 0.9 * before[f"{key}.{statistic}"] + 0.1 * batch
            np.testing.assert_allclose(after[f"{key}.{statistic}"], expected, atol=1e-12)


@EVERY
def test_permuting_the_stocks_permutes_the_scores(name: str) -> None:
    net, _ = made(name, 5, torch.float32)
    features = to_tensors(random_features(11, {"day": 3, "15min": 8, "30min": 4}), torch.float32)
    order = torch.from_numpy(np.random.default_rng(2).permutation(11))
    scores = net.eval()(features)
    shuffled = net({freq: window[order] for freq, window in features.items()})
    assert scores.std() > 1e-3
    torch.testing.assert_close(shuffled, scores[order], rtol=0, atol=1e-6)


@EVERY
def test_a_network_reads_its_own_frequencies_only(name: str) -> None:
    net, _ = made(name, 2, torch.float32)
    features = to_tensors(random_features(4, {"day": 3, "15min": 8, "30min": 4}), torch.float32)
    scores = net.eval()({freq: features[freq] for freq in net.freqs})
    for freq in net.freqs:
        moved = net(features | {freq: features[freq] + 1.0})
        assert (moved - scores).abs().max() > 1e-4, f"{freq} has no effect"


@EVERY
def test_a_pickled_network_scores_the_same(name: str) -> None:
    net, _ = made(name, 5, torch.float32)
    features = to_tensors(random_features(6, {"day": 3, "15min": 8, "30min": 4}), torch.float32)
    again = pickle.loads(pickle.dumps(net.eval()))
    assert type(again) is type(net)
    assert torch.equal(again(features), net(features))


def test_the_incremental_score_is_the_sum_of_its_branches() -> None:
    net = randomise(summed(BOTH, 4)).eval()
    assert isinstance(net, IncrementalNet)
    features = to_tensors(random_features(5, {"day": 3, "15min": 6}), torch.float32)
    day, minute = net.branch_list()
    assert (day.freqs, minute.freqs) == (("day",), ("15min",))
    torch.testing.assert_close(net(features), day(features) + minute(features), rtol=0, atol=1e-6)


def test_sizes_of_the_reports_networks() -> None:
    """Parameters by hand: GRU 3*30*(6+30+2), BatchNorm 2*width, ALSTM attention 30*15+15+15, head width+1."""
    gru = 3 * 30 * (6 + 30 + 2)

    def size(net: ScoringNet) -> int:
        return sum(parameter.numel() for parameter in net.parameters())

    assert size(single(MIN)) == gru + 60 + 31
    assert size(single(MIN, attention="alstm")) == gru + (30 * 15 + 15 + 15) + 120 + 61
    assert size(single(MIN, attention="literal")) == gru + 31 + 120 + 61
    assert size(single(BOTH)) == 2 * gru + 120 + 61
    assert size(summed(BOTH)) == 2 * (gru + 60 + 31)


def test_an_unknown_attention_form_is_refused() -> None:
    with pytest.raises(ValueError, match="'alstm' or 'literal', not 'dot'"):
        single(MIN, attention="dot")  # type: ignore[arg-type]


def test_a_network_that_was_saved_before_it_had_a_dropout_scores_the_same() -> None:
    net = single(DAY).eval()
    features = to_tensors(random_features(5, {"day": 3}), torch.float32)
    expected = net(features)
    del net._modules["dropout"]
    torch.testing.assert_close(pickle.loads(pickle.dumps(net))(features), expected, rtol=0, atol=0)


def test_dropout_leaves_out_numbers_of_the_code_and_scales_the_others() -> None:
    """Behind the BatchNorm, while it is trained: of the same code each draw of the mask gives the head's formula."""
    shapes = {"day": InputShape(3, 6)}
    net, plain = ScoreNet(shapes, 8, dropout=0.25).double(), ScoreNet(shapes, 8).double()
    plain.load_state_dict(net.state_dict())
    assert (net.stochastic, plain.stochastic) == (True, False)
    features = to_tensors(random_features(400, {"day": 3}), torch.float64)
    torch.testing.assert_close(net.eval()(features), plain.eval()(features), rtol=0, atol=0)
    codes = net.train().encoders[0](features["day"])
    torch.manual_seed(3)
    kept = torch.empty_like(codes).bernoulli_(0.75)
    assert 0.7 < float(kept.mean()) < 0.8
    torch.manual_seed(3)
    expected = (codes * kept / 0.75) @ net.head.weight[0] + net.head.bias
    torch.testing.assert_close(net(features), expected)
