"""``mfgru ingest``: vendor files to a qlib provider."""

from __future__ import annotations

import argparse
from pathlib import Path

DESCRIPTION = """Turn vendor files (CSV, Parquet; bars of 1 to 60 minutes and daily ones) into a qlib provider. The
mapping says where the files are and what they mean: see docs/ingest.md."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("mapping", type=Path, help="YAML file, e.g. workflow_configs/astock_mapping.yaml")
    parser.add_argument("--source", type=Path, required=True, help="folder that the mapping's files are relative to")
    parser.add_argument("--target", type=Path, required=True, help="folder of the provider that is made, or replaced")
    parser.add_argument("--quiet", action="store_true", help="no progress bars")


def run(arguments: argparse.Namespace) -> int:
    """Ingest and print the report; 0 once the provider is there."""
    from qlib_mfgru.ingest.mapping import load_mapping

    mapping = load_mapping(arguments.mapping)
    from qlib_mfgru.ingest.pipeline import ingest  # after the mapping, so that a wrong one is reported at once

    report = ingest(mapping, arguments.source.expanduser(), arguments.target.expanduser(), quiet=arguments.quiet)
    print(report)
    print(f"\nprovider: {arguments.target}")
    return 0
