"""``NetworkModel``: any network, from a config, as good a qlib Model as the report's."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from own_networks import TCN, Pinned
from scipy.stats import spearmanr
from tiny_world import DAYS, FAST

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.errors import InputError
from qlib_mfgru.model import GRUModel, IncrementalGRUModel, MeanModel, NetworkModel, TrainingError
from qlib_mfgru.model.training.cores import kernels_do_the_work
from qlib_mfgru.nn import InputShape, ScoringNet

MakeDataset = Callable[..., MultiFreqDataset]
QUICK = {name: value for name, value in FAST.items() if name != "hidden_size"}
PAST = "$close / Ref($close, 4) - 1 + 0 * Ref($close, -2)"
"""A label that the daily window shows: what any network should learn in a moment."""


def own(name: str, **kwargs: Any) -> dict[str, Any]:
    return {"class": name, "module_path": "own_networks", "kwargs": kwargs}


@pytest.fixture(scope="module")
def visible(make_dataset: MakeDataset) -> MultiFreqDataset:
    return make_dataset(label=PAST)


@pytest.fixture(scope="module")
def tcn(visible: MultiFreqDataset) -> NetworkModel:
    settings = QUICK | {"lr": 0.02, "max_epochs": 30, "patience": 5}
    model = NetworkModel(own("TCN"), freqs=["day"], loss="rank_ic", metric="rank_ic", **settings)
    model.fit(visible)
    return model


def rank_ic(model: NetworkModel, dataset: MultiFreqDataset, segment: str) -> float:
    """Mean over dates of scipy's Spearman correlation with the label, on the segment's sample dates."""
    table = dataset.samples(segment, ["day"])
    scores = model.predict(dataset, (table.dates[0], table.dates[-1]))
    labels = pd.Series(table.labels, index=pd.MultiIndex.from_arrays([table.sample_dates, table.sample_codes]))
    return float(np.mean([spearmanr(scores.loc[day, list(part.loc[day].index)], part).statistic
                          for day, part in labels.groupby(level=0)]))  # fmt: skip


class TestTCN:
    def test_learns_what_its_window_shows(self, tcn: NetworkModel, visible: MultiFreqDataset) -> None:
        assert rank_ic(tcn, visible, "valid") > 0.7
        section = visible.handler.cross_section(DAYS[150])
        scores = tcn.predict(visible).loc[DAYS[150]]
        assert spearmanr(scores, section.raw_label).statistic > 0.7

    def test_early_stopping_follows_the_metric(self, tcn: NetworkModel, visible: MultiFreqDataset) -> None:
        """The kept weights are those of the epoch with the best validation RankIC."""
        assert set(tcn.history[0]) == {"stage", "epoch", "train_rank_ic", "valid_rank_ic", "seconds"}
        values = [row["valid_rank_ic"] for row in tcn.history]
        assert len(values) == 30 or int(np.argmax(values)) == len(values) - 6
        assert tcn.validation == {"rank_ic": max(values)}
        assert rank_ic(tcn, visible, "valid") == pytest.approx(max(values), abs=1e-9)

    def test_same_seed_same_bits(self, tcn: NetworkModel, visible: MultiFreqDataset) -> None:
        again = NetworkModel(**{**dict(tcn.settings), "network": own("TCN")})
        again.fit(visible)
        assert again.predict(visible).equals(tcn.predict(visible))

    def test_pickled_and_copied(self, tcn: NetworkModel, visible: MultiFreqDataset) -> None:
        expected = tcn.predict(visible)
        assert pickle.loads(pickle.dumps(tcn)).predict(visible).equals(expected)
        assert copy.deepcopy(tcn).predict(visible).equals(expected)

    def test_a_warm_start_begins_with_the_weights(self, tcn: NetworkModel, visible: MultiFreqDataset) -> None:
        later = NetworkModel(own("TCN"), freqs=["day"], **QUICK | {"lr": 0.0, "max_epochs": 1})
        later.warm_start(tcn)
        later.fit(visible)
        assert later.predict(visible).equals(tcn.predict(visible))


class TestThreads:
    @pytest.fixture(autouse=True)
    def three_threads(self) -> Iterator[None]:
        before = torch.get_num_threads()
        torch.set_num_threads(3)
        yield
        torch.set_num_threads(before)

    def test_any_network_but_the_reports_has_all_cores(
        self, dataset: MultiFreqDataset, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """In training, validation and prediction."""
        seen: set[tuple[bool, int]] = set()
        forward = TCN.forward

        def watched(net: TCN, features: Any) -> torch.Tensor:
            seen.add((net.training, torch.get_num_threads()))
            return forward(net, features)

        monkeypatch.setattr(TCN, "forward", watched)
        model = NetworkModel(own("TCN"), freqs=["day"], **QUICK | {"max_epochs": 1})
        model.fit(dataset)
        model.predict(dataset)
        assert seen == {(True, 3), (False, 3)}

    def test_what_a_network_is_made_of_decides(self, processor: str) -> None:
        """Encoders and a head, whoever put them together, leave the cores to the kernels; anything larger does not."""
        pinned = Pinned()
        assert kernels_do_the_work(pinned) == (processor != "DEFAULT")
        pinned.head = torch.nn.Linear(3, 2)
        assert not kernels_do_the_work(pinned)
        assert not kernels_do_the_work(TCN({"day": InputShape(5, 6)}))
        with_weight = Pinned()
        with_weight.scale = torch.nn.Parameter(torch.ones(3))
        assert not kernels_do_the_work(with_weight)


class TestWhatANetworkReads:
    def test_all_of_the_handlers_inputs_by_default(self, dataset: MultiFreqDataset) -> None:
        model = NetworkModel(own("TCN"), **QUICK | {"max_epochs": 1})
        model.fit(dataset)
        assert isinstance(model.net, TCN)
        assert model.net.freqs == ("day", "15min", "30min")
        assert model.stage_freqs(dataset) == [("day", "15min", "30min")]

    def test_what_it_says_itself(self, dataset: MultiFreqDataset) -> None:
        """As good as the report's model of the same making."""
        model = NetworkModel(own("Pinned", freq="30min"), **QUICK)
        model.fit(dataset)
        assert model.stage_freqs(dataset) == [("30min",)]
        twin = GRUModel("30min", **{**QUICK, "hidden_size": 3})
        twin.fit(dataset)
        assert model.predict(dataset).equals(twin.predict(dataset))

    def test_shapes_are_the_handlers(self, dataset: MultiFreqDataset) -> None:
        net = NetworkModel(own("Transformer"), freqs=["15min", "day"]).fresh(dataset)
        assert {freq: tuple(places.shape) for freq, places in net.places.items()} == {"day": (5, 8), "15min": (16, 8)}

    @pytest.mark.parametrize(
        ("network", "message"),
        [
            (own("Pinned", freq="5min"), "the handler has no input ['5min']; its inputs are ['day', '15min', '30min']"),
            (own("Blind"), "network: Blind reads no frequency: it must pass its inputs on to ScoringNet, or set its "
             "freqs"),
        ],
    )  # fmt: skip
    def test_refused_before_anything_trains(
        self, dataset: MultiFreqDataset, network: dict[str, Any], message: str
    ) -> None:
        with pytest.raises(InputError) as refused:
            NetworkModel(network, **QUICK).fit(dataset)
        assert str(refused.value) == message

    def test_a_column_of_scores_is_refused(self, dataset: MultiFreqDataset) -> None:
        """With a squared error it would broadcast to a matrix, and train on nonsense."""
        with pytest.raises(
            TrainingError,
            match=r"^Column gives scores of shape \(165, 1\), torch.float32, for 165 stocks: must be \(165,",
        ):
            NetworkModel(own("Column"), loss="mse", **QUICK).fit(dataset)


