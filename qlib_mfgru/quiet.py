"""What qlib, mlflow and gym say on standard error that a command's user can do nothing about."""

from __future__ import annotations

import logging
from contextlib import suppress

HARMLESS = {
    "qlib.utils": ("The parameter `reweighter` with value `None` is ignored",),  # of each task, which has none
    "qlib.workflow": ("No valid experiment found. Create a new experiment",),  # of the first run of each
    "qlib.data": (
        "load calendar error: freq=day, future=True",
        "You can get future calendar",
    ),  # a backtest ends before
    "qlib.BaseExecutor": ("`common_infra` is not set for",),  # qlib's backtest sets it next
    "mlflow.store.db.utils": ("Creating initial MLflow database tables", "Updating database tables"),
}
"""Logger -> how messages begin that are no warnings to a user. All others are shown."""


def hush() -> None:
    """Turn `HARMLESS` messages into ones for debugging: qlib's ``logging_level: 10`` shows them.

    And gym's notice that it is no longer maintained, which it prints when qlib imports it, is not printed.
    """
    for name, beginnings in HARMLESS.items():
        logger = logging.getLogger(name)
        if not any(isinstance(each, _Demoted) for each in logger.filters):
            logger.addFilter(_Demoted(beginnings))
    with suppress(ImportError):
        from gym_notices import notices

        notices.notices.clear()


class _Demoted(logging.Filter):
    """Gives messages with these beginnings the level of debugging."""

    def __init__(self, beginnings: tuple[str, ...]) -> None:
        super().__init__()
        self._beginnings = beginnings

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is shown."""
        if not record.getMessage().startswith(self._beginnings):
            return True
        record.levelno, record.levelname = logging.DEBUG, "DEBUG"
        return logging.getLogger(record.name).isEnabledFor(logging.DEBUG)
