"""``mfgru configs``: list and copy the shipped workflow configs."""

from __future__ import annotations

import argparse
import textwrap

from qlib_mfgru.arguments import local_path

DESCRIPTION = """List the workflow configs that come with the package, for qrun and mfgru ingest; with --copy, copy them
to a folder, where they can be changed. A file that is there already is never replaced."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--copy", type=local_path, metavar="DIR", help="copy them to this folder")


def run(arguments: argparse.Namespace) -> int:
    """List or copy."""
    from qlib_mfgru.shipped.configs import FOLDER, copy_configs, shipped_configs

    if arguments.copy is None:
        configs = shipped_configs()
        print(f"{len(configs)} workflow configs in {FOLDER}")
        width = max(len(str(config.path)) for config in configs)
        for path, summary in configs:
            print(f"  {path!s:{width}}  {textwrap.shorten(summary, 100, placeholder=' ..')}")
        return 0
    made, same, kept = copy_configs(arguments.copy.resolve())
    print(f"{arguments.copy}: {len(made)} copied, {len(same)} there already")
    if kept:
        print(f"{len(kept)} kept, though they differ from the shipped ones: changed by you, or of another version")
        print("\n".join(f"  {path}" for path in kept))
    return 0
