"""The base of our records, with a result that is one number: the mean score."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import result_world
from experiments import start_qlib
from qlib.workflow import R

from qlib_mfgru.errors import InputError
from qlib_mfgru.report.record import ResultRecord, scalars
from qlib_mfgru.settings import Number, Settings, UnknownSetting

INDEX = pd.MultiIndex.from_product([pd.to_datetime(["2024-01-02"]), ["SH600000", "SH600001"]])
PREDICTION = pd.DataFrame({"score": [1.0, 2.0]}, INDEX.set_names(["datetime", "instrument"]))


class MeanSettings(Settings):
    factor: Number = 1.0


class MeanRecord(ResultRecord[float]):
    artifact_path = "mean"
    page = "mean.md"
    settings_kind = MeanSettings
    outputs = result_world.tables | result_world.plots

    def compute(self, prediction: Any, model: str) -> float:
        self.model = model
        return self.settings.factor * float(prediction["score"].mean())

    def title(self, result: float) -> str:
        return f"Mean of {self.model}"

    def conventions(self, result: float) -> list[str]:
        return ["A mean."]

    def metrics(self, result: float) -> dict[str, float]:
        return scalars([result_world.value(result)], by=["pool"])

    def summary(self, result: float) -> str:
        return f"the mean of {self.model} is {result:g}"


@pytest.fixture(scope="module")
def recorder(tiny_provider: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A recorder after its record was made."""
    start_qlib(tiny_provider, tmp_path_factory.mktemp("store") / "mlruns.db")
    with R.start(experiment_name="mean", recorder_name="mine"):
        R.save_objects(**{"pred.pkl": PREDICTION})
        MeanRecord(R.get_recorder(), factor=3).generate()
        return R.get_recorder()


def test_what_a_record_leaves(recorder: Any) -> None:
    record = MeanRecord(recorder)
    assert record.list() == ["value.csv", "kept.csv", "series.pkl", "line.png", "mean.md", "mean.html", "result.pkl"]
    record.check(include_self=True)
    folder = Path(recorder.artifact_uri.removeprefix("file://")) / "mean"
    assert sorted(file.name for file in folder.iterdir()) == sorted(record.list())
    assert (folder / "value.csv").read_text() == "pool,sharpe\nALL,4.5\n"
    assert (folder / "mean.md").read_text().startswith("# Mean of mine\n")
    pd.testing.assert_frame_equal(recorder.load_object("mean/series.pkl"), pd.DataFrame({"x": [4.5, 5.5]}))
    assert recorder.load_object("mean/result.pkl") == 4.5
    assert recorder.list_metrics() == {"ALL.sharpe": 4.5}


def test_all_of_a_record_is_in_its_own_folder(recorder: Any) -> None:
    record = MeanRecord(recorder, factor=2)
    record.artifact_path = "mean/twice"
    record.generate()
    record.check(include_self=True)
    assert recorder.load_object("mean/twice/result.pkl") == 3.0
    pd.testing.assert_frame_equal(recorder.load_object("mean/twice/series.pkl"), pd.DataFrame({"x": [3.0, 4.0]}))
    assert recorder.load_object("mean/result.pkl") == 4.5


def test_skip_existing_does_nothing_twice(recorder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MeanRecord, "compute", lambda *_: pytest.fail("it ran again"))
    assert MeanRecord(recorder, skip_existing=True).generate() is None


def test_settings_are_checked_when_the_record_is_made() -> None:
    with pytest.raises(InputError, match="factor is '2': must be a number"):
        MeanRecord(None, factor="2")
    with pytest.raises(UnknownSetting, match="did you mean 'factor'"):
        MeanRecord(None, factr=2)
    with pytest.raises(TypeError):  # qrun tries this first, and relies on the error
        MeanRecord(None, model=None, dataset=None)


def test_a_record_that_lacks_a_part_cannot_be_made() -> None:
    class Half(ResultRecord[float]):
        settings_kind = MeanSettings

    with pytest.raises(TypeError, match="abstract"):
        Half(None)


def test_scalars_are_named_by_row_and_column() -> None:
    first = pd.DataFrame({"limit": ["0.3", "0.4"], "excess": [0.1, np.nan], "n": [1, 2]})
    second = pd.DataFrame({"limit": ["0.3"], "of": ["size"], "mean": [0.5]})
    assert scalars([first, second], by=["limit", "of"]) == {
        "0.3.excess": 0.1,
        "0.3.n": 1.0,
        "0.4.n": 2.0,
        "0.3.size.mean": 0.5,
    }
