"""``mfgru``: the package's command line."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

from qlib_mfgru import __version__
from qlib_mfgru.arguments import Parser
from qlib_mfgru.errors import InputError


class Command(NamedTuple):
    """A command's module, and its line in the list of commands.

    The module has a docstring for ``--help``, ``add_arguments(parser)``, and ``run(arguments)``, which returns the exit
    code; it imports what the work needs inside `run`, so that help comes at once.
    """

    module: str
    summary: str


COMMANDS = {
    "demo": Command("qlib_mfgru.demo.command", "make the demo market"),
    "ingest": Command("qlib_mfgru.ingest.command", "turn vendor files into a qlib provider"),
    "check": Command("qlib_mfgru.provider.check.command", "judge the numbers of a provider"),
    "units": Command("qlib_mfgru.rolling.command", "list or clear finished units of rolling runs"),
    "correlate": Command("qlib_mfgru.factor.command", "correlate the factors of several recorders"),
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
    """Run one command; 0 on success, 2 on bad input, 130 when it was interrupted."""
    parser = Parser(prog="mfgru", description="From raw bars to a traded portfolio, inside qlib.")
    parser.add_argument("--version", action="version", version=f"mfgru {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=_Parser)
    for name, command in COMMANDS.items():
        commands.add_parser(name, help=command.summary, module=command.module)
    arguments = parser.parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except (InputError, OSError) as error:
        print(f"mfgru: {InputError(_said(error))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("mfgru: interrupted", file=sys.stderr)
        return 130


def _said(error: Exception) -> str:
    """An error's message; the system's begins with the file."""
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error)


if __name__ == "__main__":
    sys.exit(main())
