"""What a fit leaves in qlib's recorder: an IC an epoch, the history, the curve; and nothing where none runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from mlflow.tracking import MlflowClient
from qlib.workflow import R
from qlib_mfgru.model.curve import plot_training_curve
from tiny_world import FAST

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.model import GRUModel, IncrementalGRUModel, MeanModel

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
    names = {f"stage{stage}_{name}" for stage in (1, 2) for name in ("train_ic", "valid_ic")}
    assert set(recorder.list_metrics()) == names
    for stage in (1, 2):
        for name in ("train_ic", "valid_ic"):
            rows = history_of(model, stage, name)
            assert [epoch for epoch, _ in rows] == [1, 2, 3]
            entries = logged(tiny_qlib, recorder, f"stage{stage}_{name}")
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
    assert set(metrics) == {f"member{k}_stage1_{name}" for k in (1, 2) for name in ("train_ic", "valid_ic")}
    for k, member in enumerate(model.members, start=1):
        assert isinstance(member, GRUModel)
        assert metrics[f"member{k}_stage1_valid_ic"] == pytest.approx(member.history[-1]["valid_ic"])


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


def test_the_curve_has_a_panel_a_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read off the figure's own lines: each stage's epochs and ICs, and the epoch whose weights are kept."""
    drawn: list[Any] = []
    monkeypatch.setattr("matplotlib.figure.Figure.savefig", lambda figure, path, **_: drawn.append(figure))
    stages = [(1, [0.1, 0.2, 0.15]), (2, [0.3, 0.25])]
    history = [
        {"stage": stage, "epoch": epoch, "train_ic": ic + 0.05, "valid_ic": ic}
        for stage, ics in stages
        for epoch, ic in enumerate(ics, start=1)
    ]
    plot_training_curve(history, ["daily", "15-minute"], tmp_path / "curve.png")
    axes = drawn[0].axes
    assert [ax.get_title() for ax in axes] == ["daily", "15-minute"]
    for ax, (_, ics) in zip(axes, stages, strict=True):
        train, valid = ax.lines[0], ax.lines[1]
        assert list(train.get_xdata()) == list(valid.get_xdata()) == list(range(1, len(ics) + 1))
        assert list(valid.get_ydata()) == ics
        assert list(train.get_ydata()) == pytest.approx([ic + 0.05 for ic in ics])
    kept = [ax.get_legend().get_texts()[-1].get_text() for ax in axes]
    assert kept == ["kept: epoch 2, 0.200", "kept: epoch 1, 0.300"]
