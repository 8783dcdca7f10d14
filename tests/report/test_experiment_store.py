"""The store of experiments is there and whole, or not there."""

from __future__ import annotations

import resource
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.report.store import make_store

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


@pytest.mark.parametrize("content", [b"", b"something else", "half"])
def test_what_is_no_whole_store_is_left_alone(tmp_path: Path, content: bytes | str) -> None:
    file = tmp_path / "mlruns.db"
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        with sqlite3.connect(file) as half:
            half.execute("create table experiments (experiment_id integer)")
    before = file.read_bytes()
    with pytest.raises(InputError, match=r"mlruns\.db is no whole store of experiments"):
        make_store(file)
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]
