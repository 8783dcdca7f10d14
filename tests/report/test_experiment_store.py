"""The store of experiments is there and whole, or not there."""

from __future__ import annotations

import logging
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import pytest
from qlib.utils.exceptions import LoadObjectError
from sqlalchemy.event import listen

from qlib_mfgru.errors import InputError
from qlib_mfgru.report.store import ExperimentStore, make_store, store_file

RUN = """
import sys
from qlib_mfgru.report.store import ExperimentStore
ExperimentStore("sqlite:///mlruns.db", "mfgru").get_exp(experiment_name=sys.argv[1], create=True)
"""


def start(folder: Path, experiment: str, limit: int | None = None) -> subprocess.Popen[str]:
    """A run that makes an experiment in `folder`; `limit` is the size that its files may have, as on a full disk."""

    def restrict() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    words = [sys.executable, "-c", RUN, experiment]
    return subprocess.Popen(words, cwd=folder, stderr=subprocess.PIPE, text=True, preexec_fn=restrict)


def experiments(folder: Path) -> list[str]:
    with sqlite3.connect(folder / "mlruns.db") as store:
        return sorted(name for (name,) in store.execute("select name from experiments"))


def test_a_kill_while_it_is_made_and_then_two_at_once(tmp_path: Path) -> None:
    killed = start(tmp_path, "first")
    while not any(file.stat().st_size for file in tmp_path.glob(".mlruns.db.*/new/mlruns.db")):
        assert killed.poll() is None
        time.sleep(0.005)
    killed.kill()
    killed.communicate()
    assert not (tmp_path / "mlruns.db").exists()
    rivals = [start(tmp_path, name) for name in ("second", "third")]
    said = [rival.communicate(timeout=120)[1] for rival in rivals]
    assert [rival.returncode for rival in rivals] == [0, 0], said
    assert experiments(tmp_path) == ["Default", "second", "third"]
    assert [path.name for path in tmp_path.iterdir()] == ["mlruns.db"], "nothing is left behind"


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    run = start(tmp_path, "first", limit=300_000)
    last = run.communicate()[1].splitlines()[-1]
    assert run.returncode == 1
    assert "mlruns.db: mlflow cannot make its store here (" in last
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What a store without a run holds."""
    file = tmp_path_factory.mktemp("whole") / "mlruns.db"
    make_store(file)
    return file.read_bytes()


HALF = "create table experiments (experiment_id integer)"
STOPPED = "mlflow was stopped while it made it, and it holds no experiment: delete"
OTHER = "create table prices (close real)"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no whole store of experiments: mlflow was stopped while it made it, and it holds no experiment: delete"),
        (
            HALF,
            "no whole store of experiments: mlflow was stopped while it made it, and it holds no experiment: delete",
        ),
        (OTHER, "another program's database"),
        (b"something else" * 99, "file is not a database: it is something else: name another file"),
        (0.5, "malformed: it is damaged: put a copy back"),
    ],
)
def test_what_is_no_whole_store_is_left_alone(
    tmp_path: Path, whole: bytes, content: bytes | str | float, message: str
) -> None:
    """Only of what holds no experiment it is said that it may go."""
    file = tmp_path / "mlruns.db"
    if isinstance(content, str):
        with closing(sqlite3.connect(file)) as other:
            other.execute(content)
    else:
        file.write_bytes(content if isinstance(content, bytes) else whole[: int(len(whole) * content)])
    before = file.read_bytes()
    with pytest.raises(InputError, match=rf"mlruns\.db.*{message}") as error:
        make_store(file)
    assert ("delete" in str(error.value)) == ("holds no experiment" in message)
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder, and the file of a store is meant"):
        make_store(tmp_path)


def test_a_kill_within_a_transaction_is_taken_back(tmp_path: Path, whole: bytes) -> None:
    file = tmp_path / "mlruns.db"
    file.write_bytes(whole)
    program = """
import os, sqlite3, sys
store = sqlite3.connect(sys.argv[1], isolation_level=None)
store.execute("pragma cache_size = 1")
store.execute("begin immediate")
for number in range(3000):
    store.execute("insert into experiments (name) values (?)", (f"{number}" * 50,))
