"""``mfgru report``: one HTML file of recorders that exist."""

from __future__ import annotations

import argparse
import os

from qlib_mfgru.arguments import local_path
from qlib_mfgru.errors import InputError

DESCRIPTION = """One page of recorders that exist, to read, print and send on: the tables and charts of the Huatai
report under its numbers, the row that it prints above ours, data, conventions, and how to make it again. The file
needs nothing else, and no network."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument(
        "recorders",
        nargs="+",
        metavar="[NAME=]RECORDER",
        help="ids of recorders, each with a name for tables if you like; or an experiment's name: its finished ones",
    )
    parser.add_argument("--out", type=local_path, required=True, metavar="FILE", help="HTML file to write")
    parser.add_argument("--provider", type=local_path, help="folder of the qlib provider (default: that of the qrun)")
    parser.add_argument(
        "--store", default="sqlite:///mlruns.db", help="mlflow's store of experiments (default: %(default)s)"
    )
    parser.add_argument("--lang", choices=("en", "zh"), default="en", help="language of all words (default: en)")
    parser.add_argument("--title", help="of the page (default: its model, or how many, and the months)")


def run(arguments: argparse.Namespace) -> int:
    """Write the page, and say what it lacks."""
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")  # one bar a file, of a millisecond each
    if arguments.out.suffix != ".html":
        raise InputError(f"--out is {str(arguments.out)!r}: must end in .html")
    from qlib_mfgru.report.store import check_store

    check_store(arguments.store)  # before all that a page needs is imported, which takes seconds
    from qlib_mfgru.study.page.report import report

    page = report(
        arguments.recorders,
        out=arguments.out,
        provider=arguments.provider,
        store=arguments.store,
        lang=arguments.lang,
        title=arguments.title,
    )
    for sentence in page.lacking:
        print(f"- {sentence}")
    print(f"written to {arguments.out}: {len(page.figures)} figures of the Huatai report")
    return 0
