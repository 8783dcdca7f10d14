"""What happens after an epoch: best weights and early stopping, history, progress, the recorder."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict
from typing import Any

import torch
from qlib.workflow import R
from tqdm.auto import tqdm

from qlib_mfgru.model.training import EpochRecord
from qlib_mfgru.nn import ScoringNet


class EarlyStopping:
    """End a stage after `patience` epochs without a better validation IC, and keep the best weights."""

    def __init__(self, patience: int) -> None:
        self.patience = patience
        self.best_epoch, self.best_ic = 0, -math.inf
        self._best_state: dict[str, torch.Tensor] = {}

    def __call__(self, record: EpochRecord, net: ScoringNet) -> bool:
        if record.valid_ic > self.best_ic:
            self.best_epoch, self.best_ic = record.epoch, record.valid_ic
            self._best_state = copy.deepcopy(net.state_dict())
        return record.epoch - self.best_epoch >= self.patience

    def restore(self, net: ScoringNet) -> None:
        """Give the network the weights of its best epoch."""
        net.load_state_dict(self._best_state)


class History:
    """Append every epoch to a list of plain dicts."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.rows = rows

    def __call__(self, record: EpochRecord, net: ScoringNet) -> None:
        self.rows.append(asdict(record))


class Progress:
    """A progress bar over the epochs of one stage, as a context manager."""

    def __init__(self, description: str, max_epochs: int) -> None:
        self._bar = tqdm(total=max_epochs, desc=description, unit="epoch", leave=None)  # not below another bar

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def __call__(self, record: EpochRecord, net: ScoringNet) -> None:
        self._bar.set_postfix(train_ic=f"{record.train_ic:.4f}", valid_ic=f"{record.valid_ic:.4f}", refresh=False)
        self._bar.update()


class RecorderLog:
    """Metrics ``stage<k>_train_ic`` and ``stage<k>_valid_ic`` of the running qlib experiment, if one runs."""

    def __init__(self, tag: str = "") -> None:
        self.tag = tag

    def __call__(self, record: EpochRecord, net: ScoringNet) -> None:
        if recorder_is_active():
            names = ("train_ic", "valid_ic")
            R.log_metrics(
                step=record.epoch, **{f"{self.tag}stage{record.stage}_{name}": getattr(record, name) for name in names}
            )


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
