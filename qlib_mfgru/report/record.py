"""``ResultRecord``: the base of our qlib records: a result computed from a prediction, and the files it is kept as."""

from __future__ import annotations

import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
import pandas as pd
from qlib.log import get_module_logger
from qlib.workflow.record_temp import ACRecordTemp
from qlib.workflow.recorder import Recorder

from qlib_mfgru.machine import advice
from qlib_mfgru.report.outputs import Outputs
from qlib_mfgru.report.recorders import RESULT, load_prediction, model_name
from qlib_mfgru.report.show.html import document
from qlib_mfgru.report.store.runs import add_to_name, keep_params
from qlib_mfgru.settings import Flag, Settings, Text, checked

Result = TypeVar("Result")


class ResultRecord(ACRecordTemp, ABC, Generic[Result]):
    """A result of any recorder's ``pred.pkl``, as tables, a page, series and plots under `artifact_path`.

    The result itself is kept beside them as ``result.pkl``: `mfgru report` draws its tables and plots from that.

    Parameters
    ----------
    recorder : Recorder
    name : str, optional
        What tables call the model; by default the class in the recorder's task, else the recorder's name.
    skip_existing : bool
        Do nothing if all artifacts are there.
    **settings
        Attributes of `settings_kind`.

    Raises
    ------
    UnknownSetting
        A keyword that is no setting (a TypeError, which qrun relies on).
    InputError
        A bad value of a setting; on `generate`, no prediction, or what the provider lacks.
    """

    artifact_path: str = ""
    page: ClassVar[str]
    settings_kind: ClassVar[type[Settings]]
    outputs: ClassVar[Outputs[Any]]

    def __init__(
        self, recorder: Recorder, name: str | None = None, skip_existing: bool = False, **settings: Any
    ) -> None:
        super().__init__(recorder=recorder, skip_existing=checked(Flag, "skip_existing", skip_existing))
        self.name: str | None = checked(Text | None, "name", name)
        self.settings: Any = self.settings_kind(**settings)

    @abstractmethod
    def compute(self, prediction: Any, model: str) -> Result:
        """The result of a prediction; `model` is what tables call its model."""

    @abstractmethod
    def title(self, result: Result) -> str:
        """Heading of the page."""

    @abstractmethod
    def conventions(self, result: Result) -> Sequence[str]:
        """What the numbers of the page mean, in sentences."""

    @property
    def subject(self) -> str:
        """What mlflow shows behind the model in the run's name, e.g. an index."""
        return ""

    def document(self, result: Result) -> str:
        """The page: all tables, and what their numbers mean; see `Outputs.page`."""
        return self.outputs.page(result, self.title(result), self.conventions(result))

    @abstractmethod
    def metrics(self, result: Result) -> dict[str, float]:
        """The few scalars by which runs are compared, for the recorder; the tables have all. See `scalars`."""

    @abstractmethod
    def summary(self, result: Result) -> str:
        """What the log says."""

    def check_ahead(self) -> None:
        """Check the provider for what the settings need: our models ask for it before they train.

        Raises
        ------
        InputError
            What the provider lacks.
        """

    def get_path(self, path: str | None = None) -> str:
        """A place in the record's own folder; qlib asks the class, which does not know a folder that is a setting."""
        return self.artifact_path if path is None else f"{self.artifact_path}/{path}"

    def list(self) -> list[str]:
        """Artifacts below `artifact_path`."""
        return [*self.outputs.files(), self.page, self._browsed, RESULT]

    def write(self, result: Result, folder: Path) -> None:
        """Write tables, plots and the page into a folder; a record without a recorder can do so too."""
        self.outputs.write(result, folder)
        page = self.document(result)
        (folder / self.page).write_text(page, encoding="utf-8")
        pictures = {plot: (folder / plot).read_bytes() for plot in self.outputs.plots}
        (folder / self._browsed).write_text(document(page, pictures), encoding="utf-8")

    @property
    def _browsed(self) -> str:
        """The page with its plots in one file, which mlflow shows in the browser."""
        return str(Path(self.page).with_suffix(".html"))

    def _generate(self, *_: Any, **__: Any) -> dict[str, object]:
        model = self.name or model_name(self.recorder)
        result = self.compute(load_prediction(self.recorder), model)
        add_to_name(self.recorder, model, self.subject)
        keep_params(self.recorder, {f"{self.artifact_path}.{name}": value for name, value in self.settings})
        with advice(tempfile.gettempdir()), tempfile.TemporaryDirectory() as folder:
            self.write(result, Path(folder))
            self.recorder.save_objects(local_path=folder, artifact_path=self.artifact_path)
        self.recorder.log_metrics(**self.metrics(result))
        get_module_logger(type(self).__name__.removesuffix("Record")).info(self.summary(result))
        return {file: series(result) for file, series in self.outputs.series.items()} | {RESULT: result}


def scalars(tables: Iterable[pd.DataFrame], by: Sequence[str]) -> dict[str, float]:
    """The finite numbers of tables, each under the names of its row and its column, joined by dots.

    Parameters
    ----------
    tables : iterable of DataFrame
        All columns but `by` hold numbers.
    by : sequence of str
        Columns that name a row; a table may lack some.
    """
    values: dict[str, float] = {}
    for table in tables:
        for row in table.to_dict("records"):
            names = [str(row.pop(column)) for column in by if column in row]
            values |= {".".join([*names, str(name)]): float(v) for name, v in row.items() if np.isfinite(v)}
    return values