@pytest.mark.parametrize(("network", "loss"), [("Transformer", "ic"), ("TCN", own("NoisyLoss"))], ids=["net", "loss"])
def test_random_numbers_of_training_are_the_models_own(dataset: MultiFreqDataset, network: str, loss: Any) -> None:
    """Dropout, or a loss that draws, follows the model's seed and leaves the caller's numbers alone."""
    scores = []
    for seed, state in ((0, 1), (0, 2), (1, 1)):
        torch.manual_seed(state)
        before = torch.get_rng_state()
        model = NetworkModel(own(network), freqs=["day"], loss=loss, seed=seed, **QUICK | {"max_epochs": 2})
        model.fit(dataset)
        assert torch.equal(torch.get_rng_state(), before)
        scores.append(model.predict(dataset))
    assert scores[0].equals(scores[1])
    assert not scores[0].equals(scores[2])


def test_a_transformer_learns_what_its_window_shows(visible: MultiFreqDataset) -> None:
    settings = QUICK | {"lr": 0.01, "max_epochs": 25, "patience": 25}
    model = NetworkModel(own("Transformer", dropout=0.0), freqs=["day"], **settings)
    model.fit(visible)
    assert rank_ic(model, visible, "valid") > 0.5


def test_a_stage_of_an_incremental_model(visible: MultiFreqDataset) -> None:
    """The branch reads what its stage says, is trained on what the first stage leaves, and the sum is predicted."""
    stages = ["15min", {"freq": "day", "network": own("TCN")}]
    model = IncrementalGRUModel(stages, metric="rank_ic", **FAST | {"lr": 0.02, "max_epochs": 15, "patience": 15})
    model.fit(visible)
    assert model.stage_freqs(visible) == [("15min",), ("15min", "day")]
    assert [result.kept for result in model.trained] == [True, True]
    assert model.trained[1].best > 0.5 > model.trained[1].base
    assert model.net is not None
    gru, tcn = model.net.branch_list()
    assert (gru.freqs, tcn.freqs, type(tcn)) == (("15min",), ("day",), TCN)
    section = visible.handler.cross_section(DAYS[140], ("15min", "day"))
    features = {freq: torch.from_numpy(window) for freq, window in section.features.items()}
    got = model.predict(visible).loc[DAYS[140]].to_numpy()
    np.testing.assert_allclose(got, (gru(features) + tcn(features)).detach().numpy(), atol=1e-6)


