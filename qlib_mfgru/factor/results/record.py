"""``FactorTestRecord``: the factor test of any qlib recorder that holds a prediction."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
from qlib.log import get_module_logger
from qlib.workflow.record_temp import ACRecordTemp
from qlib.workflow.recorder import Recorder

from qlib_mfgru.factor.results import tables
from qlib_mfgru.factor.results.document import document
from qlib_mfgru.factor.results.plots import PLOTS
from qlib_mfgru.factor.settings import FactorTestSettings
from qlib_mfgru.factor.study import FactorTest, run_factor_test
from qlib_mfgru.report import style
from qlib_mfgru.report.recorders import load_prediction, model_name


class FactorTestRecord(ACRecordTemp):
    """The report's single-factor test (REPORT section 4) as a qlib record.

    It reads ``pred.pkl`` only, so it works on recorders of any model. Under ``factor_test/`` it leaves ``summary.csv``
    (the report's columns), ``comparison.csv`` (beside the report's figures), ``statistics.csv``, ``layers.csv``,
    ``exclusions.csv``, ``factor_test.md`` (all tables with their conventions), series as pickles and plots; scalars go
    to the recorder's metrics as ``<pool>.<statistic>``.

    Parameters
    ----------
    recorder : Recorder
    name : str, optional
        What tables call the model; by default the class in the recorder's task, else the recorder's name.
    skip_existing : bool
        Do nothing if all artifacts are there.
    **settings
        Attributes of `FactorTestSettings`: pools, n_layers, freq, winsorize, neutralize, exclude, deal_price, horizons,
        start_time, end_time.

    Raises
    ------
    TypeError
        A keyword that is no setting (qrun relies on this error).
    InputError
        A bad value of a setting; on `generate`, no prediction, or a pool or field that the provider lacks.
    """

    artifact_path = "factor_test"

    def __init__(
        self, recorder: Recorder, name: str | None = None, skip_existing: bool = False, **settings: Any
    ) -> None:
        super().__init__(recorder=recorder, skip_existing=skip_existing)
        self.name = name
        self.settings = FactorTestSettings(**settings)

    def list(self) -> list[str]:
        """Artifacts below ``factor_test/``."""
        return [*_TABLES, "factor_test.md", *_SERIES, *PLOTS]

    def _generate(self, *_: Any, **__: Any) -> dict[str, object]:
        test = run_factor_test(load_prediction(self.recorder), self.settings)
        name = self.name or model_name(self.recorder)
        with tempfile.TemporaryDirectory() as folder:
            write_files(test, name, Path(folder))
            self.recorder.save_objects(local_path=folder, artifact_path=self.artifact_path)
        self.recorder.log_metrics(**tables.metrics(test, name))
        summary = tables.summary(test, name).drop(columns="figure")
        get_module_logger("FactorTest").info(f"factor test of {name}:\n{summary.to_string(index=False)}")
        return {file: series(test) for file, series in _SERIES.items()}


def write_files(test: FactorTest, model: str, folder: Path) -> None:
    """Write all tables, plots and the page into a folder."""
    for file, table in _TABLES.items():
        table(test, model).to_csv(folder / file, index=False)
    (folder / "factor_test.md").write_text(document(test, model), encoding="utf-8")
    for file, plot in PLOTS.items():
        style.save(plot(test), folder / file)


_TABLES = {
    "summary.csv": tables.summary,
    "comparison.csv": lambda test, model: tables.comparison(tables.summary(test, model), test),
    "statistics.csv": lambda test, _: tables.statistics(test),
    "layers.csv": lambda test, _: tables.layers(test),
    "exclusions.csv": lambda test, _: tables.exclusions(test),
}

_SERIES = {
    "ic.pkl": lambda test: pd.concat(
        {pool: pd.concat([p.ic, p.rank_ic, p.autocorrelation], axis=1) for pool, p in test.pools.items()}, axis=1
    ),
    "decay.pkl": lambda test: pd.concat({pool: p.decay for pool, p in test.pools.items()}, axis=1),
    "layers.pkl": lambda test: pd.concat(
        {pool: p.returns.assign(pool=p.pool_returns) for pool, p in test.pools.items()}, axis=1
    ),
    "turnover.pkl": lambda test: pd.concat({pool: p.turnover for pool, p in test.pools.items()}, axis=1),
    "exclusions.pkl": lambda test: pd.concat({pool: p.counts for pool, p in test.pools.items()}, axis=1),
}
