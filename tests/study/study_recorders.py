"""Recorders as they come: of a network, of another model, of portfolios, of a rolling run, of a prediction alone."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import made_up_runs
import market_world
import pandas as pd
from qlib.workflow import R
from qlib.workflow.recorder import Recorder

from qlib_mfgru.factor import FactorTestRecord
from qlib_mfgru.portfolio import IndexEnhancementRecord

POOLS: dict[str, Any] = {"pools": ["few", "all"], "n_layers": 5}
SEGMENTS = {"train": ["2020-01-01", "2022-12-30"], "test": ["2023-01-02", "2023-03-31"]}
DAYS = 600
"""Of the made-up portfolios: 2021-12-16 on."""


@dataclass(frozen=True)
class Recorders:
    """Ids by what they are, and where."""

    provider: Path
    store: Path
    network: str
    lightgbm: str
    portfolios: str
    rolling: str
    bare: str

    @property
    def uri(self) -> str:
        return f"sqlite:///{self.store}"

    @property
    def all(self) -> list[str]:
        return [self.network, self.lightgbm, self.portfolios, self.rolling]

    def folder(self, recorder_id: str) -> Path:
        return Path(
            R.get_recorder(recorder_id=recorder_id, experiment_name="study").artifact_uri.removeprefix("file://")
        )


def make_recorders(provider: Path, store: Path) -> Recorders:
    network = _recorder("IncrementalGRUModel", {"seed": 7}, 5, provider)
    _save_text(network, {"training_history.json": json.dumps(history(stages=3))})
    network.log_metrics(stage1_epoch=3.0, stage2_epoch=4.0, stage3_epoch=0.0)
    _generate(FactorTestRecord(network, **POOLS))
    lightgbm = _recorder("LGBModel", {"num_leaves": 31}, 6, provider)
    _generate(FactorTestRecord(lightgbm, **POOLS))
    portfolios = _recorder("RecordedModel", {"recorder_id": network.id}, 5, provider)
    for index in ("csi300", "csi1000"):
        _enhance(portfolios, index)
    inner = {"class": "GRUModel", "module_path": "qlib_mfgru.model", "kwargs": {}}
    rolling = _recorder("RollingEnsembleModel", {"model": inner, "seeds": [0, 1]}, 8, provider)
    units = [{"fold": 0, "seed": seed, "history": history(stages=1)} for seed in (0, 1)]
    table = pd.DataFrame({"key": ["0badc0de", "600dc0de"], "fold": [0, 0], "seed": [0, 1], "valid_ic": [0.11, 0.12]})
    texts = {"training_history.json": json.dumps(units), "units.csv": table.to_csv(index=False)}
    _save_text(rolling, texts, "rolling")
    with R.start(experiment_name="study", recorder_name="bare"):
        R.save_objects(**{"pred.pkl": market_world.to_scores(market_world.random_scores(9))})
        bare = R.get_recorder()
    return Recorders(provider, store, network.id, lightgbm.id, portfolios.id, rolling.id, bare.id)


def history(stages: int) -> list[dict[str, Any]]:
    """Four epochs a stage, the third of them the best on validation."""
    values = (0.02, 0.05, 0.08, 0.07)
    return [
        {"stage": stage, "epoch": epoch, "train_ic": 0.03 * epoch, "valid_ic": value + stage / 100, "seconds": 0.1}
        for stage in range(1, stages + 1)
        for epoch, value in enumerate(values, start=1)
    ]


def _recorder(model: str, kwargs: dict[str, Any], seed: int, provider: Path) -> Recorder:
    task = {
        "model": {"class": model, "module_path": "somewhere", "kwargs": kwargs},
        "dataset": {"kwargs": {"segments": SEGMENTS}},
        "record": [],
    }
    with R.start(experiment_name="study", recorder_name="mine"):
        config = {"qlib_init": {"provider_uri": str(provider)}}
        scores = market_world.to_scores(market_world.random_scores(seed))
        R.save_objects(**{"task": task, "config": config, "pred.pkl": scores})
        return R.get_recorder()


def _enhance(recorder: Recorder, index: str) -> None:
    record = IndexEnhancementRecord(recorder, index=index, folder=index)
    record.compute = lambda *_: made_up_runs.result(DAYS, (0.3, 0.5), index)  # type: ignore[method-assign]
    _generate(record)


def _generate(record: Any) -> None:
    """Without pictures, which take longer than all else."""

    def write(result: Any, folder: Path) -> None:
        for file, table in record.outputs.tables.items():
            table(result).to_csv(folder / file, index=False)

    record.write = write
    record.generate()


def _save_text(recorder: Recorder, texts: dict[str, str], folder: str | None = None) -> None:
    with tempfile.TemporaryDirectory() as place:
        for name, text in texts.items():
            Path(place, name).write_text(text)
            recorder.save_objects(local_path=str(Path(place, name)), artifact_path=folder)
