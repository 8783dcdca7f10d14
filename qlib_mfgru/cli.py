"""``mfgru``: the package's command line."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from qlib_mfgru import __version__
from qlib_mfgru.errors import InputError

COMMANDS = (
    "qlib_mfgru.demo.command",
    "qlib_mfgru.ingest.command",
    "qlib_mfgru.rolling.command",
    "qlib_mfgru.factor.command",
)
"""Modules with a ``register(subparsers)`` that adds one command; its ``run`` default takes the arguments and returns
the exit code."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 on success, 2 on bad input."""
    parser = argparse.ArgumentParser(prog="mfgru", description="From raw bars to a traded portfolio, inside qlib.")
    parser.add_argument("--version", action="version", version=f"mfgru {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for module in COMMANDS:
        importlib.import_module(module).register(commands)
    arguments = parser.parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except (InputError, FileNotFoundError, FileExistsError) as error:
        print(f"mfgru: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
