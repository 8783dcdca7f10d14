"""``mfgru``: the package's command line."""

from __future__ import annotations

import errno
import importlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from qlib_mfgru import __version__
from qlib_mfgru.arguments import Parser
from qlib_mfgru.errors import InputError
from qlib_mfgru.machine import said
from qlib_mfgru.output import ReaderGone, complain, hush, standard_output, unwritable


class Command(NamedTuple):
    """A command's module, and its line in the list of commands.

    The module has a docstring for ``--help``, ``add_arguments(parser)``, and ``run(arguments)``, which returns the exit
    code; it imports what the work needs inside `run`, so that help comes at once.
    """

    module: str
    summary: str


COMMANDS = {
    "configs": Command("qlib_mfgru.shipped.command", "list or copy the workflow configs that come with the package"),
    "demo": Command("qlib_mfgru.demo.command", "make the demo market"),
    "ingest": Command("qlib_mfgru.ingest.command", "turn vendor files into a qlib provider"),
    "collect": Command("qlib_mfgru.live.collecting.command", "collect bars and tables from a vendor into files"),
    "update": Command("qlib_mfgru.live.updating.command", "append a vendor's new days to a provider"),
    "check": Command("qlib_mfgru.provider.check.command", "judge the numbers of a provider"),
    "predict": Command("qlib_mfgru.live.predicting.command", "scores of the newest day from a saved model"),
    "rebalance": Command("qlib_mfgru.live.rebalancing.command", "target weights and orders for the next trading day"),
    "units": Command("qlib_mfgru.rolling.command", "list or clear finished units of rolling runs"),
    "correlate": Command("qlib_mfgru.factor.command", "correlate the factors of several recorders"),
    "study": Command("qlib_mfgru.study.command", "the Huatai report as one file: models, tests, portfolios, page"),
    "report": Command("qlib_mfgru.study.page.command", "one page of recorders: tables, charts, conventions"),
}


class _Parser(Parser):
    """A command's parser, which imports the command only when it is the one that was asked for."""

    def __init__(self, *, module: str, **options: Any) -> None:
        super().__init__(**options)
        self.module = module

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        command = importlib.import_module(self.module)
        self.description = command.DESCRIPTION
        command.add_arguments(self)
        self.set_defaults(run=command.run)
        return super().parse_known_args(args, namespace)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns
    -------
    int
        0 on success, 2 on bad input and on errors of the machine, 130 when it was interrupted (SIGTERM counts as that),
        141 when whoever read its output had enough. A command may have others.
    """
    return ended("mfgru", lambda: _run(argv))


def ended(program: str, run: Callable[[], int]) -> int:
    """The exit code of a program of ours, see `main`; a line says what went wrong, after the program's name."""
    try:
        with standard_output(), terminable():
            return run()
    except ReaderGone:
        return 141
    except KeyboardInterrupt:
        message, code = "interrupted", 130
    except OSError as error:
        message, code = str(InputError(said(error))), 2
    except UnicodeEncodeError as error:
        message, code = unwritable(error), 2
    except MemoryError as error:
        message, code = str(error) or said(OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))), 2
    except InputError as error:
        message, code = str(error), 2
    complain(f"{program}: {message}")
    return code


@contextmanager
def terminable() -> Iterator[None]:
    """Let SIGTERM end a command as Ctrl-C does, so that what is under way is closed: qlib's recorders, locks, pools."""
    if threading.current_thread() is not threading.main_thread():  # no other may handle signals
        yield
        return
    own = os.getpid()

    def interrupted(number: int, _: object) -> None:
        if os.getpid() != own:  # a pool ends the processes that it forked by this signal
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        elif signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in a shell's background jobs
            raise KeyboardInterrupt
        else:
            signal.raise_signal(signal.SIGINT)  # which may be kept waiting

    before = signal.signal(signal.SIGTERM, interrupted)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def parser() -> Parser:
    """What the command line takes; a parsed line has what does it as `run`."""
    whole = Parser(prog="mfgru", description="From raw bars to a traded portfolio, inside qlib.")
    whole.add_argument("--version", action="version", version=f"mfgru {__version__}")
    commands = whole.add_subparsers(metavar="COMMAND", required=True, parser_class=_Parser)
    for name, command in COMMANDS.items():
        commands.add_parser(name, help=command.summary, module=command.module)
    return whole


def _run(argv: Sequence[str] | None) -> int:
    arguments = parser().parse_args(argv)
    hush()
    return int(arguments.run(arguments))


if __name__ == "__main__":
    sys.exit(main())
