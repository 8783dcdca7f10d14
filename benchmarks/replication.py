"""The figures of docs/replication.md: a study of the whole market, and what each of its parts took.

    python benchmarks/replication.py [STUDY.yaml] [--only MODEL ...] [--json FILE --record]

Runs what is not there yet of a study in the working folder, as ``mfgru study`` does, by default
``workflow_configs/ashare_daily/study.yaml``, and reads the tables that its recorders hold: those that its page shows.
The time of each part is its recorder's; memory is known of those that were not there yet, or that FILE knows already:
what takes all memory of a machine may be run alone, a model at a time, in a folder of all. With ``--only`` the study is
one of these models: what each takes can be measured on another day.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import record
from measure import MIB, resident
from qlib.workflow import R

from qlib_mfgru.factor.results import tables as of_factor
from qlib_mfgru.portfolio.results import tables as of_portfolio
from qlib_mfgru.study import Study, run_study
from qlib_mfgru.study.page.subjects import Subject, read_subjects
from qlib_mfgru.study.source import StudySource

STUDY = record.ROOT / "workflow_configs/ashare_daily/study.yaml"


def of_models(study: Path, only: Sequence[str]) -> dict[str, Any]:
    """What stands in a study's file, but of these models; of one alone there is no correlation."""
    content = dict(StudySource.read(study).content)
    if unknown := [name for name in only if name not in content["models"]]:
        raise SystemExit(f"{study}: no model {', '.join(unknown)}, but {', '.join(content['models'])}")
    content["models"] = {name: content["models"][name] for name in only}
    if len(only) == 1:
        content.pop("correlation", None)
    return content


def undisturbed(history: list[dict[str, Any]]) -> float:
    """Seconds of a unit's training if all epochs of a stage had taken as long as its fastest."""
    stages = pd.DataFrame(history).groupby("stage")["seconds"]
    return float((stages.size() * stages.min()).sum())


def trained(subjects: Iterable[Subject]) -> dict[str, dict[str, float]]:
    """Model -> what its units took and how they validated; the hours again as if nothing else had run beside."""
    return {
        subject.name: {
            "units": len(subject.units),
            "epochs": float(subject.units["epochs"].mean()),
            "minutes_a_unit": float(subject.units["seconds"].mean()) / 60,
            "hours_of_all_units": float(subject.units["seconds"].sum()) / 3600,
            "hours_undisturbed": sum(map(undisturbed, subject.histories.values())) / 3600,
            "valid_ic": float(subject.units["valid_ic"].mean()),
        }
        for subject in subjects
        if not subject.units.empty
    }


def taken(study: Study, trace: Sequence[tuple[float, int]]) -> dict[str, dict[str, float]]:
    """Minutes that each part's recorder was open, and the resident memory, in MiB, at most of those that ran here."""
    infos = {part.name: R.exp_manager.client.get_run(part.recorder).info for part in study.parts if part.recorder}
    spans = {name: (info.start_time / 1000, info.end_time / 1000) for name, info in infos.items()}
    sizes = {name: [size for at, size in trace if start <= at <= end] for name, (start, end) in spans.items()}
    return {
        "minutes": {name: (end - start) / 60 for name, (start, end) in spans.items()},
        "resident_mib": {name: max(seen) / MIB for name, seen in sizes.items() if seen},
    }


def remembered(file: Path | None, parts: Iterable[str]) -> dict[str, float]:
    """The memory of parts that the record of an earlier call gives."""
    if file is None or not file.is_file():
        return {}
    sizes = json.loads(file.read_text(encoding="utf-8"))["figures"].get("resident_mib", {})
    return {part: sizes[part] for part in parts if part in sizes}


def figures(subjects: list[Subject]) -> dict[str, Any]:
    """All tables: the Huatai report's rows stand among ours, told apart by `source`."""
    factors = {subject.name: subject.factor for subject in subjects if subject.factor}
    portfolios = {
        f"{subject.name}, {enhanced.result.index.lower()}": enhanced.result
        for subject in subjects
        for enhanced in subject.enhancements
    }
    correlations = [subject.correlation for subject in subjects if subject.correlation]
    return {
        "training": trained(subjects),
        "factor_test": {name: record.plain(of_factor.comparison(test)) for name, test in factors.items()},
        "statistics": {name: record.plain(of_factor.statistics(test)) for name, test in factors.items()},
        "exclusions": {name: record.plain(of_factor.exclusions(test)) for name, test in factors.items()},
        "layers": {name: record.plain(of_factor.layers(test)) for name, test in factors.items()},
        "correlation": [record.plain(each.found.matrix.rename_axis("factor").reset_index()) for each in correlations],
        "performance": {name: record.plain(of_portfolio.comparison(result)) for name, result in portfolios.items()},
        "yearly": {name: record.plain(of_portfolio.yearly_comparison(result)) for name, result in portfolios.items()},
    }


def main() -> None:
    """Run the study, and record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", type=record.study_file, nargs="?", default=STUDY)
    parser.add_argument("--only", nargs="+", metavar="MODEL", help="by default all of the study")
    record.add_options(parser)
    options = parser.parse_args()
    with resident() as trace:
        study = run_study(of_models(options.study, options.only) if options.only else options.study)
    took = taken(study, trace)
    took["resident_mib"] = remembered(options.json, took["minutes"]) | took["resident_mib"]
    subjects = read_subjects([part.recorder for part in study.parts if part.recorder], R.exp_manager)
    record.keep(options.json, {**took, **figures(subjects)})


if __name__ == "__main__":
    main()
