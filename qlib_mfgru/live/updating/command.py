"""``mfgru update``: a vendor's new days appended to a provider."""

from __future__ import annotations

import argparse

from qlib_mfgru.arguments import local_path
from qlib_mfgru.errors import InputError

DESCRIPTION = """Append new days of a vendor's files to a provider that mfgru ingest made: the result is what an ingest
of all files would be. Files that were read before and have not changed are left alone. Rows of stored days must agree
with what is stored. See docs/update.md."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("provider", type=local_path, help="folder of the provider")
    parser.add_argument(
        "--source", type=local_path, help="folder of the files, all or new ones alone; by default the ingest's"
    )
    parser.add_argument(
        "--mapping", type=local_path, metavar="FILE", help="what the files are; by default the ingest's mapping"
    )
    parser.add_argument("--revise", action="store_true", help="rows of stored days that differ replace what is stored")
    parser.add_argument("--jobs", type=int, default=-1, metavar="N", help="processes; by default one a core")
    parser.add_argument("--quiet", action="store_true", help="no progress bars")


def run(arguments: argparse.Namespace) -> int:
    """Update and print the report; 0 once it is done."""
    if arguments.jobs < 1 and arguments.jobs != -1:
        raise InputError(f"--jobs is {arguments.jobs}: give the number of processes, or -1 for one a core")
    from qlib_mfgru.ingest.mapping import load_mapping
    from qlib_mfgru.live.updating.update import update

    mapping = load_mapping(arguments.mapping) if arguments.mapping else None
    report = update(
        arguments.provider,
        arguments.source,
        mapping=mapping,
        revise=arguments.revise,
        n_jobs=arguments.jobs,
        quiet=arguments.quiet,
    )
    print(report)
    print(f"\nprovider: {arguments.provider}")
    return 0
