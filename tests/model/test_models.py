"""The models as qlib Models: settings, determinism, predictions on any segment."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from qlib.model.base import Model
from qlib.utils import init_instance_by_config
from tiny_world import DAYS, FAST, N_INTRADAY_DAYS, N_STOCKS

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.errors import InputError
from qlib_mfgru.model import AttentionGRUModel, GRUModel, IncrementalGRUModel, MeanModel, MixedGRUModel, TrainSettings
from qlib_mfgru.model.base import NeuralModel
from qlib_mfgru.model.training import validate
from qlib_mfgru.nn import IncrementalNet, ScoreNet

MODELS: dict[str, Callable[..., NeuralModel]] = {
    "gru": GRUModel,
    "attention": AttentionGRUModel,
    "attention-literal": lambda **settings: AttentionGRUModel(attention="literal", **settings),
    "mixed": MixedGRUModel,
    "incremental": IncrementalGRUModel,
}
EVERY = pytest.mark.parametrize("name", MODELS)


@pytest.fixture(scope="module")
def fitted(dataset: MultiFreqDataset) -> dict[str, NeuralModel]:
    """One model of each kind, trained for three epochs."""
    models = {name: build(**FAST) for name, build in MODELS.items()}
    for model in models.values():
        model.fit(dataset)
    return models


class TestSettings:
    def test_defaults_are_the_reports(self) -> None:
        report = TrainSettings(batch_size=5000, batch_by="sample", lr=0.001, max_epochs=100, patience=10, seed=0)
        for build in (GRUModel, AttentionGRUModel, MixedGRUModel, IncrementalGRUModel):
            model = build()
            assert model.settings.model_dump(include=set(TrainSettings.model_fields)) == report.model_dump()
            assert model.hidden_size == 30
        assert GRUModel().freqs == AttentionGRUModel().freqs == ("15min",)
        assert MixedGRUModel().freqs == IncrementalGRUModel().freqs == ("day", "15min")
        assert AttentionGRUModel().attention == "alstm"

    def test_each_model_builds_its_network(self, dataset: MultiFreqDataset) -> None:
        nets = {name: build(**FAST).fresh(dataset) for name, build in MODELS.items()}
        assert {name: type(net) for name, net in nets.items()} == dict.fromkeys(MODELS, ScoreNet) | {
            "incremental": IncrementalNet
        }
        assert nets["attention-literal"].encoders[0].attention.score[0].out_features == 1
        assert nets["attention"].encoders[0].attention.score[0].out_features == 2
        assert nets["gru"].encoders[0].attention is None
        assert len(nets["mixed"].encoders) == 2

    def test_from_a_qlib_config(self) -> None:
        config = {"class": "GRUModel", "module_path": "qlib_mfgru.model", "kwargs": {"freq": "day", "lr": 0.01}}
        model = init_instance_by_config(config, accept_types=Model)
        assert isinstance(model, GRUModel)
        assert (model.freqs, model.settings.lr) == (("day",), 0.01)

    def test_prediction_before_fit_is_refused(self, dataset: MultiFreqDataset) -> None:
        with pytest.raises(RuntimeError, match="GRUModel is not fitted"):
            GRUModel().predict(dataset)


class TestFit:
    @EVERY
    def test_history_has_a_row_an_epoch_and_stage(self, fitted: dict[str, NeuralModel], name: str) -> None:
        stages = [1, 2] if name == "incremental" else [1]
        rows = fitted[name].history
        assert [(row["stage"], row["epoch"]) for row in rows] == [(s, e) for s in stages for e in (1, 2, 3)]
        assert all(np.isfinite([row["train_ic"], row["valid_ic"]]).all() and row["seconds"] > 0 for row in rows)

    @EVERY
    def test_the_network_has_the_weights_of_its_best_epoch(
        self, fitted: dict[str, NeuralModel], dataset: MultiFreqDataset, name: str
    ) -> None:
        model = fitted[name]
        assert model.net is not None
        got = validate(model.net, dataset.samples("valid", model.freqs))
        assert got == pytest.approx(model.trained[-1].valid, abs=1e-6)
        if model.trained[-1].kept:
            last = max(row["stage"] for row in model.history)
            best = max(row["valid_ic"] for row in model.history if row["stage"] == last)
            assert got == pytest.approx(best, abs=1e-6)

    def test_stops_after_patience_epochs_without_a_better_ic_and_undoes_them(self, dataset: MultiFreqDataset) -> None:
        """The same training cut at its best epoch: the later epochs have left nothing behind."""
        settings = FAST | {"lr": 0.05, "max_epochs": 60, "patience": 2}
        model = GRUModel(**settings)
        model.fit(dataset)
        ics = [row["valid_ic"] for row in model.history]
        assert len(ics) < 60
        assert int(np.argmax(ics)) == len(ics) - 3
        short = GRUModel(**settings | {"max_epochs": len(ics) - 2})
        short.fit(dataset)
        assert same_weights(model, short)

    def test_fitting_again_starts_afresh(self, dataset: MultiFreqDataset, fitted: dict[str, NeuralModel]) -> None:
        model = GRUModel(**FAST)
        model.fit(dataset)
        model.fit(dataset)
        assert len(model.history) == 3
        assert same_weights(model, fitted["gru"])

    def test_batches_of_whole_dates(self, dataset: MultiFreqDataset, fitted: dict[str, NeuralModel]) -> None:
        model = GRUModel(batch_by="date", **FAST)
        model.fit(dataset)
        assert not same_weights(model, fitted["gru"])
        assert model.predict(dataset).notna().all()


class TestSeeds:
    @EVERY
    def test_the_same_seed_gives_identical_weights_and_predictions(
        self, fitted: dict[str, NeuralModel], dataset: MultiFreqDataset, name: str
    ) -> None:
        torch.manual_seed(99)  # the model must not depend on the global state
        again = MODELS[name](**FAST)
        again.fit(dataset)
        assert same_weights(again, fitted[name])
        assert again.predict(dataset).equals(fitted[name].predict(dataset))
        kept = ["stage", "epoch", "train_ic", "valid_ic"]
        pd.testing.assert_frame_equal(
            pd.DataFrame(again.history)[kept], pd.DataFrame(fitted[name].history)[kept], check_exact=True
        )

    @EVERY
    def test_another_seed_gives_another_model(
        self, fitted: dict[str, NeuralModel], dataset: MultiFreqDataset, name: str
    ) -> None:
        other = MODELS[name](seed=1, **FAST)
        other.fit(dataset)
        assert not same_weights(other, fitted[name])
        assert not other.predict(dataset).equals(fitted[name].predict(dataset))

    def test_the_seed_decides_the_initial_weights(self, dataset: MultiFreqDataset) -> None:
        """With a learning rate of 0 the weights stay what they were at first."""
        settings = FAST | {"lr": 0.0, "max_epochs": 1}
        weights = []
        for seed in (0, 0, 1):
            model = GRUModel(seed=seed, **settings)
            model.fit(dataset)
            assert model.net is not None
            weights.append(torch.cat([parameter.flatten() for parameter in model.net.parameters()]))
        assert torch.equal(weights[0], weights[1])
        assert not torch.equal(weights[0], weights[2])

    @EVERY
    def test_global_random_states_are_left_alone(self, dataset: MultiFreqDataset, name: str) -> None:
        def states() -> tuple[Any, ...]:
            return torch.get_rng_state().tolist(), str(np.random.get_state()), random.getstate()  # noqa: NPY002

        before = states()
        model = MODELS[name](**FAST | {"max_epochs": 1})
        model.fit(dataset)
        model.predict(dataset)
        assert states() == before


class TestPredict:
    @EVERY
    def test_covers_every_trading_day_and_stock_once(
        self, fitted: dict[str, NeuralModel], dataset: MultiFreqDataset, name: str
    ) -> None:
        scores = fitted[name].predict(dataset)
        assert scores.name == "score"
        assert scores.index.names == ["datetime", "instrument"]
        codes = [f"SH{600000 + i}" for i in range(N_STOCKS)]
        assert scores.index.equals(pd.MultiIndex.from_product([DAYS[130:], codes], names=scores.index.names))
        assert {type(code) for code in scores.index.get_level_values("instrument")} == {str}
        assert scores.notna().all()
        assert (scores.groupby(level="datetime").std() > 0).all()

    def test_scores_are_the_networks_on_each_cross_section(
        self, fitted: dict[str, NeuralModel], dataset: MultiFreqDataset
    ) -> None:
        model = fitted["incremental"]
        section = dataset.handler.cross_section(DAYS[140])
        assert model.net is not None
        expected = model.net({freq: torch.from_numpy(window) for freq, window in section.features.items()})
        got = model.predict(dataset).loc[DAYS[140]]
        np.testing.assert_allclose(got.to_numpy(), expected.detach().numpy(), atol=1e-6)

    def test_segments_by_name_by_slice_and_by_pair(
        self, fitted: dict[str, NeuralModel], dataset: MultiFreqDataset
    ) -> None:
        predict = fitted["gru"].predict
        test = predict(dataset, "test")
        assert predict(dataset).equals(test)
        assert predict(dataset, slice(DAYS[130], DAYS[159])).equals(test)
        assert predict(dataset, (str(DAYS[130].date()), None)).equals(test)
        assert predict(dataset, [DAYS[135], DAYS[136]]).equals(test.loc[DAYS[135] : DAYS[136]])
        assert predict(dataset, ("2020-01-01", "2030-01-01")).loc[DAYS[130] :].equals(test)

    def test_dates_without_complete_windows_are_left_out(
        self, fitted: dict[str, NeuralModel], dataset: MultiFreqDataset
    ) -> None:
        first_intraday = DAYS[-N_INTRADAY_DAYS]
        dates = fitted["gru"].predict(dataset, "train").index.unique("datetime")
        assert list(dates) == list(DAYS[(first_intraday <= DAYS) & (DAYS[129] >= DAYS)])
        with pytest.raises(InputError, match="no stock has complete windows of 15min on any day of"):
            fitted["gru"].predict(dataset, (DAYS[0], DAYS[20]))

    def test_a_daily_model_needs_no_intraday_bars(self, dataset: MultiFreqDataset) -> None:
        model = GRUModel(freq="day", **FAST)
        model.fit(dataset)
        dates = model.predict(dataset, (DAYS[0], DAYS[20])).index.unique("datetime")
        assert list(dates) == list(DAYS[4:21])  # the fifth day completes the first window of five

    def test_an_unknown_segment_is_refused(self, fitted: dict[str, NeuralModel], dataset: MultiFreqDataset) -> None:
        with pytest.raises(InputError, match=r"no segment 'tset'; the dataset has \['train', 'test'\]"):
            fitted["gru"].predict(dataset, "tset")

    def test_other_inputs_of_the_handler_do_not_matter(
        self, fitted: dict[str, NeuralModel], make_dataset: Callable[..., MultiFreqDataset], dataset: MultiFreqDataset
    ) -> None:
        """The 30min input, which the model does not read, may as well not be there."""
        lean = make_dataset()
        lean.handler.inputs = {"15min": lean.handler.inputs["15min"]}
        assert fitted["gru"].predict(lean).equals(fitted["gru"].predict(dataset))


def same_weights(one: NeuralModel, other: NeuralModel) -> bool:
    assert one.net is not None
    assert other.net is not None
    pairs = zip(one.net.state_dict().values(), other.net.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_models_say_what_they_are(fitted: dict[str, NeuralModel]) -> None:
    assert repr(GRUModel("day", seed=3)) == "<GRUModel (day), hidden size 30, loss ic, seed 3: not fitted>"
    model = fitted["incremental"]
    stages = "; ".join(map(str, model.trained))
    assert repr(model) == f"<IncrementalGRUModel, hidden size 4, loss ic, seed 0: {stages}>"
    mean = MeanModel([GRUModel("day"), GRUModel("15min")])
    assert repr(mean) == f"<MeanModel of {mean.members[0]!r}, {mean.members[1]!r}>"
