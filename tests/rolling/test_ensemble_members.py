"""What a rolling ensemble or a mean asks of a member, of ours and of other packages; any network as a member."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from mlflow.tracking import MlflowClient
from odd_models import SeededModel
from qlib.workflow import R
from tiny_world import DAYS

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.errors import InputError
from qlib_mfgru.model import (
    AttentionGRUModel,
    GRUModel,
    IncrementalGRUModel,
    MeanModel,
    Member,
    MixedGRUModel,
    NetworkModel,
    as_member,
)
from qlib_mfgru.rolling import RollingEnsembleModel
from qlib_mfgru.rolling.key import code_version

TCN = {"class": "TCN", "module_path": "own_networks", "kwargs": {"channels": 4}}
RANDOM = {"class": "SeededModel", "module_path": "odd_models"}


@pytest.mark.parametrize(
    "model",
    [
        GRUModel(),
        AttentionGRUModel(),
        MixedGRUModel(),
        IncrementalGRUModel(),
        NetworkModel(TCN),
        MeanModel([GRUModel()]),
    ],
    ids=lambda model: type(model).__name__,
)
def test_our_models_are_members(model: Any, dataset: MultiFreqDataset) -> None:
    member = as_member(model)
    assert member is model
    assert (member.history, member.validation, member.tag, member.starts_warm) == ([], {}, "", True)
    assert member.stage_freqs(dataset)


def test_a_member_must_offer_all_of_it() -> None:
    """Python refuses one that does not, and so does a type checker."""

    class Half(Member):
        def fit(self, dataset: MultiFreqDataset) -> None: ...

    with pytest.raises(
        TypeError, match=r"abstract .*history.*predict.*stage_freqs.*starts_warm.*validation.*warm_start"
    ):
        Half()  # type: ignore[abstract]


class TestModelsOfOtherPackages:
    def test_as_members(self, dataset: MultiFreqDataset) -> None:
        model = SeededModel(3)
        member = as_member(model)
        member.tag = "member1_"  # it logs nothing of ours
        assert (member.history, member.validation, member.starts_warm, member.stage_freqs(dataset)) == (
            [],
            {},
            False,
            [],
        )
        member.fit(dataset)
        pd.testing.assert_series_equal(member.predict(dataset), model.predict(dataset))
        with pytest.raises(InputError, match=r"^SeededModel cannot begin with the weights of another$"):
            member.warm_start(as_member(GRUModel()))

    def test_rolling(self, dataset: MultiFreqDataset, tmp_path: Path) -> None:
        """The table of folds is that of all inputs, since it does not say what it reads; there is no validation."""
        model = RollingEnsembleModel(RANDOM, retrain="1M", seeds=[0, 1], units_dir=str(tmp_path / "units"))
        model.fit(dataset)
        assert {type(member) for fold in model.members for member in fold.values()} == {SeededModel}
        assert model.predict(dataset).notna().all()
        units = [json.loads(path.read_text()) for path in tmp_path.glob("units/*/unit.json")]
        assert len(units) == 6
        assert all(unit["history"] == [] and not any(name.startswith("valid_") for name in unit) for unit in units)

    def test_in_a_mean_beside_a_network(self, dataset: MultiFreqDataset) -> None:
        mean = MeanModel([SeededModel(1), GRUModel("day", hidden_size=2, max_epochs=1, device="cpu")])
        mean.fit(dataset)
        assert mean.stage_freqs(dataset) == [], "the other one may read anything"
        assert [row["member"] for row in mean.history] == [2]
        assert mean.validation == {"ic": mean.history[0]["valid_ic"]}
        assert not mean.starts_warm

    def test_in_a_mean_beside_a_network_of_another_frequency(
        self, dataset: MultiFreqDataset, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What is known to be wrong is said before anything trains."""
        fitted: list[SeededModel] = []
        monkeypatch.setattr(SeededModel, "fit", lambda self, _: fitted.append(self))
        with pytest.raises(InputError, match=r"^the handler has no input \['15mni'\]; its inputs are \['day', "):
            MeanModel([SeededModel(1), GRUModel("15mni")]).fit(dataset)
        assert fitted == []

    def test_no_warm_start(self) -> None:
        with pytest.raises(
            InputError, match=r"^warm_start is True: SeededModel cannot begin with the weights of another$"
        ):
            RollingEnsembleModel(RANDOM, warm_start=True)


def test_a_warm_start_from_another_kind() -> None:
    with pytest.raises(InputError, match=r"^MeanModel has no weights that a GRUModel could start from$"):
        GRUModel().warm_start(MeanModel([GRUModel()]))
    with pytest.raises(InputError, match=r"^a mean of 2 models cannot start from GRUModel$"):
        MeanModel([GRUModel(), GRUModel()]).warm_start(GRUModel())


