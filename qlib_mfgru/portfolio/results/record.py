"""``IndexEnhancementRecord``: the portfolios of one index as a qlib record."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
from qlib.log import get_module_logger
from qlib.workflow.record_temp import ACRecordTemp
from qlib.workflow.recorder import Recorder

from qlib_mfgru.portfolio.results import tables
from qlib_mfgru.portfolio.results.document import document
from qlib_mfgru.portfolio.results.plots import PLOTS
from qlib_mfgru.portfolio.results.result import IndexEnhancement
from qlib_mfgru.portfolio.settings import IndexEnhancementSettings
from qlib_mfgru.portfolio.trade.backtest import run_index_enhancement
from qlib_mfgru.report import style
from qlib_mfgru.report.recorders import load_prediction, model_name


class IndexEnhancementRecord(ACRecordTemp):
    """The report's index enhancement (figures 34 to 49) of any recorder that holds ``pred.pkl``, as a qlib record.

    A portfolio for each turnover limit is backtested. Under ``index_enhancement/`` it leaves ``performance.csv`` and
    ``yearly.csv`` (the report's columns), ``comparison.csv`` and ``yearly_comparison.csv`` (beside the report's
    figures), ``statistics.csv``, ``exposures.csv``, ``relaxed.csv``, ``rebalances.csv`` (the solver's log),
    ``index_enhancement.md`` (all tables with their conventions), ``daily.pkl``, ``positions.pkl``, ``exposures.pkl``
    and plots; scalars go to the recorder's metrics as ``<INDEX>.<limit>.<measure>``.

    Parameters
    ----------
    recorder : Recorder
    name : str, optional
        What tables call the model; by default the class in the recorder's task, else the recorder's name.
    folder : str, optional
        Below ``index_enhancement/``: for several of these records in one recorder.
    skip_existing : bool
        Do nothing if all artifacts are there.
    **settings
        Attributes of `IndexEnhancementSettings`; ``index`` is needed.

    Raises
    ------
    TypeError
        A keyword that is no setting (qrun relies on this error).
    InputError
        A bad value of a setting; on `generate`, no prediction, or a field that the provider lacks.
    """

    artifact_path = "index_enhancement"

    def __init__(
        self,
        recorder: Recorder,
        name: str | None = None,
        folder: str | None = None,
        skip_existing: bool = False,
        **settings: Any,
    ) -> None:
        super().__init__(recorder=recorder, skip_existing=skip_existing)
        self.name = name
        self.settings = IndexEnhancementSettings(**settings)
        if folder:
            self.artifact_path = f"{type(self).artifact_path}/{folder}"

    def list(self) -> list[str]:
        """Artifacts below ``index_enhancement/``."""
        return [*_TABLES, "index_enhancement.md", *_SERIES, *PLOTS]

    def _generate(self, *_: Any, **__: Any) -> dict[str, object]:
        result = run_index_enhancement(load_prediction(self.recorder), self.settings)
        name = self.name or model_name(self.recorder)
        with tempfile.TemporaryDirectory() as folder:
            write_files(result, name, Path(folder))
            self.recorder.save_objects(local_path=folder, artifact_path=self.artifact_path)
        index = self.settings.index.upper()
        self.recorder.log_metrics(**{f"{index}.{key}": value for key, value in tables.metrics(result).items()})
        shown = tables.performance(result).drop(columns="figure")
        get_module_logger("IndexEnhancement").info(f"enhancement with {name}:\n{shown.to_string(index=False)}")
        return {file: series(result) for file, series in _SERIES.items()}


def write_files(result: IndexEnhancement, model: str, folder: Path) -> None:
    """Write all tables, plots and the page into a folder."""
    for file, table in _TABLES.items():
        table(result).to_csv(folder / file, index=False)
    (folder / "index_enhancement.md").write_text(document(result, model), encoding="utf-8")
    for file, plot in PLOTS.items():
        style.save(plot(result), folder / file)


_TABLES: dict[str, Callable[[IndexEnhancement], pd.DataFrame]] = {
    **tables.TABLES,
    "rebalances.csv": lambda result: _stacked(result, "rebalances").reset_index(),
}

_SERIES = {
    "daily.pkl": lambda result: _stacked(result, "report"),
    "positions.pkl": lambda result: _stacked(result, "positions"),
    "exposures.pkl": lambda result: _stacked(result, "exposures"),
}


def _stacked(result: IndexEnhancement, frame: str) -> pd.DataFrame:
    """A frame of all portfolios, by turnover limit."""
    return pd.concat({run.limit: getattr(run, frame) for run in result.runs}, names=["turnover_limit"])
