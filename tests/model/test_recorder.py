"""What a fit leaves in qlib's recorder: an IC an epoch, the history, the curve; and nothing where none runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from experiments import start_qlib
from mlflow.tracking import MlflowClient
from qlib.workflow import R
from tiny_world import FAST

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.model import GRUModel, IncrementalGRUModel, MeanModel
from qlib_mfgru.model.training import StageResult
from qlib_mfgru.model.training.curve import plot_training_curve
from qlib_mfgru.nn import MetricName

PNG = b"\x89PNG\r\n\x1a\n"


def record(model: Any, dataset: MultiFreqDataset, experiment: str) -> Any:
    """Fit inside an experiment; return its recorder."""
    with R.start(experiment_name=experiment):
        model.fit(dataset)
        return R.get_recorder()


def logged(store: Path, recorder: Any, metric: str) -> list[tuple[int, float]]:
    """(step, value) of every log of a metric."""
    client = MlflowClient(tracking_uri=f"sqlite:///{store}")
    return [(entry.step, entry.value) for entry in client.get_metric_history(recorder.id, metric)]


def artifacts(recorder: Any) -> set[str]:
    """Names of the artifacts, less those that qlib adds about the working folder's code."""
    return {name for name in recorder.list_artifacts() if not name.startswith("code_")}


def history_of(model: Any, stage: int, name: str) -> list[tuple[int, float]]:
    return [(row["epoch"], row[name]) for row in model.history if row["stage"] == stage]


def test_metrics_of_every_stage_and_epoch(tiny_qlib: Path, dataset: MultiFreqDataset) -> None:
    model = IncrementalGRUModel(**FAST)
    recorder = record(model, dataset, "metrics")
    names = {f"epochs/stage{stage}_{name}" for stage in (1, 2) for name in ("train_ic", "valid_ic")}
    assert set(recorder.list_metrics()) == names | {"valid_ic", "stage1_epoch", "stage2_epoch"}
    for stage in (1, 2):
        for name in ("train_ic", "valid_ic"):
            rows = history_of(model, stage, name)
            assert [epoch for epoch, _ in rows] == [1, 2, 3]
            entries = logged(tiny_qlib, recorder, f"epochs/stage{stage}_{name}")
            assert [step for step, _ in entries] == [1, 2, 3]
            assert [value for _, value in entries] == pytest.approx([value for _, value in rows])


def test_artifacts(tiny_qlib: Path, dataset: MultiFreqDataset, tmp_path: Path) -> None:
    model = GRUModel(**FAST)
    recorder = record(model, dataset, "artifacts")
    assert artifacts(recorder) == {"training_curve.png", "training_history.json"}
    client = MlflowClient(tracking_uri=f"sqlite:///{tiny_qlib}")
    client.download_artifacts(recorder.id, "", str(tmp_path))
    assert json.loads((tmp_path / "training_history.json").read_text()) == model.history
    assert (tmp_path / "training_curve.png").read_bytes().startswith(PNG)


def test_members_of_a_mean_are_told_apart(dataset: MultiFreqDataset) -> None:
    model = MeanModel([GRUModel(freq=freq, **FAST) for freq in ("day", "15min")])
    recorder = record(model, dataset, "members")
    assert artifacts(recorder) == {
        f"member{k}_{name}" for k in (1, 2) for name in ("training_curve.png", "training_history.json")
    }
    metrics = recorder.list_metrics()
    curves = {f"epochs/member{k}_stage1_{name}" for k in (1, 2) for name in ("train_ic", "valid_ic")}
    kept = {f"member{k}_{name}" for k in (1, 2) for name in ("valid_ic", "stage1_epoch")}
    assert set(metrics) == curves | kept | {"valid_ic"}
    for k, member in enumerate(model.members, start=1):
        assert isinstance(member, GRUModel)
        assert metrics[f"epochs/member{k}_stage1_valid_ic"] == pytest.approx(member.history[-1]["valid_ic"])
        assert metrics[f"member{k}_valid_ic"] == pytest.approx(member.validation["ic"])
    assert metrics["valid_ic"] == pytest.approx((metrics["member1_valid_ic"] + metrics["member2_valid_ic"]) / 2)


def test_the_metric_to_sort_by_is_that_of_the_weights_that_are_kept(dataset: MultiFreqDataset) -> None:
    """And not of the last epoch, whose weights are thrown away."""
    model = GRUModel("day", **FAST | {"max_epochs": 4, "patience": 3, "lr": 0.05})
    metrics = record(model, dataset, "kept-epoch").list_metrics()
    valid = [row["valid_ic"] for row in model.history]
    assert metrics["valid_ic"] == pytest.approx(max(valid))
    assert metrics["stage1_epoch"] == valid.index(max(valid)) + 1
    assert metrics["epochs/stage1_valid_ic"] == pytest.approx(valid[-1])
    assert valid[-1] < max(valid), "the last epoch is not the best one: else this test could not fail"


