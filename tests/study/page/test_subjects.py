"""Which model a recorder is of: the Huatai report's, the one behind a prediction, one of several that are alike."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from matplotlib.figure import Figure
from parsed import ParsedPage
from qlib.workflow import R
from study_recorders import POOLS, Recorders, history

from qlib_mfgru.factor import FactorTestRecord
from qlib_mfgru.study import report
from qlib_mfgru.study.page.subjects import Subject, _recorders, _reports, called, read_subjects
from qlib_mfgru.study.page.words import Words


def rolling(**kwargs: Any) -> dict[str, Any]:
    return {"class": "RollingEnsembleModel", "kwargs": kwargs}


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ({"class": "GRUModel"}, "gru"),
        ({"class": "GRUModel", "kwargs": {"freq": "15min", "lr": 0.1}}, "gru"),
        ({"class": "GRUModel", "kwargs": {"freq": "day"}}, ""),
        (rolling(model={"class": "IncrementalGRUModel"}, retrain="6M"), "incremental"),
        (rolling(model={"class": "AttentionGRUModel"}, freq="day"), ""),
        ({"class": "LGBModel", "kwargs": {"loss": "mse"}}, ""),
        ({"class": "MeanModel", "kwargs": {"members": [{"class": "GRUModel"}]}}, ""),
    ],
)
def test_a_network_of_other_bars_is_not_the_reports(model: dict[str, Any], name: str) -> None:
    assert _reports({"model": model}) == name


def test_a_recorder_without_a_model_is_of_none() -> None:
    assert _reports({}) == ""


@pytest.mark.parametrize("model", [object(), "some.where.Model"])
def test_a_model_that_is_no_config_is_of_its_own_recorder(model: Any, recorders: Recorders, tmp_path: Path) -> None:
    """As where a task was made of objects in Python."""
    with R.start(experiment_name="objects", recorder_name="objects"):
        R.save_objects(task={"model": model, "dataset": model})
        recorder = R.get_recorder()
    file = tmp_path / "training_history.json"
    file.write_text(json.dumps(history(stages=1)))
    recorder.save_objects(local_path=str(file))
    (subject,) = read_subjects([f"mine={recorder.id}"], R.exp_manager)
    assert (subject.name, subject.origin, subject.model) == ("mine", recorder.id, "")


def test_a_prediction_whose_recorder_is_gone_is_still_of_it(recorders: Recorders) -> None:
    client = R.exp_manager.client
    client.delete_run(recorders.network)
    try:
        subjects = read_subjects([recorders.portfolios, recorders.lightgbm], R.exp_manager)
    finally:
        client.restore_run(recorders.network)
    assert [(each.name, each.origin, each.is_copy, each.model) for each in subjects] == [
        ("SomeModel", recorders.network, True, ""),
        ("LGBModel", recorders.lightgbm, False, ""),
    ]
    assert [each.result.index for each in subjects[0].enhancements] == ["CSI1000", "CSI300"]


def test_a_recorder_that_nobody_named_is_called_as_its_model(recorders: Recorders, tmp_path: Path) -> None:
    task = {"model": {"class": "GRUModel", "module_path": "somewhere", "kwargs": {"freq": "day"}}}
    with R.start(experiment_name="unnamed"):
        R.save_objects(task=task)
        recorder = R.get_recorder()
    file = tmp_path / "training_history.json"
    file.write_text(json.dumps(history(stages=1)))
    recorder.save_objects(local_path=str(file))
    own, given = (read_subjects([text], R.exp_manager)[0].name for text in (recorder.id, f"mine={recorder.id}"))
    assert (own, given) == ("GRUModel (day)", "mine")


@pytest.fixture(scope="module")
def second(recorders: Recorders) -> str:
    """A recorder with another factor test of the prediction of `Recorders.lightgbm`: four layers."""
    model = {"class": "RecordedModel", "module_path": "somewhere", "kwargs": {"recorder_id": recorders.lightgbm}}
    scores = R.get_recorder(recorder_id=recorders.lightgbm, experiment_name="study").load_object("pred.pkl")
    with R.start(experiment_name="second", recorder_name="second"):
        R.save_objects(**{"task": {"model": model}, "pred.pkl": scores})
        record = FactorTestRecord(R.get_recorder(), **{**POOLS, "n_layers": 4})
        record.write = lambda *_: None  # type: ignore[method-assign]
        record.generate()
        return str(R.get_recorder().id)


@pytest.mark.parametrize("copy_first", [False, True])
def test_two_factor_tests_of_one_prediction_are_told_apart(
    copy_first: bool, recorders: Recorders, second: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In tables, conventions and links; of two they are the best, and the prediction itself stays one."""
    monkeypatch.setattr("qlib_mfgru.study.page.draw.inline_svg", lambda figure, key: f'<svg id="{key}"></svg>')
    monkeypatch.setattr("qlib_mfgru.study.page.draw.Drawer.plot", lambda self, *_: self.drawn(Figure, "chart"))
    ids = [second, recorders.lightgbm] if copy_first else [recorders.lightgbm, second]
    page = report([*ids, recorders.network], provider=recorders.provider, store=recorders.uri)
    parsed, other = ParsedPage(page.html), f"LGBModel {second[:6]}"
    of_pool = [other, "LGBModel"] if copy_first else ["LGBModel", other]
    assert [row["model"][0] for row in parsed.table("figure-other").rows] == of_pool * 2
    assert "Best of 3 factors" in parsed.texts["summary"]
    assert f"{other}: Layers: 4 of equal size" in parsed.texts["conventions"]
    assert len(parsed.ids) == len(set(parsed.ids))
    assert {f"factor-{recorders.lightgbm}", f"factor-{second}"} <= set(parsed.ids)
    pairs = [(row["model_a"][0], row["model_b"][0]) for row in parsed.table("figure-33").rows]
    assert pairs == [("LGBModel", "IncrementalGRUModel")]
    assert " · 2 models · " in page.html[page.html.index("<title>") : page.html.index("</title>")]


@pytest.mark.parametrize(("language", "name"), [("en", "15-minute GRU 0b1f5c"), ("zh", "15 分钟频 GRU 0b1f5c")])
def test_a_second_test_of_the_reports_model_has_the_words_for_it(language: Any, name: str) -> None:
    recorder: Any = SimpleNamespace(id="0b1f5c3e7d2a")
    subject = Subject("gru 0b1f5c", recorder, task={}, origin="9989a732b7de", model="gru")
    assert called(subject, Words(language)).name == name


def test_all_recorders_of_a_large_experiment_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """mlflow gives the first thousand where it is not asked for more."""

    class Client:
        def get_experiment_by_name(self, name: str) -> Any:
            return SimpleNamespace(experiment_id="1")

        def search_runs(self, ids: list[str], wanted: str, max_results: int = 1000, **_: Any) -> list[Any]:
            runs = [SimpleNamespace(info=SimpleNamespace(run_id=str(number))) for number in range(1200)]
            return runs[:max_results]

    manager: Any = SimpleNamespace(client=Client())
    monkeypatch.setattr("qlib_mfgru.study.page.subjects.find_recorder", lambda run_id, _: run_id)
    assert list(_recorders("large", manager)) == [("", str(number)) for number in range(1200)]
