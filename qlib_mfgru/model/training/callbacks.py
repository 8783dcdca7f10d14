"""What is told after an epoch: history, progress, the recorder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from qlib.workflow import R
from tqdm.auto import tqdm

from qlib_mfgru.model.training.loop import EpochRecord
from qlib_mfgru.nn import ScoringNet


class History:
    """Append every epoch to a list of plain dicts."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.rows = rows

    def __call__(self, record: EpochRecord, net: ScoringNet) -> None:
        self.rows.append(record.row())


class Progress:
    """A progress bar over the epochs of one stage, as a context manager."""

    def __init__(self, description: str, max_epochs: int) -> None:
        self._bar = tqdm(total=max_epochs, desc=description, unit="epoch", leave=None)  # not below another bar

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def __call__(self, record: EpochRecord, net: ScoringNet) -> None:
        self._bar.set_postfix({name: f"{value:.4f}" for name, value in record.values.items()}, refresh=False)
        self._bar.update()


class RecorderLog:
    """Metrics ``epochs/stage<k>_train_<metric>`` and ``..._valid_<metric>`` of the running qlib experiment, if any.

    mlflow's table shows and sorts by the last value of a metric, here that of weights that are thrown away: hence the
    name apart from those of what is kept.
    """

    def __init__(self, tag: str = "") -> None:
        self.tag = tag

    def __call__(self, record: EpochRecord, net: ScoringNet) -> None:
        values = {f"epochs/{self.tag}stage{record.stage}_{name}": value for name, value in record.values.items()}
        log_metrics(values, record.epoch)


def log_metrics(values: Mapping[str, float], step: int | None = None) -> None:
    """Metrics of the running qlib experiment, if one runs and is not muted."""
    if recorder_is_active():
        R.log_metrics(step=step, **values)


def recorder_is_active() -> bool:
    """Whether a recorder is running (asking R for it would start one) and is not muted."""
    return not _muted.get() and R.exp_manager.active_experiment is not None


@contextmanager
def recorder_muted() -> Iterator[None]:
    """Log nothing to the recorder: the fits within are parts of a larger one, which logs itself."""
    token = _muted.set(True)
    try:
        yield
    finally:
        _muted.reset(token)


_muted: ContextVar[bool] = ContextVar("muted", default=False)
