"""``CorrelationRecord``: how alike several recorders' factors are, as a qlib record."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Len
from qlib.workflow.record_temp import RecordTemp
from qlib.workflow.recorder import Recorder

from qlib_mfgru.factor.correlate import FactorCorrelation, correlate
from qlib_mfgru.factor.inputs import check_provider
from qlib_mfgru.factor.settings import FEWEST_LAYERS, FactorTestSettings
from qlib_mfgru.machine import advice
from qlib_mfgru.report.recorders import RESULT, find_recorder, load_prediction
from qlib_mfgru.settings import Text, checked


@dataclass(frozen=True)
class RecordedCorrelation:
    """What a `CorrelationRecord` leaves: the correlation, and ids of the recorders by its names of their models."""

    found: FactorCorrelation
    recorders: Mapping[str, str]


class CorrelationRecord(RecordTemp):
    """Figure 33 of the Huatai report as a record: a folder ``correlation/`` with table, page, heatmap and the result.

    Parameters
    ----------
    recorder : Recorder
        Where the folder is left.
    recorders : mapping of str to str
        Ids of the recorders that hold the predictions, by the names of these.
    pool : str
    **settings
        Others of `FactorTestSettings`.
    """

    artifact_path = "correlation"
    settings_kind = FactorTestSettings

    def __init__(self, recorder: Recorder, recorders: Mapping[str, str], pool: str = "all", **settings: Any) -> None:
        super().__init__(recorder)
        self.recorders = checked(Annotated[dict[Text, Text], Len(2)], "recorders", recorders)
        self.settings = FactorTestSettings.of(pools=[pool], **settings)

    def check_ahead(self) -> None:
        """As of `FactorTestRecord`."""
        check_provider(self.settings.changed(n_layers=FEWEST_LAYERS))  # it has no layers

    def generate(self, **_: Any) -> None:
        """Compute it, and leave the folder in the recorder."""
        predictions = {name: load_prediction(find_recorder(known)) for name, known in self.recorders.items()}
        found = correlate(predictions, self.settings)
        with advice(tempfile.gettempdir()), tempfile.TemporaryDirectory() as folder:
            found.write(Path(folder))
            self.recorder.save_objects(local_path=folder, artifact_path=self.artifact_path)
        result = RecordedCorrelation(found, dict(self.recorders))
        self.recorder.save_objects(artifact_path=self.artifact_path, **{RESULT: result})
