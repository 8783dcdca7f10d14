"""What qrun does after a fit, checked before it: a pool that the provider lacks should not cost a training."""

from __future__ import annotations

from typing import Any

from qlib.utils import get_callable_kwargs
from qlib.utils.exceptions import LoadObjectError
from qlib.workflow import R

from qlib_mfgru.model.training.callbacks import recorder_is_active


def check_records() -> None:
    """Check the records of the running qrun that have a method `check_ahead`, as ours do; without one there are none.

    Raises
    ------
    InputError
        A setting that is not allowed, or what the provider lacks for it, as when the record is made.
    """
    for config in _records() if recorder_is_active() else ():
        kind, kwargs = get_callable_kwargs(config, "qlib.workflow.record_temp")
        if hasattr(kind, "check_ahead"):
            kind(R.get_recorder(), **kwargs).check_ahead()


def _records() -> list[Any]:
    """Configs of the records in the task that qrun saved before it began."""
    try:
        task = R.get_recorder().load_object("task")
    except LoadObjectError:
        return []
    records = task.get("record", []) if isinstance(task, dict) else []
    return [config for config in ([records] if isinstance(records, dict) else records) if isinstance(config, dict)]
