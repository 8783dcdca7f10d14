"""What cannot be trained ends in a message that says why, never in a silent NaN."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import tiny_world
import torch

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.data.samples import Batch, SampleTable
from qlib_mfgru.errors import InputError
from qlib_mfgru.model import GRUModel, TrainingError, TrainSettings
from qlib_mfgru.model.training import StageData, train_stage, validate
from qlib_mfgru.model.training.callbacks import History
from qlib_mfgru.nn import InputShape, ScoreNet

SETTINGS = TrainSettings(batch_size=200, lr=1e-3, max_epochs=2, device="cpu")
CONSTANT = "Ref($close, -1) / Ref($close, -1)"
MakeDataset = Callable[..., MultiFreqDataset]


@pytest.fixture(scope="module")
def tables(dataset: MultiFreqDataset) -> StageData:
    return StageData(dataset.samples("train", ["15min"]), dataset.samples("valid", ["15min"]))


@pytest.fixture
def net() -> ScoreNet:
    torch.manual_seed(0)
    return ScoreNet({"15min": InputShape(16, 6)}, hidden_size=4)


@pytest.mark.parametrize("poison", [np.nan, np.inf])
def test_a_poisoned_training_input(tables: StageData, net: ScoreNet, poison: float) -> None:
    data = dataclasses.replace(tables, train=PoisonedTable.of(tables.train, poison))
    with pytest.raises(TrainingError, match=r"epoch 1, batch of 165 samples 2020-04-.* the 15min input holds NaN"):
        train_stage(net, data, SETTINGS, [])


def test_a_poisoned_validation_input(tables: StageData, net: ScoreNet) -> None:
    data = dataclasses.replace(tables, valid=PoisonedTable.of(tables.valid, np.nan))
    with pytest.raises(TrainingError, match=r"validation: the network's output is NaN or infinite on 2020-06-11$"):
        train_stage(net, data, SETTINGS, [])


def test_weights_that_blew_up(tables: StageData, net: ScoreNet) -> None:
    with torch.no_grad():
        net.head.weight.fill_(torch.inf)
    with pytest.raises(TrainingError, match="output is NaN or infinite; a lower learning rate may help"):
        train_stage(net, tables, SETTINGS, [])


def test_an_input_that_is_the_same_for_all(make_dataset: MakeDataset) -> None:
    """As where everything is clipped away."""
    with pytest.raises(TrainingError, match="the day input is the same for all stocks; look at clip"):
        GRUModel(freq="day", **tiny_world.FAST).fit(make_dataset(clip=1e-30))


@pytest.mark.parametrize("bias", [0.0, 0.1, -7.3])
def test_a_constant_prediction(tables: StageData, net: ScoreNet, bias: float) -> None:
    with torch.no_grad():
        net.head.weight.zero_()
        net.head.bias.fill_(bias)
    with pytest.raises(TrainingError, match="predicts the same for all stocks, so the IC is undefined"):
        train_stage(net, tables, SETTINGS, [])
    with pytest.raises(TrainingError, match=r"validation: the network predicts the same .* on 2020-06-11$"):
        validate(net, tables.valid)


def test_constant_labels(make_dataset: MakeDataset) -> None:
    with pytest.raises(TrainingError, match="all labels are equal, so the IC is undefined"):
        GRUModel(**tiny_world.FAST).fit(make_dataset(label=CONSTANT))


@pytest.mark.parametrize(("loss", "title"), [("ic", "IC"), ("rank_ic", "RankIC")])
def test_a_batch_of_constant_labels(tables: StageData, net: ScoreNet, loss: str, title: str) -> None:
    """Two of 22 dates: a correlation is undefined there, and the message names the one that is trained on."""
    train = ConstantLabels(tables.train.panels, ("15min",), tables.train.days, n_dates=2)
    settings = SETTINGS.changed(loss=loss, batch_by="date")
    with pytest.raises(TrainingError, match=f"all labels are equal, so the {title} is undefined"):
        train_stage(net, dataclasses.replace(tables, train=train), settings, [])


def test_a_squared_error_trains_on_constant_labels(tables: StageData, net: ScoreNet) -> None:
    """The training metric is the mean over the dates that have one."""
    rows: list[dict[str, Any]] = []
    train = ConstantLabels(tables.train.panels, ("15min",), tables.train.days, n_dates=2)
    settings = SETTINGS.changed(loss="mse", batch_by="date", lr=0.0, max_epochs=1)
    train_stage(net, dataclasses.replace(tables, train=train), settings, [History(rows)])
    batches = [batch for batch in train.by_date() if batch.label.std() > 0]
    assert len(batches) == 20
    expected = [np.corrcoef(net.train()(batch.features).detach(), batch.label)[0, 1] for batch in batches]
    assert rows[0]["train_ic"] == pytest.approx(np.mean(expected), abs=1e-6)


def test_a_loss_that_is_no_number_though_all_else_is(tables: StageData, net: ScoreNet) -> None:
    settings = SETTINGS.changed(loss={"class": "Broken", "module_path": "own_networks"})
    with pytest.raises(TrainingError, match="the Broken is NaN or infinite, though scores and labels are not"):
        train_stage(net, tables, settings, [])


@pytest.mark.parametrize(("loss", "title"), [("ic", "IC"), ("rank_ic", "RankIC"), ("mse", "RankIC")])
def test_a_constant_prediction_under_another_loss_or_metric(
    tables: StageData, net: ScoreNet, loss: str, title: str
) -> None:
    """A squared error can be taken of constants: it is the validation that cannot be."""
    with torch.no_grad():
        net.head.weight.zero_()
    settings = SETTINGS.changed(loss=loss, metric="rank_ic", lr=0.0)
    with pytest.raises(TrainingError, match=f"predicts the same for all stocks, so the {title} is undefined"):
        train_stage(net, tables, settings, [])


def test_validation_dates_without_two_different_labels(tables: StageData, net: ScoreNet) -> None:
    """Labels that differ in training and not in validation: there is no IC to stop by."""
    data = dataclasses.replace(tables, valid=ConstantLabels(tables.valid.panels, ("15min",), tables.valid.days))
    with pytest.raises(TrainingError, match="validation is empty: none of its 6 dates has two stocks with different"):
        train_stage(net, data, SETTINGS, [])


def test_a_validation_date_without_an_ic_is_left_out(tables: StageData, net: ScoreNet) -> None:
    valid = ConstantLabels(tables.valid.panels, ("15min",), tables.valid.days, n_dates=2)
    expected = [validate(net, one_date(tables.valid, i)) for i in range(2, 6)]
    assert validate(net, valid) == pytest.approx(np.mean(expected), abs=1e-6)


@pytest.mark.parametrize("by", [{"batch_by": "date"}, {"batch_size": 1}], ids=["one stock a date", "batch size 1"])
def test_a_batch_of_one_sample(make_dataset: MakeDataset, by: dict[str, object]) -> None:
    stocks = ["SH600000"] if "batch_by" in by else "all"
    with pytest.raises(TrainingError, match=r"batch of 1 samples? .*at least two"):
        GRUModel(**tiny_world.FAST | by).fit(make_dataset(instruments=stocks))


def test_no_training_samples(make_dataset: MakeDataset) -> None:
    """The minute history starts after the training segment ends."""
    days = tiny_world.DAYS
    data = make_dataset(segments={"train": (days[0], days[50]), "valid": (days[90], days[110])})
    with pytest.raises(InputError, match=r"segment 'train' .* has no sample for \['15min'\]"):
        GRUModel(**tiny_world.FAST).fit(data)


def test_an_empty_validation_segment(make_dataset: MakeDataset) -> None:
    segments = {"train": (tiny_world.DAYS[0], tiny_world.DAYS[129]), "valid": ("2030-01-01", "2030-12-31")}
    with pytest.raises(InputError, match=r"segment 'valid' .* has no sample"):
        GRUModel(**tiny_world.FAST).fit(make_dataset(segments=segments))


def test_a_frequency_that_the_handler_lacks(dataset: MultiFreqDataset) -> None:
    with pytest.raises(InputError, match=r"no input \['5min'\]; its inputs are \['day', '15min', '30min'\]"):
        GRUModel(freq="5min", **tiny_world.FAST).fit(dataset)


def test_a_failed_fit_leaves_no_model(make_dataset: MakeDataset) -> None:
    model = GRUModel(**tiny_world.FAST)
    with pytest.raises(TrainingError):
        model.fit(make_dataset(label=CONSTANT))
    with pytest.raises(RuntimeError, match="GRUModel is not fitted"):
        model.predict(make_dataset())


@dataclasses.dataclass(frozen=True, eq=False)
class PoisonedTable(SampleTable):
    """A table whose first sample holds one value that is no number."""

    poison: float = np.nan

    @classmethod
    def of(cls, table: SampleTable, poison: float) -> PoisonedTable:
        return cls(table.panels, table.freqs, table.days, poison=poison)

    def batch(self, rows: np.ndarray, inputs: Sequence[str] | None = None) -> Batch:
        batch = super().batch(rows, inputs)
        batch.features["15min"][0, 3, 2] = self.poison
        return batch


@dataclasses.dataclass(frozen=True, eq=False)
class ConstantLabels(SampleTable):
    """A table whose first `n_dates` dates (None: all) have the label 0 throughout."""

    n_dates: int | None = None

    @property
    def labels(self) -> torch.Tensor:  # type: ignore[override]
        labels = SampleTable(self.panels, self.freqs, self.days).labels.clone()
        for rows in self.rows_by_date()[: self.n_dates]:
            labels[rows] = 0.0
        return labels


def one_date(table: SampleTable, position: int) -> SampleTable:
    return SampleTable(table.panels, table.freqs, table.days[position : position + 1])
