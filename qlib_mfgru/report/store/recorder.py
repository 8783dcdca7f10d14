"""Experiments and recorders of a store in a file: what a recorder is told is kept when it returns, or is an error."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Run, ViewType
from mlflow.exceptions import MlflowException
from mlflow.utils.file_utils import local_file_uri_to_path
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NAME
from mlflow.utils.uri import is_local_uri
from qlib.log import get_module_logger
from qlib.utils.serial import Serializable
from qlib.workflow.exp import MLflowExperiment
from qlib.workflow.recorder import MLflowRecorder

from qlib_mfgru.machine import advice

UNNAMED = "mlflow_recorder"
"""What qlib calls a recorder that nobody named."""
_QLIB_NAME = "qlib.recorder_name"
"""Tag of a recorder that mlflow shows under another name: qlib's own name of it."""


def own_name(run: Run) -> str:
    """qlib's name of a recorder, whatever mlflow shows."""
    tags = run.data.tags
    return str(tags.get(_QLIB_NAME, tags.get(MLFLOW_RUN_NAME, UNNAMED)))


class StoreClient(MlflowClient):
    """mlflow's client, which reads an artifact of this machine where it lies: its copy of each would stay for ever."""

    def download_artifacts(self, run_id: str, path: str, dst_path: str | None = None) -> str:
        uri = self.get_run(run_id).info.artifact_uri
        if dst_path is None and is_local_uri(uri):
            return str(Path(local_file_uri_to_path(uri), path))
        return super().download_artifacts(run_id, path, dst_path)


class StoreRecorder(MLflowRecorder):
    """qlib's MLflowRecorder without its thread, in which the first error ends all that is logged later, in silence.

    mlflow may show it under a name that says more than qlib's (`show_as`): `name` stays qlib's, by which pipelines find
    and resume a recorder.
    """

    def __init__(self, experiment_id: str, uri: str, name: str | None = None, mlflow_run: Run | None = None) -> None:
        super().__init__(experiment_id, uri, name, mlflow_run)
        self.client = StoreClient(uri)
        if mlflow_run is not None:
            self.name = own_name(mlflow_run)

    def start_run(self) -> Run:
        """As qlib's, which gives a run that goes on qlib's own name again."""
        shown = None if self.id is None else self.shown_name
        run = super().start_run()
        if shown not in (None, self.name):
            self.show_as(str(shown))
        return run

    def _log_uncommitted_code(self) -> None:
        """As qlib's; outside a repository git would print all of its help."""
        git = shutil.which("git")
        if git and subprocess.run([git, "rev-parse", "--git-dir"], capture_output=True).returncode == 0:
            super()._log_uncommitted_code()

    @property
    def shown_name(self) -> str:
        """The name that mlflow shows."""
        return str(self.client.get_run(self.id).data.tags[MLFLOW_RUN_NAME])

    def show_as(self, name: str) -> None:
        """Let mlflow show another name."""
        self.set_tags(**{_QLIB_NAME: self.name, MLFLOW_RUN_NAME: name})

    def log_params(self, **params: Any) -> None:
        self._note(self.client.log_param, params)

    def log_metrics(self, step: int | None = None, **metrics: Any) -> None:
        self._note(partial(self.client.log_metric, step=step), metrics)

    def set_tags(self, **tags: Any) -> None:
        self._note(self.client.set_tag, tags)

    def _note(self, note: Callable[..., Any], values: Mapping[str, Any]) -> None:
        """Keep values one by one; a name or value that mlflow refuses is said, and the others are kept."""
        for name, value in values.items():
            try:
                note(self.id, name, value)
            except MlflowException as error:
                get_module_logger("mfgru").warning(f"the recorder does not keep {name}: {error}")

    def save_objects(self, local_path: Any = None, artifact_path: str | None = None, **objects: Any) -> None:
        """As qlib's; a full disk is said with its folder, and no copy is left in that of temporary files."""
        if local_path is not None:
            with advice(self.artifact_uri):
                super().save_objects(local_path, artifact_path)
            return
        with advice(tempfile.gettempdir()), tempfile.TemporaryDirectory() as folder:
            for name, value in objects.items():
                Serializable.general_dump(value, Path(folder, name))
            for name in objects:
                self.save_objects(Path(folder, name), artifact_path)


class StoreExperiment(MLflowExperiment):
    """qlib's MLflowExperiment, whose recorders are `StoreRecorder`."""

    def create_recorder(self, recorder_name: str | None = None) -> StoreRecorder:
        return StoreRecorder(self.id, self._uri, recorder_name or self._default_rec_name)

    def _get_recorder(self, recorder_id: str | None = None, recorder_name: str | None = None) -> StoreRecorder:
        known = super()._get_recorder(recorder_id, recorder_name)
        return StoreRecorder(self.id, self._uri, mlflow_run=self._client.get_run(known.id))

    def list_recorders(
        self,
        rtype: str = MLflowExperiment.RT_D,
        max_results: int = MLflowExperiment.UNLIMITED,
        status: str | None = None,
        filter_string: str = "",
    ) -> Any:
        """As qlib's, by which it also looks for names."""
        runs = self._client.search_runs([self.id], filter_string, ViewType.ACTIVE_ONLY, max_results)
        ours = [StoreRecorder(self.id, self._uri, mlflow_run=run) for run in runs]
        wanted = [recorder for recorder in ours if status in (None, recorder.status)]
        return wanted if rtype == self.RT_L else {recorder.id: recorder for recorder in wanted}