os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-c", program, file], check=False)
    assert (tmp_path / "mlruns.db-journal").exists()
    make_store(file)
    assert experiments(tmp_path) == ["Default"]
    assert list(tmp_path.iterdir()) == [file]


def test_who_keeps_it_locked_is_waited_for_and_then_said(
    tmp_path: Path, whole: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mlruns.db"
    file.write_bytes(whole)
    monkeypatch.setattr("qlib_mfgru.report.store.file.PATIENCE", 0.1)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("begin exclusive")
        with pytest.raises(InputError, match=r"mlruns\.db: database is locked: another process"):
            make_store(file)
        other.execute("rollback")
    make_store(file)


def test_a_link_that_leads_nowhere_yet_is_followed(tmp_path: Path) -> None:
    link = tmp_path / "mlruns.db"
    link.symlink_to(tmp_path / "elsewhere.db")
    make_store(link)
    assert link.is_symlink()
    make_store(tmp_path / "elsewhere.db")


@pytest.mark.parametrize(
    ("uri", "file"),
    [("sqlite:///mlruns.db", "mlruns.db"), ("sqlite:////a b/中.db?timeout=9", "/a b/中.db"), ("http://host", None)],
)
def test_the_file_of_an_address(uri: str, file: str | None) -> None:
    assert store_file(uri) == (None if file is None else Path(file))


def test_a_question_mark_in_its_path(tmp_path: Path) -> None:
    """mlflow would make a file that is called as what stands before it."""
    folder = tmp_path / "why?"
    folder.mkdir()
    with pytest.raises(InputError, match=r"has a `\?` in its path"):
        store_file(f"sqlite:///{folder}/mlruns.db")
    with pytest.raises(InputError, match=r"has a `\?` in its path"):
        make_store(folder / "mlruns.db")
    assert list(tmp_path.rglob("*")) == [folder]


def test_reading_an_artifact_leaves_no_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """mlflow makes one in the folder of temporary files, and qlib lets it lie: some megabytes each evening."""
    store = tmp_path / "mlruns.db"
    make_store(store)
    manager = ExperimentStore(f"sqlite:///{store}", "mfgru")
    monkeypatch.chdir(tmp_path)
    recorder = manager.start_exp(experiment_name="read").active_recorder
    recorder.save_objects(**{"numbers.pkl": [1, 2]})
    copies = tmp_path / "copies"
    copies.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(copies))
    assert recorder.load_object("numbers.pkl") == [1, 2]
    with pytest.raises(LoadObjectError):
        recorder.load_object("absent.pkl")
    manager.end_exp(recorder_status="FINISHED")
    assert list(copies.iterdir()) == []


def test_a_full_disk_while_a_run_records_is_one_error(
    tmp_path: Path,
    whole: bytes,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    logged: pytest.LogCaptureFixture,
) -> None:
    """Nothing is lost in silence: what is logged is kept when the call returns, a bad name alone is said."""
    file = tmp_path / "mlruns.db"
    monkeypatch.setattr(logging, "raiseExceptions", False)  # handlers of earlier tests have closed streams
    file.write_bytes(whole)
    monkeypatch.chdir(tmp_path)
    manager = ExperimentStore(f"sqlite:///{file}", "mfgru")
    recorder = manager.start_exp(experiment_name="full").active_recorder
    recorder.log_metrics(**{"bad:name?": 1.0, "kept": 2.0})
    assert recorder.list_metrics() == {"kept": 2.0}
    engine = manager.client._tracking_client.store.engine
    listen(engine, "begin", lambda connection: connection.exec_driver_sql("pragma max_page_count = 1"))  # as it is now
    with pytest.raises(InputError, match=r"mlruns\.db: database or disk is full: free space there, or name a folder"):
        recorder.log_params(**{f"param{number}": "v" * 400 for number in range(99)})
    manager.end_exp(recorder_status="FAILED")
    assert "the recorder does not keep bad:name?" in logged.text
    assert "Traceback" not in capfd.readouterr().err
