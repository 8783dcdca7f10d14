"""Parts whose recorders are whole: by their keys, and by a list of the files that each held when it was finished."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from qlib.log import get_module_logger
from qlib.workflow import R
from qlib.workflow.recorder import Recorder

from qlib_mfgru.live.opening import saved
from qlib_mfgru.report.recorders import find_recorder
from qlib_mfgru.study.plan import Part

TAG = "mfgru.study"
"""Tag of a part's recorder: its key. It is set last of all, so that only a whole one has it."""
FILES = "study_files.json"
"""Artifact: the size in bytes of every other one. What was added later is none of its business."""


def keep(recorder: Recorder, key: str) -> None:
    """Write down what the recorder of a part holds, and call it finished."""
    client = R.exp_manager.client
    client.log_text(recorder.id, json.dumps(dict(_sizes(recorder.id)), indent=1), FILES)
    client.set_tag(recorder.id, TAG, key)


def kept(experiment_name: str, key: str, part: Part, ids: Mapping[str, str]) -> str | None:
    """Id of the newest finished recorder of a key in an experiment that still has what the part left; else None.

    It must have read the recorders that its models have today, which `ids` names: one that has read a recorder that was
    deleted or damaged since would stand on the page as another model's, or could not stand there at all.
    """
    client = R.exp_manager.client
    experiment = client.get_experiment_by_name(experiment_name)
    if experiment is None:
        return None
    wanted = f"attributes.status = '{Recorder.STATUS_FI}' and tags.`{TAG}` = '{key}'"
    runs = client.search_runs([experiment.experiment_id], wanted, order_by=["attributes.start_time DESC"])
    for run in runs:
        damaged = _damaged(run.info.run_id, part)
        if damaged:
            get_module_logger("mfgru").warning(
                f"{part.name}: of the recorder {run.info.run_id} {', '.join(damaged)} is gone or cut short: not taken"
            )
        elif _reads(run.info.run_id, [ids[name] for name in part.needs]):
            return str(run.info.run_id)
    return None


def _reads(run_id: str, needed: Sequence[str]) -> bool:
    """Whether a recorder's task names these other ones."""
    task = str(saved(find_recorder(run_id), "task")) if needed else ""
    return all(known in task for known in needed)


def _damaged(run_id: str, part: Part) -> list[str]:
    """Files that are gone or cut short; of a part from before there were lists, what is gone at the top."""
    top = set(find_recorder(run_id).list_artifacts())
    if FILES not in top:
        return sorted(part.leaves - top)
    listed = _listed(Path(R.exp_manager.client.download_artifacts(run_id, FILES)))
    if listed is None:
        return [FILES]
    here = dict(_sizes(run_id))
    return [file for file, size in listed.items() if here.get(file, -1) < size]


def _listed(file: Path) -> dict[str, int] | None:
    """What `keep` wrote down, or None if it is no longer that."""
    try:
        listed = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        return None
    is_list = isinstance(listed, dict) and all(isinstance(size, int) for size in listed.values())
    return listed if is_list else None


def _sizes(run_id: str, folder: str | None = None) -> Iterator[tuple[str, int]]:
    for each in R.exp_manager.client.list_artifacts(run_id, folder):
        if each.is_dir:
            yield from _sizes(run_id, each.path)
        elif each.path != FILES:
            yield each.path, each.file_size or 0  # some stores do not say
