"""``mfgru demo``: make the demo market."""

from __future__ import annotations

import argparse
import sys
from dataclasses import fields
from pathlib import Path

from qlib_mfgru.demo.spec import MarketSpec

DESCRIPTION = "Make a seeded, A-share-like market in qlib's provider format, with a known predictable part."
DEFAULT_TARGET = "~/.qlib/qlib_data/mfgru_demo"

_HELP: dict[str, str] = {
    "n_stocks": "stocks that are listed at some time",
    "n_days": "trading days of daily bars",
    "intraday_days": "the last so many days have 15-minute bars too",
    "seed": "random seed",
    "daily_strength": "multiplier of the signal in daily bars; 0 for none",
    "intraday_strength": "multiplier of the signal in 15-minute bars; 0 for none",
    "start": "no trading day is earlier",
}
_SHORT: dict[str, str] = {"n_stocks": "stocks", "n_days": "days"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options: the fields of `MarketSpec`."""
    parser.formatter_class = argparse.ArgumentDefaultsHelpFormatter
    parser.add_argument("--target", default=DEFAULT_TARGET, help="folder of the provider; an earlier one is replaced")
    for field in fields(MarketSpec):
        option = "--" + _SHORT.get(field.name, field.name).replace("_", "-")
        kind = type(field.default)
        parser.add_argument(option, dest=field.name, type=kind, default=field.default, help=_HELP[field.name])


def run(arguments: argparse.Namespace) -> int:
    """Make the market and say what was made."""
    from qlib_mfgru.demo.market import make_demo_market

    sizes = {field.name: getattr(arguments, field.name) for field in fields(MarketSpec)}
    print(make_demo_market(Path(arguments.target), **sizes, progress=sys.stderr.isatty()))
    return 0