def test_a_stage_of_several_frequencies(dataset: MultiFreqDataset) -> None:
    model = IncrementalGRUModel(["day", {"freqs": ["15min", "30min"]}], **FAST | {"max_epochs": 1})
    model.fit(dataset)
    assert model.net is not None
    assert [branch.freqs for branch in model.net.branch_list()] == [("day",), ("15min", "30min")]
    assert model.stage_freqs(dataset) == [("day",), ("day", "15min", "30min")]


def test_a_stages_network_may_read_no_more_than_its_stage(dataset: MultiFreqDataset) -> None:
    stages = ["15min", {"freq": "day", "network": own("Pinned", freq="15min")}]
    with pytest.raises(InputError, match=r"^stages: Pinned reads \['15min'\], its stage \['day'\]$"):
        IncrementalGRUModel(stages, **FAST).fit(dataset)


def test_in_a_mean(dataset: MultiFreqDataset) -> None:
    config = {"class": "NetworkModel", "module_path": "qlib_mfgru.model"}
    tcn = {**config, "kwargs": {"network": own("TCN"), "freqs": ["day"], "metric": "rank_ic"}}
    gru = {"class": "GRUModel", "module_path": "qlib_mfgru.model", "kwargs": {"hidden_size": 4}}
    model = MeanModel([tcn, gru, gru], **QUICK)
    model.fit(dataset)
    assert model.stage_freqs(dataset) == [("day",), ("15min",)]
    best = [max(row[f"valid_{name}"] for row in model.history if row["member"] == k)
            for k, name in ((1, "rank_ic"), (2, "ic"), (3, "ic"))]  # fmt: skip
    assert model.validation == pytest.approx({"ic": (best[1] + best[2]) / 2, "rank_ic": best[0]})
    assert model.predict(dataset).notna().all()


def test_a_loss_of_ones_own(visible: MultiFreqDataset) -> None:
    """It moves the weights otherwise than the squared error; the metric is computed all the same."""
    nets: list[ScoringNet] = []
    for loss in ("mse", own("HuberLoss", delta=0.1), own("HuberLoss", delta=1e6)):
        model = NetworkModel(own("TCN"), freqs=["day"], loss=loss, **QUICK | {"max_epochs": 2})
        model.fit(visible)
        assert model.net is not None
        nets.append(model.net)
        assert all(np.isfinite([row["train_ic"], row["valid_ic"]]).all() for row in model.history)
    mse, huber, half_mse = (torch.cat([p.flatten() for p in net.parameters()]) for net in nets)
    assert (half_mse - mse).abs().max() < 1e-3 < (huber - mse).abs().max()  # Adam hardly sees a factor
