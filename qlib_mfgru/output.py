"""What a command prints: all of it or an error, in any encoding; and what nobody needs to read."""

from __future__ import annotations

import io
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from typing import Any, TextIO, cast

from qlib_mfgru.errors import InputError
from qlib_mfgru.machine import said

_NAME = "standard output"
HARMLESS = {
    "qlib.utils": ("The parameter `reweighter` with value `None` is ignored",),  # of each task, which has none
    "qlib.workflow": ("No valid experiment found. Create a new experiment",),  # of the first run of each
    "qlib.data": ("load calendar error: freq=day, future=True", "You can get future calendar"),  # none is needed
    "qlib.BaseExecutor": ("`common_infra` is not set for",),  # qlib's backtest sets it next
    "mlflow.store.db.utils": ("Creating initial MLflow database tables", "Updating database tables"),
}
"""Logger -> how messages begin that are no warnings to a user. All others are shown."""


class ReaderGone(Exception):
    """Whoever read the output has ended, as ``head`` does once it has its lines: no error, and nothing to say."""


@contextmanager
def standard_output() -> Iterator[None]:
    """Print inside; what the encoding lacks is written as ``\\\\u4e2d``, and at the end all is written.

    Raises
    ------
    InputError
        Standard output is closed, or cannot be written, e.g. on a full disk.
    ReaderGone
    """
    if sys.stdout is None:
        raise InputError(f"{_NAME} is closed: send it to a file, or to /dev/null")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    output = _Output(sys.stdout)
    with redirect_stdout(cast(TextIO, output)):
        try:
            yield
        finally:
            output.flush()


class _Output:
    """A stream whose errors are not the system's, which argparse would hide, and others take for those of a file."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        with self._errors():
            return self._stream.write(text)

    def flush(self) -> None:
        with self._errors():
            self._stream.flush()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            _give_up(self._stream)
            if isinstance(error, BrokenPipeError):
                raise ReaderGone from None
            raise InputError(said(OSError(error.errno, error.strerror, _NAME))) from None


def complain(message: str) -> None:
    """One line to standard error, which may be closed or full as well: then nobody can be told."""
    try:
        print(message, file=sys.stderr, flush=True)
    except OSError:
        _give_up(sys.stderr)


def _give_up(stream: TextIO) -> None:
    """Let what is left in a stream go to nowhere: the interpreter, at its end, would try again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def unwritable(error: UnicodeEncodeError) -> str:
    """What to do about a name that the system's encoding lacks, as under ``LC_ALL=C`` without UTF-8."""
    return f"{error.object!a} cannot be written in {error.encoding}, the encoding of this locale: set PYTHONUTF8=1"


def hush() -> None:
    """Turn `HARMLESS` messages into ones for debugging: qlib's ``logging_level: 10`` shows them.

    And gym's notice that it is no longer maintained, which it prints when qlib imports it, is not printed.
    """
    for name, beginnings in HARMLESS.items():
        if not _is_hushed(name):
            logging.getLogger(name).addFilter(_Demoted(beginnings))
    with suppress(ImportError):
        from gym_notices import notices

        notices.notices.clear()


def hushed() -> bool:
    """Whether this process was told to `hush`, and its workers are to be as quiet."""
    return all(map(_is_hushed, HARMLESS))


def _is_hushed(logger: str) -> bool:
    return any(isinstance(each, _Demoted) for each in logging.getLogger(logger).filters)


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
