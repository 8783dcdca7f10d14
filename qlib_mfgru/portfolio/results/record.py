"""``IndexEnhancementRecord``: the portfolios of one index as a qlib record."""

from __future__ import annotations

from typing import Any, ClassVar

from qlib.workflow.recorder import Recorder

from qlib_mfgru.portfolio.results import plots, tables
from qlib_mfgru.portfolio.results.conventions import conventions
from qlib_mfgru.portfolio.settings import IndexEnhancementSettings
from qlib_mfgru.portfolio.trade.backtest import check_provider, run_index_enhancement
from qlib_mfgru.portfolio.trade.portfolios import IndexEnhancement
from qlib_mfgru.portfolio.value_types import Subfolder
from qlib_mfgru.report.outputs import Outputs
from qlib_mfgru.report.record import ResultRecord
from qlib_mfgru.settings import checked


class IndexEnhancementRecord(ResultRecord[IndexEnhancement]):
    """The index enhancement of the Huatai report (figures 34 to 49) of any recorder that holds ``pred.pkl``.

    A portfolio for each turnover limit is backtested. Under ``index_enhancement/`` it leaves ``performance.csv`` and
    ``yearly.csv`` (that report's columns), ``comparison.csv`` and ``yearly_comparison.csv`` (next to that report's
    figures), ``statistics.csv``, ``exposures.csv``, ``relaxed.csv``, ``untradable.csv``, ``index_holes.csv``,
    ``rebalances.csv`` (the solver's log), ``index_enhancement.md`` (all tables with their conventions),
    ``index_enhancement.html`` (the same with the plots, to look at in mlflow), ``daily.pkl``, ``positions.pkl``,
    ``exposures.pkl`` and plots; annual excess, information ratio and excess drawdown are metrics of the recorder, as
    ``<INDEX>.<limit>.<measure>``, and so are the counts of failed, forced and relaxed rebalances.

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
    UnknownSetting
        A keyword that is no setting (a TypeError, which qrun relies on).
    InputError
        A bad value of a setting; on `generate`, no prediction, or what the provider lacks.
    """

    artifact_path = "index_enhancement"
    page: ClassVar[str] = "index_enhancement.md"
    settings_kind = IndexEnhancementSettings
    outputs: ClassVar[Outputs[Any]] = tables.outputs | plots.outputs

    def __init__(
        self,
        recorder: Recorder,
        name: str | None = None,
        folder: str | None = None,
        skip_existing: bool = False,
        **settings: Any,
    ) -> None:
        super().__init__(recorder, name, skip_existing, **settings)
        if checked(Subfolder | None, "folder", folder):
            self.artifact_path = f"{type(self).artifact_path}/{folder}"

    def compute(self, prediction: Any, model: str) -> IndexEnhancement:
        """Backtest the portfolios of a prediction."""
        return run_index_enhancement(prediction, self.settings, model)

    def check_ahead(self) -> None:
        """Look for the index, the fields and the benchmark's levels."""
        check_provider(self.settings)

    def title(self, result: IndexEnhancement) -> str:
        """Index and model."""
        return f"{result.index} enhancement with {result.model}"

    def conventions(self, result: IndexEnhancement) -> list[str]:
        """Of all tables."""
        return conventions(result)

    @property
    def subject(self) -> str:
        """The index."""
        return str(self.settings.index).upper()

    def metrics(self, result: IndexEnhancement) -> dict[str, float]:
        """See `tables.metrics`."""
        return tables.metrics(result)

    def summary(self, result: IndexEnhancement) -> str:
        """The table of performance, and what did not go as planned."""
        table = tables.performance(result).drop(columns="figure").to_string(index=False)
        return "\n".join([f"enhancement with {result.model}:", table, *tables.incidents(result)])
