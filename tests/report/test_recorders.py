"""What a recorder holds and what its model is called, also where another recorder that it names is gone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from experiments import start_qlib
from qlib.workflow import R

from qlib_mfgru.errors import InputError
from qlib_mfgru.report import recorders
from qlib_mfgru.report.recorders import has_artifact, load_result, model_name, newest_recorders


def recorder(name: str, model: dict[str, Any]) -> Any:
    with R.start(experiment_name="recorders", recorder_name=name):
        R.save_objects(task={"model": model})
        return R.get_recorder()


@pytest.fixture
def source(tiny_provider: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    start_qlib(tiny_provider, tmp_path / "mlruns.db")
    return recorder("source", {"class": "GRUModel", "kwargs": {"freq": "day"}})


def test_a_copy_is_called_as_its_source_while_that_is_there(source: Any) -> None:
    copy = recorder("copy", {"class": "RecordedModel", "kwargs": {"recorder_id": source.id}})
    assert model_name(copy) == model_name(copy, R.exp_manager) == "GRUModel (day)"
    R.exp_manager.client.delete_run(source.id)
    assert model_name(copy) == "copy"


def test_an_experiments_recorders_are_found_on_all_pages_of_the_store(
    source: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorders, "_PAGE", 2)
    source.save_objects(**{"pred.pkl": 1})
    other, _, again = (recorder(name, {"class": "GRUModel"}) for name in ("other", "again", "again"))
    assert [each.id for each in newest_recorders("recorders", "task")] == [again.id, other.id, source.id]
    assert [each.id for each in newest_recorders("recorders", "pred.pkl")] == [source.id], "the oldest of four"


def test_artifacts_in_folders_are_found_and_damage_is_not_absence(source: Any) -> None:
    source.save_objects(artifact_path="deep/inside", **{"result.pkl": 1})
    assert has_artifact(source, "task")
    assert has_artifact(source, "deep/inside/result.pkl")
    assert not has_artifact(source, "inside/result.pkl")
    assert load_result(source, "deep/inside") == 1
    Path(source.artifact_uri.removeprefix("file://"), "deep/inside/result.pkl").write_bytes(b"")
    with pytest.raises(InputError, match=r"^the deep/inside/result.pkl of the recorder .* is damaged or of another"):
        load_result(source, "deep/inside")
    with pytest.raises(InputError, match=r"has no deep/result.pkl: run its record again$"):
        load_result(source, "deep")
