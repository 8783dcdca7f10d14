"""``mfgru demo``: make the demo market."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from qlib_mfgru.arguments import local_path
from qlib_mfgru.demo.spec import DemoSpec

DESCRIPTION = "Generate a synthetic market (A-shares by default) with planted signals as a qlib provider."
DEFAULT_TARGET = "~/.qlib/qlib_data/mfgru_demo"
"""Of A-shares; other sessions put their name behind it."""

_SHORT: dict[str, str] = {"n_stocks": "stocks", "n_days": "days"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options: the fields of `DemoSpec`."""
    parser.formatter_class = argparse.ArgumentDefaultsHelpFormatter
    where = f"folder of the provider; an earlier one is replaced (default: {DEFAULT_TARGET}, or .._us and so on)"
    parser.add_argument("--target", type=local_path, default=argparse.SUPPRESS, help=where)
    for name, field in DemoSpec.model_fields.items():
        option = "--" + _SHORT.get(name, name).replace("_", "-")
        kind = type(field.default)
        parser.add_argument(option, dest=name, type=kind, default=field.default, help=field.description)


def run(arguments: argparse.Namespace) -> int:
    """Make the market and say what was made."""
    from qlib_mfgru.demo.market import make_demo_market

    settings = {name: getattr(arguments, name) for name in DemoSpec.model_fields}
    target = getattr(arguments, "target", default_target(arguments.session))
    print(make_demo_market(Path(target), **settings, progress=sys.stderr.isatty()))
    return 0


def default_target(session: str) -> str:
    """Where a session's market goes, and the shipped YAMLs look for it."""
    return DEFAULT_TARGET if session == "ashare" else f"{DEFAULT_TARGET}_{session}"
