"""``mfgru study``: the Huatai report as one file."""

from __future__ import annotations

import argparse

from qlib_mfgru.arguments import local_path
from qlib_mfgru.output import complain

DESCRIPTION = """Run a study: models, rolling and seeds, factor tests, correlation, enhancements, each part an ordinary
qlib recorder of one experiment, and the page of them all. What is there is not run again, so that a study that was
stopped goes on when it is called again. Begin with a shipped one: mfgru configs --copy DIR, DIR/demo/study.yaml."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("study", type=local_path, metavar="STUDY.yaml", help="what to run: see docs/study.md")


def run(arguments: argparse.Namespace) -> int:
    """Run it, and say what became of each part; 2 if any failed."""
    from qlib_mfgru.study.run import run_study

    study = run_study(arguments.study)
    width = max((len(part.name) for part in study.parts), default=0)
    words = {"run": "run", "there": "there already", "failed": "failed"}
    for part in study.parts:
        print(f"{part.name:{width}}  {words[part.status]:13}  {part.recorder or part.reason}")
    if study.page is not None:
        for sentence in study.page.lacking:
            print(f"- {sentence}")
        print(f"written to {study.page.file}: {len(study.page.figures)} figures of the Huatai report")
    if study.failed:
        complain(f"mfgru: {len(study.failed)} of {len(study.parts)} parts failed; called again, it runs them alone")
    return 2 if study.failed else 0