@pytest.fixture
def our_store(tiny_provider: Path, tiny_qlib: Path, tmp_path: Path) -> Iterator[Path]:
    """The store that our configs name, which lets mlflow show names of ours."""
    store = tmp_path / "mlruns.db"
    start_qlib(tiny_provider, store, ours=True)
    yield store
    start_qlib(tiny_provider, tiny_qlib)


def test_a_run_has_a_name_and_the_settings_that_it_really_had(our_store: Path, dataset: MultiFreqDataset) -> None:
    recorder = record(GRUModel("day", seed=3, **FAST), dataset, "named")
    run = MlflowClient(tracking_uri=f"sqlite:///{our_store}").get_run(recorder.id)
    assert run.info.run_name == "GRUModel (day) · seed 3"
    expected = {
        "model": "GRUModel",
        "hidden_size": str(FAST["hidden_size"]),
        "loss": "ic",
        "batch_by": "sample",
        "lr": str(FAST["lr"]),
        "label": dataset.handler.label.expression,
        "windows": dataset.params["windows"],
    }
    assert {name: run.data.params[name] for name in expected} == expected
    assert recorder.name == "mlflow_recorder", "qlib's own name"


def test_a_mean_is_named_once_and_says_what_its_members_share(our_store: Path, dataset: MultiFreqDataset) -> None:
    model = MeanModel([GRUModel(freq=freq, **FAST) for freq in ("day", "15min")])
    recorder = record(model, dataset, "named-mean")
    run = MlflowClient(tracking_uri=f"sqlite:///{our_store}").get_run(recorder.id)
    assert run.info.run_name == "MeanModel · seed 0"
    params = run.data.params
    assert (params["model"], params["member1_freq"], params["member2_freq"]) == ("MeanModel", "day", "15min")
    assert params["hidden_size"] == str(FAST["hidden_size"])
    assert "member1_hidden_size" not in params


def test_nothing_is_started_or_written_outside_an_experiment(
    tiny_qlib: Path, dataset: MultiFreqDataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = set(R.list_experiments())
    model = IncrementalGRUModel(**FAST)
    model.fit(dataset)
    model.predict(dataset)
    assert R.exp_manager.active_experiment is None
    assert set(R.list_experiments()) == before
    assert list(tmp_path.iterdir()) == []


def stage_result(stage: int, values: list[float], metric: MetricName = "ic", base: float | None = None) -> StageResult:
    rows = [
        {"stage": stage, "epoch": epoch, f"train_{metric}": value + 0.05, f"valid_{metric}": value}
        for epoch, value in enumerate(values, start=1)
    ]
    return StageResult(stage, f"stage {stage}", metric, values.index(max(values)) + 1, max(values), base, rows)


@pytest.fixture
def draw(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., list[Any]]:
    """The axes of a training curve, instead of a file."""
    drawn: list[Any] = []
    monkeypatch.setattr("matplotlib.figure.Figure.savefig", lambda figure, path, **_: drawn.append(figure))

    def axes(*results: StageResult) -> list[Any]:
        plot_training_curve(results, tmp_path / "curve.png")
        return list(drawn[-1].axes)

    return axes


def legend(ax: Any) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()]


@pytest.mark.parametrize(("metric", "title"), [("ic", "IC"), ("rank_ic", "RankIC")])
def test_the_curve_has_a_panel_a_stage(draw: Callable[..., list[Any]], metric: MetricName, title: str) -> None:
    """Read off the figure's own lines: each stage's epochs and metrics, and the epoch whose weights are kept."""
    stages = [[0.1, 0.2, 0.15], [0.3, 0.25]]
    axes = draw(*(stage_result(stage, values, metric) for stage, values in enumerate(stages, start=1)))
    assert [ax.get_title(loc="left") for ax in axes] == ["stage 1", "stage 2"]
    assert axes[0].get_ylabel() == title
    for ax, values in zip(axes, stages, strict=True):
        train, valid = ax.lines[0], ax.lines[1]
        assert list(train.get_xdata()) == list(valid.get_xdata()) == list(range(1, len(values) + 1))
        assert list(valid.get_ydata()) == values
        assert list(train.get_ydata()) == pytest.approx([value + 0.05 for value in values])
    assert [legend(ax)[-1] for ax in axes] == ["kept: epoch 2, 0.200", "kept: epoch 1, 0.300"]


def test_the_curve_shows_what_a_stage_has_to_beat(draw: Callable[..., list[Any]]) -> None:
    first, better, worse = draw(
        stage_result(1, [0.1]), stage_result(2, [0.2, 0.3], base=0.25), stage_result(3, [0.2, 0.3], base=0.3)
    )
    assert not any(text.startswith(("base", "kept: base")) for text in legend(first))
    assert legend(better)[-2:] == ["base, 0.250", "kept: epoch 2, 0.300"]
    assert legend(worse)[-1] == "kept: base, 0.300"
    assert list(better.lines[2].get_ydata()) == [0.25, 0.25]
    assert list(worse.lines[2].get_ydata()) == [0.3, 0.3]
