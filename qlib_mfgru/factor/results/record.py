"""``FactorTestRecord``: the factor test of any qlib recorder that holds a prediction."""

from __future__ import annotations

from typing import Any

from qlib_mfgru.factor.inputs import check_provider
from qlib_mfgru.factor.results import plots, tables
from qlib_mfgru.factor.results.conventions import conventions, titled
from qlib_mfgru.factor.settings import FactorTestSettings
from qlib_mfgru.factor.study import FactorTest, run_factor_test
from qlib_mfgru.report.record import ResultRecord


class FactorTestRecord(ResultRecord[FactorTest]):
    """The Huatai report's single-factor test (figures 15 to 32) as a qlib record.

    It reads ``pred.pkl`` only, so it works on recorders of any model. Under ``factor_test/`` it leaves ``summary.csv``
    (the columns of figures 15 and 24), ``comparison.csv`` (next to their rows), ``statistics.csv``, ``layers.csv``,
    ``exclusions.csv``, ``factor_test.md`` (all tables with their conventions), ``factor_test.html`` (the same with the
    plots, to look at in mlflow), series as pickles and plots; ``<pool>.rank_ic_mean`` and ``<pool>.top_annual_excess``
    are metrics of the recorder.

    Parameters
    ----------
    recorder : Recorder
    name : str, optional
        What tables call the model; by default the class in the recorder's task, else the recorder's name.
    skip_existing : bool
        Do nothing if all artifacts are there.
    **settings
        Attributes of `FactorTestSettings`: pools, n_layers, freq, winsorize, neutralize, exclude, entry,
        compare_entries, horizons, start_time, end_time.

    Raises
    ------
    UnknownSetting
        A keyword that is no setting (a TypeError, which qrun relies on).
    InputError
        A bad value of a setting; on `generate`, no prediction, or a pool or field that the provider lacks.
    """

    artifact_path = "factor_test"
    page = "factor_test.md"
    settings_kind = FactorTestSettings
    outputs = tables.outputs | plots.outputs

    def compute(self, prediction: Any, model: str) -> FactorTest:
        """Run the test."""
        return run_factor_test(prediction, self.settings, model)

    def check_ahead(self) -> None:
        """Look for the pools and fields."""
        check_provider(self.settings)

    def title(self, result: FactorTest) -> str:
        """The model, and where it buys at another price than usual."""
        return titled(result)

    def conventions(self, result: FactorTest) -> list[str]:
        """Of all tables."""
        return conventions(result)

    def metrics(self, result: FactorTest) -> dict[str, float]:
        """See `tables.metrics`."""
        return tables.metrics(result)

    def summary(self, result: FactorTest) -> str:
        """The table in the columns of figures 15 and 24."""
        shown = tables.summary(result).drop(columns="figure")
        return f"{titled(result)[0].lower()}{titled(result)[1:]}:\n{shown.to_string(index=False)}"
