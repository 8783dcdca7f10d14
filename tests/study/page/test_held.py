"""What a recorder holds is found, wherever its record put it; what cannot be read is said, and ends no page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from qlib.workflow import R
from qlib.workflow.recorder import Recorder
from study_recorders import Recorders

from qlib_mfgru.study.page import held
from qlib_mfgru.study.page.subjects import read_subjects

Make = Callable[[dict[str, bytes]], Recorder]


@pytest.fixture
def with_files(recorders: Recorders, tmp_path: Path) -> Make:
    """A recorder with these files."""

    def make(files: dict[str, bytes]) -> Recorder:
        with R.start(experiment_name="held", recorder_name="held"):
            recorder = R.get_recorder()
        for name, content in files.items():
            file = tmp_path / Path(name).name
            file.write_bytes(content)
            recorder.save_objects(local_path=str(file), artifact_path=str(Path(name).parent) if "/" in name else None)
        return recorder

    return make


def test_a_folder_of_any_name_is_one(with_files: Make) -> None:
    """Also with a dot; a file beside the records' folders is no record."""
    recorder = with_files({"index_enhancement/notes.txt": b"mine"})
    for number, folder in enumerate(["cost_0.1", "plain", "v1.2/deep"]):
        recorder.save_objects(artifact_path=f"index_enhancement/{folder}", **{"result.pkl": number})
    unread: list[str] = []
    found = list(held.results(recorder, "index_enhancement", unread))
    assert found == [(0, "cost_0.1"), (1, "plain"), (2, "v1.2/deep")]
    assert unread == []


def test_a_record_without_a_result_is_said(with_files: Make) -> None:
    recorder, unread = with_files({"factor_test/summary.csv": b"pool"}), list[str]()
    assert list(held.results(recorder, "factor_test", unread)) == []
    assert unread == [f"the recorder {recorder.id} has no factor_test/result.pkl: run its record again"]
    assert held.correlation(recorder, unread) is None
    assert len(unread) == 1


def test_a_key_of_digits_is_no_number(with_files: Make) -> None:
    recorder, unread = with_files({"rolling/units.csv": b"key,fold\n00000000000000000012,1\n"}), list[str]()
    assert held.units(recorder, unread).to_dict("list") == {"key": ["0" * 18 + "12"], "fold": [1]}
    assert unread == []


def test_what_is_damaged_is_said_file_by_file(with_files: Make, recorders: Recorders) -> None:
    files = {
        "factor_test/result.pkl": b"cut short",
        "correlation/result.pkl": b"cut short",
        "training_history.json": b'[{"epoch"',
        "rolling/units.csv": b"",
    }
    recorder = with_files(files)
    subject, whole = read_subjects([recorder.id, recorders.lightgbm], R.exp_manager)
    for reason, name in zip(subject.unread, files, strict=True):
        assert reason.startswith(f"the {name} of the recorder {recorder.id} is damaged")
    assert (subject.factor, subject.correlation, subject.histories, len(subject.units)) == (None, None, {}, 0)
    assert whole.factor is not None
