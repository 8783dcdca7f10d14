"""A model on a plain cn_data, without any ingest: from the handler to the recorded prediction."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from experiments import start_qlib
from plain_market import DAYS, write_plain_market
from qlib.workflow import R
from qlib.workflow.record_temp import SignalRecord
from tiny_world import FAST

from qlib_mfgru.data import MultiFreqDataset, MultiFreqHandler
from qlib_mfgru.model import GRUModel


def test_a_model_learns_and_predicts_without_vwap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    start_qlib(write_plain_market(tmp_path / "cn_data"), tmp_path / "mlruns.db")
    handler = MultiFreqHandler(
        "csi300",
        inputs={"day": {"days": 10, "scale": "last"}},
        label="Ref($close, -3) / Ref($close, -1) - 1",
        missing_vwap="typical",
        cache_dir=tmp_path / "panels",
    )
    dataset = MultiFreqDataset(handler, {"train": (DAYS[0], DAYS[80]), "test": (DAYS[85], DAYS[95])}, sample_step=2)
    model = GRUModel(freq="day", **FAST | {"max_epochs": 1})
    model.fit(dataset)
    with R.start(experiment_name="plain"):
        recorder = R.get_recorder()
        SignalRecord(model=model, dataset=dataset, recorder=recorder).generate()
        scores = recorder.load_object("pred.pkl")["score"]
    assert scores.index.get_level_values("instrument").nunique() == 10
    assert scores.index.get_level_values("datetime").nunique() == 11
    assert np.isfinite(scores).all()
    assert scores.std() > 0