def test_any_network_follows_its_metric_through_a_rolling_run(
    dataset: MultiFreqDataset, tiny_qlib: Path, tmp_path: Path
) -> None:
    """Units, their table and the recorder's metric are the RankIC's; the folds are those of what the network reads."""
    model = rolling_network(tmp_path, network=TCN, freqs=["day"], loss="rank_ic", metric="rank_ic")
    with R.start(experiment_name="rolling-network"):
        model.fit(dataset)
        recorder = R.get_recorder()
    MlflowClient(tracking_uri=f"sqlite:///{tiny_qlib}").download_artifacts(recorder.id, "rolling", str(tmp_path))
    assert list(pd.read_csv(tmp_path / "rolling/folds.csv")["inputs"]) == ["day"] * 3
    units = pd.read_csv(tmp_path / "rolling/units.csv")
    best = [max(row["valid_rank_ic"] for row in fold[seed].history) for fold in model.members for seed in (0, 1)]
    assert "valid_ic" not in units
    assert list(units["valid_rank_ic"]) == pytest.approx(best)
    logged = MlflowClient(tracking_uri=f"sqlite:///{tiny_qlib}").get_metric_history(recorder.id, "folds/valid_rank_ic")
    assert [entry.value for entry in logged] == pytest.approx([np.mean(best[i : i + 2]) for i in (0, 2, 4)])
    assert recorder.list_metrics()["valid_rank_ic"] == pytest.approx(np.mean(best))
    assert set(recorder.list_metrics()) == {"valid_rank_ic", "folds/valid_rank_ic"}
    tested = DAYS[(DAYS >= "2020-06-03") & (DAYS <= "2020-08-05")]
    assert list(model.predict(dataset).index.unique("datetime")) == list(tested)


def rolling_network(folder: Path, **kwargs: Any) -> RollingEnsembleModel:
    config = {"class": "NetworkModel", "module_path": "qlib_mfgru.model", "kwargs": kwargs}
    settings: dict[str, Any] = {"batch_size": 200, "max_epochs": 2, "device": "cpu"}
    return RollingEnsembleModel(config, retrain="1M", seeds=[0, 1], units_dir=str(folder / "units"), **settings)


def test_a_network_in_worker_processes_and_with_warm_starts(dataset: MultiFreqDataset, tmp_path: Path) -> None:
    """The same bits as in this process; a warm fold begins where the one before it ended."""
    config = {"class": "NetworkModel", "module_path": "qlib_mfgru.model", "kwargs": {"network": TCN, "freqs": ["day"]}}
    settings: dict[str, Any] = {"retrain": "1M", "seeds": [0], "max_epochs": 1, "device": "cpu", "threads": 1}
    scores = []
    for n_jobs in (1, 2):
        model = RollingEnsembleModel(config, n_jobs=n_jobs, units_dir=str(tmp_path / f"{n_jobs}"), **settings)
        model.fit(dataset)
        scores.append(model.predict(dataset))
    assert scores[0].equals(scores[1])
    warm = RollingEnsembleModel(config, warm_start=True, units_dir=str(tmp_path / "warm"), lr=0.0, **settings)
    warm.fit(dataset)
    first, *later = (fold[0].net.state_dict() for fold in warm.members)
    assert all(bool((state[name] == first[name]).all()) for state in later for name in first)


NET = """
from qlib_mfgru.nn import Loss, ScoringNet

class Net(ScoringNet):
    def __init__(self, inputs):
        super().__init__(inputs)

class MyLoss(Loss):
    def forward(self, scores, label):
        return (scores - label).abs().mean()
"""


@pytest.mark.parametrize("where", ["network", "stage", "loss"])
def test_the_file_of_a_network_or_a_loss_is_part_of_a_units_key(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / f"own_{where}_of_a_test.py"
    file.write_text(NET)
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    net, loss = ({"class": name, "module_path": file.stem} for name in ("Net", "MyLoss"))
    kwargs = {"network": {"network": net}, "stage": {"stages": ["day", {"freq": "15min", "network": net}]},
              "loss": {"loss": loss}}[where]  # fmt: skip
    name = {"network": "NetworkModel", "stage": "IncrementalGRUModel", "loss": "GRUModel"}[where]
    config = {"class": name, "module_path": "qlib_mfgru.model", "kwargs": kwargs}
    before = code_version(config)
    assert before == code_version(config)
    file.write_text(NET + "\n")
    assert code_version(config) != before
    del sys.modules[file.stem]
