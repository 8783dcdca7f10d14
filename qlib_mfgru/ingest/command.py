"""``mfgru ingest``: vendor files to a qlib provider."""

from __future__ import annotations

import argparse
from pathlib import Path

from qlib_mfgru.arguments import local_path
from qlib_mfgru.errors import InputError

DESCRIPTION = """Turn vendor files (bars of 1 to 60 minutes and daily ones) into a qlib provider. The mapping says where
the files are and what they mean. Known vendors' mappings are ready: --vendor NAME takes one, --show prints it with the
layout that it expects. --explain FILE says what a file holds, and proposes a mapping. See docs/ingest.md."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument(
        "mapping",
        type=local_path,
        nargs="?",
        help="YAML file; with --vendor it need only say what differs, or may be absent",
    )
    parser.add_argument("--source", type=local_path, help="folder that the mapping's relative paths are in")
    parser.add_argument("--target", type=local_path, help="folder of the provider that is made, or replaced")
    parser.add_argument("--vendor", metavar="NAME", help="start from this vendor's ready mapping, e.g. tushare")
    parser.add_argument("--show", action="store_true", help="print the vendor's ready mapping")
    parser.add_argument(
        "--explain",
        type=local_path,
        nargs="+",
        metavar="PATH",
        help="say what files, folders or databases hold, and propose a mapping",
    )
    parser.add_argument("--jobs", type=int, default=-1, metavar="N", help="processes; by default one a core")
    parser.add_argument("--quiet", action="store_true", help="no progress bars")


def run(arguments: argparse.Namespace) -> int:
    """Ingest and print the report, or show or explain; 0 once it is done."""
    if arguments.explain:
        return _explain(arguments)
    nothing_else = not (arguments.mapping or arguments.source or arguments.target)
    if arguments.show or (arguments.vendor and nothing_else):
        return _show(arguments)
    if not arguments.mapping and not arguments.vendor:
        raise InputError("give a mapping file, or --vendor NAME; --explain FILE proposes a mapping")
    if arguments.jobs < 1 and arguments.jobs != -1:
        raise InputError(f"--jobs is {arguments.jobs}: give the number of processes, or -1 for one a core")
    from qlib_mfgru.ingest.mapping import load_mapping

    mapping = load_mapping(arguments.mapping, vendor=arguments.vendor)
    missing = ["--target, the provider's folder"] if not arguments.target else []
    if not arguments.source and mapping.needs_folder:
        missing.insert(0, "--source, the folder of the files")
    if missing:
        layout = f"; `mfgru ingest --vendor {mapping.vendor} --show` prints its layout" if mapping.vendor else ""
        raise InputError(f"give {' and '.join(missing)}{layout}")
    from qlib_mfgru.ingest.pipeline import ingest  # after the mapping, so that a wrong one is reported at once

    source, target = (arguments.source or Path()).expanduser(), arguments.target.expanduser()
    report = ingest(mapping, source, target, n_jobs=arguments.jobs, quiet=arguments.quiet)
    print(report)
    print(f"\nprovider: {arguments.target}")
    return 0


def _show(arguments: argparse.Namespace) -> int:
    from qlib_mfgru.ingest.mapping import VENDORS, ready_text

    if not arguments.vendor:
        raise InputError(f"--show needs --vendor NAME, one of {', '.join(VENDORS)}")
    print(ready_text(arguments.vendor), end="")
    return 0


def _explain(arguments: argparse.Namespace) -> int:
    from qlib_mfgru.ingest.explain import explain

    print(explain([path.expanduser() for path in arguments.explain], arguments.source))
    return 0
