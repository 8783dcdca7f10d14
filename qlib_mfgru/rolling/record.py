"""What a rolling run leaves in the recorder, under ``rolling/``."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from qlib.workflow import R

from qlib_mfgru.machine import advice
from qlib_mfgru.rolling.work.about import row_of, validation_of

FOLDER = "rolling"


def save_folds(table: pd.DataFrame) -> None:
    """``folds.csv``: the folds in literal dates, saved before anything trains."""
    with advice(tempfile.gettempdir()), tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "folds.csv")
        table.to_csv(path, index=False)
        R.save_objects(local_path=str(path), artifact_path=FOLDER)


def save_units(units: Sequence[Mapping[str, Any]], scores: Mapping[int, pd.Series]) -> None:
    """``units.csv``, ``training_history.json``, every member's scores, and the metrics ``valid_<metric>``, the mean of
    all units, and ``folds/valid_<metric>`` by fold.

    Parameters
    ----------
    units : sequence of mapping
        What each unit says about itself.
    scores : mapping of int to Series
        Seed -> its stitched prediction; kept as ``score_seed<seed>.pkl``, in the form of ``pred.pkl``.
    """
    table = pd.DataFrame([row_of(unit) for unit in units])
    histories = [{name: unit[name] for name in ("fold", "seed", "history")} for unit in units]
    with advice(tempfile.gettempdir()), tempfile.TemporaryDirectory() as folder:
        table.to_csv(Path(folder, "units.csv"), index=False)
        Path(folder, "training_history.json").write_text(json.dumps(histories, indent=1))
        for path in Path(folder).iterdir():
            R.save_objects(local_path=str(path), artifact_path=FOLDER)
    members = {f"score_seed{seed}.pkl": score.to_frame() for seed, score in scores.items()}
    R.save_objects(artifact_path=FOLDER, **members)
    validations = pd.DataFrame([validation_of(unit) for unit in units])
    R.log_metrics(**{f"valid_{name}": float(value) for name, value in validations.mean().items()})
    for fold, values in validations.groupby(table["fold"]).mean().iterrows():
        R.log_metrics(step=int(str(fold)), **{f"folds/valid_{name}": float(value) for name, value in values.items()})
