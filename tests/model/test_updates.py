"""qlib's updaters on our recorders: they change dates and segments of a saved dataset, and read it again."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import tiny_world
from qlib.workflow import R
from qlib.workflow.online.update import LabelUpdater, PredUpdater
from qlib.workflow.record_temp import SignalRecord
from qlib.workflow.recorder import Recorder
from tiny_world import DAYS, FAST

from qlib_mfgru.model import GRUModel


@pytest.fixture
def recorder(tiny_qlib: Path, panel_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """A model and its prediction of days 130 to 139 of 160."""
    monkeypatch.chdir(tmp_path)
    dataset = tiny_world.dataset(panel_cache, segments={"train": (DAYS[0], DAYS[129]), "test": (DAYS[130], DAYS[139])})
    model = GRUModel(**FAST | {"max_epochs": 1})
    model.fit(dataset)
    with R.start(experiment_name="updates"):
        running: Recorder = R.get_recorder()
        SignalRecord(model=model, dataset=dataset, recorder=running).generate()
        running.save_objects(**{"params.pkl": model, "dataset": dataset})
    return running


def test_predictions_and_labels_are_brought_up_to_a_date(recorder: Recorder) -> None:
    model, dataset = recorder.load_object("params.pkl"), recorder.load_object("dataset")
    expected = model.predict(dataset, (DAYS[130], DAYS[149]))
    PredUpdater(recorder, to_date=DAYS[149]).update()
    updated = recorder.load_object("pred.pkl")
    pd.testing.assert_series_equal(updated["score"], expected, check_exact=True)
    LabelUpdater(recorder, to_date=DAYS[149]).update()
    labels = recorder.load_object("label.pkl")
    assert list(labels.index.unique("datetime")) == list(DAYS[130:150])
    assert labels["LABEL0"].notna().all()
