"""``mfgru units``: list and clear units of rolling runs."""

from __future__ import annotations

import argparse

from qlib_mfgru.addresses import without_addresses
from qlib_mfgru.arguments import local_path
from qlib_mfgru.errors import InputError
from qlib_mfgru.numerals import numeral

DESCRIPTION = """List the (fold, seed) units of rolling runs, finished and damaged ones; with --clear or --clear-all
remove some, so that they are trained again."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument(
        "--dir",
        type=local_path,
        metavar="DIR",
        help="where units are kept ($MFGRU_UNITS, else ~/.cache/qlib_mfgru/units)",
    )
    clearing = parser.add_mutually_exclusive_group()
    clearing.add_argument("--clear", nargs="+", metavar="KEY", help="keys, or their beginnings, of units to remove")
    clearing.add_argument("--clear-all", action="store_true", help="remove all, and what killed workers left behind")


def run(arguments: argparse.Namespace) -> int:
    """List or clear."""
    from qlib_mfgru.rolling.work.store import UnitStore

    store = UnitStore(arguments.dir)
    if store.root.exists() and not store.root.is_dir():
        raise InputError(f"{store.root}: a folder of units is needed, not a file")
    root = without_addresses(str(store.root))  # which a variable of the environment may name
    if arguments.clear or arguments.clear_all:
        print(f"units removed from {root}: {store.clear(arguments.clear)}")
        return 0
    units, damaged = store.finished(), store.damaged()
    print(f"finished units in {root}: {len(units)}")
    if len(units):
        print(units.to_string(index=False, float_format=lambda value: numeral(value, ".4f")))
    if len(damaged):
        print(f"damaged: {len(damaged)}; they are trained again when they are needed")
        print("\n".join(f"{key}  {wrong}" for key, wrong in damaged.itertuples(index=False)))
    return 0
