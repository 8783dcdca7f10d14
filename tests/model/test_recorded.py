"""``RecordedModel``: recorded dates as they are, later ones by the model that lies beside them."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import tiny_world
from qlib.workflow import R
from qlib.workflow.online.update import PredUpdater
from qlib.workflow.record_temp import SignalRecord
from qlib.workflow.recorder import Recorder
from tiny_world import DAYS, FAST, INPUTS

from qlib_mfgru.data import MultiFreqDataset, MultiFreqHandler
from qlib_mfgru.errors import InputError
from qlib_mfgru.model import GRUModel, RecordedModel

SEGMENTS = {"train": (DAYS[0], DAYS[129]), "test": (DAYS[130], DAYS[139])}


def made(model: Any, dataset: MultiFreqDataset, *kept: str) -> Recorder:
    """A recorder with the prediction of days 130 to 139, and what is `kept` beside it."""
    with R.start(experiment_name="recorded"):
        running: Recorder = R.get_recorder()
        SignalRecord(model=model, dataset=dataset, recorder=running).generate()
        running.save_objects(**{name: {"params.pkl": model, "dataset": dataset}[name] for name in kept})
    return running


@pytest.fixture(scope="module")
def fitted(tiny_qlib: Path, panel_cache: Path) -> tuple[GRUModel, MultiFreqDataset]:
    dataset = tiny_world.dataset(panel_cache, segments=SEGMENTS)
    model = GRUModel(**FAST | {"max_epochs": 1})
    model.fit(dataset)
    return model, dataset


Fitted = tuple[GRUModel, MultiFreqDataset]


@pytest.mark.parametrize("kept", [("params.pkl", "dataset"), ("params.pkl",)])
def test_later_dates_are_predicted_and_recorded_ones_are_not(fitted: Fitted, kept: tuple[str, ...]) -> None:
    model, dataset = fitted
    recorder = made(model, dataset, *kept)
    recorder.save_objects(**{"pred.pkl": recorder.load_object("pred.pkl") * 0 + 7})
    scores = RecordedModel(recorder.id).predict(dataset, (DAYS[120], DAYS[149]))
    assert list(scores.index.unique("datetime")) == list(DAYS[130:150])
    assert (scores.loc[: DAYS[139]] == 7).all()
    expected = model.predict(dataset, (DAYS[140], DAYS[149]))
    pd.testing.assert_series_equal(scores.loc[DAYS[140] :], expected, check_exact=True)
    assert RecordedModel(recorder.id).predict(dataset).eq(7).all()
    later = RecordedModel(recorder.id).predict(dataset, (DAYS[145], None))
    assert list(later.index.unique("datetime")) == list(DAYS[145:])


def test_the_recorders_own_dataset_is_read(fitted: Fitted, panel_cache: Path) -> None:
    """A recorder's scores go on as they began, whatever the stocks and windows of another dataset are."""
    model, dataset = fitted
    recorder = made(model, dataset, "params.pkl", "dataset")
    inputs = {"day": {"days": 7, "scale": "mean"}}
    few = tiny_world.dataset(panel_cache, segments=SEGMENTS, inputs=inputs, instruments=["SH600000", "SH600001"])
    scores = RecordedModel(recorder.id).predict(few, (DAYS[140], DAYS[149]))
    pd.testing.assert_series_equal(scores, model.predict(dataset, (DAYS[140], DAYS[149])), check_exact=True)


def test_a_recorder_without_a_model(fitted: Fitted, caplog: pytest.LogCaptureFixture) -> None:
    model, dataset = fitted
    recorder = made(model, dataset)
    with pytest.raises(InputError, match=r"no score in 2020-07-15 \.\. 2020-07-28, nor a model \(params\.pkl\)"):
        RecordedModel(recorder.id).predict(dataset, (DAYS[140], DAYS[149]))
    scores = RecordedModel(recorder.id).predict(dataset, (DAYS[135], DAYS[149]))
    assert list(scores.index.unique("datetime")) == list(DAYS[135:140])
    with pytest.raises(InputError, match="has no score in 2020-01-01"):
        RecordedModel(recorder.id).predict(dataset, (DAYS[0], DAYS[9]))


def test_later_dates_without_windows_are_named_and_left_out(
    fitted: Fitted, panel_cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As where bars of 15 minutes end before the daily ones, and a segment is open."""
    model, dataset = fitted
    recorder = made(model, dataset, "params.pkl")
    handler = MultiFreqHandler(inputs=INPUTS, end_time=DAYS[139], cache_dir=panel_cache)
    short = MultiFreqDataset(handler, SEGMENTS)
    with caplog.at_level(logging.WARNING):
        scores = RecordedModel(recorder.id).predict(short, (DAYS[135], None))
    assert list(scores.index.unique("datetime")) == list(DAYS[135:140])
    later = f"{DAYS[140]:%Y-%m-%d} .. {DAYS[-1]:%Y-%m-%d}"
    (said,) = [record.getMessage() for record in caplog.records if "no score" in record.getMessage()]
    assert said.startswith(
        f"no score in {later}: no stock has complete windows of 15min on any day of {later}; 15min has some in "
    )
    assert said.endswith(f" .. {DAYS[139]:%Y-%m-%d}")
    with pytest.raises(InputError, match="no stock has complete windows of 15min"):
        RecordedModel(recorder.id).predict(short, (DAYS[140], None))


def test_qlibs_updater_continues_an_enhancements_recorder(fitted: Fitted) -> None:
    """And that of a recorder of such a recorder; the first one's prediction stays as it was."""
    model, dataset = fitted
    first = made(model, dataset, "params.pkl", "dataset")
    before = first.load_object("pred.pkl")
    second = made(RecordedModel(first.id), dataset, "params.pkl", "dataset")
    third = made(RecordedModel(second.id), dataset, "params.pkl", "dataset")
    expected = model.predict(dataset, (DAYS[130], DAYS[149]))
    for recorder in (third, second):
        PredUpdater(recorder, to_date=DAYS[149]).update()
        pd.testing.assert_series_equal(recorder.load_object("pred.pkl")["score"], expected, check_exact=True)
    pd.testing.assert_frame_equal(first.load_object("pred.pkl"), before, check_exact=True)
