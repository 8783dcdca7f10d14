"""``python -m qlib_mfgru.rehearsal``: what it removes, and what it refuses in one line."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from qlib_mfgru.cli import ended
from qlib_mfgru.rehearsal.__main__ import main


@pytest.fixture(autouse=True)
def without_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TQDM_DISABLE", "1")  # or the program would set it for all tests after these


def refused(capsys: pytest.CaptureFixture[str]) -> str:
    """Its only line."""
    assert ended("rehearsal", main) == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line


def test_what_no_play_made_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.csv").touch()
    monkeypatch.setattr(sys, "argv", ["rehearsal", str(tmp_path)])
    assert refused(capsys) == f"rehearsal: {tmp_path} holds files that no play made: name another folder"
    monkeypatch.setattr(sys, "argv", ["rehearsal", str(tmp_path / "mine.csv")])
    assert refused(capsys).startswith(f"rehearsal: {tmp_path}/mine.csv: Not a directory")


def test_an_earlier_play_is_removed_from_the_folder_that_one_is_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "evenings.log").touch()
    (tmp_path / "orders").mkdir()
    (tmp_path / "link").symlink_to("orders")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["rehearsal", "."])

    def play(work: Path) -> None:
        assert (work, list(work.iterdir())) == (tmp_path, [])
        raise KeyboardInterrupt

    monkeypatch.setattr("qlib_mfgru.rehearsal.play", play)
    assert ended("rehearsal", main) == 130
    assert capsys.readouterr().err == "rehearsal: interrupted\n"
