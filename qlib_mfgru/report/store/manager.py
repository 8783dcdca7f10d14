"""``ExperimentStore``: qlib's experiments in an sqlite file."""

from __future__ import annotations

from typing import Any

from mlflow.tracking import MlflowClient
from qlib.workflow.exp import MLflowExperiment
from qlib.workflow.expm import MLflowExpManager
from qlib.workflow.recorder import Recorder

from qlib_mfgru.report.store.file import make_store, store_file
from qlib_mfgru.report.store.recorder import StoreExperiment
from qlib_mfgru.report.store.trouble import StoreError, speak


class ExperimentStore(MLflowExpManager):
    """qlib's MLflowExpManager for an sqlite file, made under another name first, which says what is wrong with it.

    Other stores are mlflow's matter. It takes qlib's `uri` and `default_exp_name`. In a YAML::

        qlib_init:
          exp_manager:
            class: ExperimentStore
            module_path: qlib_mfgru.report.store
            kwargs: {uri: "sqlite:///mlruns.db", default_exp_name: mfgru}

    Raises
    ------
    InputError
        On first use, what `make_store` says; later, that the file can no longer be written, and why (`StoreError`).
    """

    @property
    def client(self) -> MlflowClient:
        """mlflow's client, of a store that is whole."""
        file = store_file(self.uri)
        if file is None:
            return super().client
        make_store(file)
        client = super().client
        speak(client, file)
        return client

    def create_exp(self, experiment_name: str | None = None) -> MLflowExperiment:
        return self._ours(super().create_exp(experiment_name))

    def _get_exp(self, experiment_id: Any = None, experiment_name: str | None = None) -> MLflowExperiment:
        return self._ours(super()._get_exp(experiment_id, experiment_name))

    def _ours(self, experiment: MLflowExperiment) -> MLflowExperiment:
        if store_file(self.uri) is None:
            return experiment
        return StoreExperiment(experiment.id, experiment.name, self.uri)

    def _end_exp(self, recorder_status: str = Recorder.STATUS_S) -> None:
        """End it even where that cannot be written; a run that failed has its own error already."""
        try:
            super()._end_exp(recorder_status)
        except StoreError:
            self.active_experiment = None
            if recorder_status != Recorder.STATUS_FA:
                raise
