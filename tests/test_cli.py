"""The command line: exit codes, help, and messages without tracebacks."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from qlib_mfgru import __version__
from qlib_mfgru.cli import main


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0
    assert __version__ in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "option"),
    [("demo", "--target"), ("ingest", "--target"), ("check", "--since"), ("units", "--clear"), ("correlate", "--pool")],
)
def test_every_command_has_help(command: str, option: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    assert option in capsys.readouterr().out


MFGRU = [sys.executable, "-m", "qlib_mfgru.cli"]


def test_bad_input_is_one_line_and_exit_code_2() -> None:
    command = [*MFGRU, "ingest", "absent.yaml", "--source", ".", "--target", "absent"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert run.stderr.startswith("mfgru: ")
    assert "absent.yaml" in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("words", ["units --dir absent", "--help"])
def test_a_full_output_is_one_line(words: str, unbuffered: str) -> None:
    with open("/dev/full", "w") as full:
        run = subprocess.run(
            [*MFGRU, *words.split()],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        )
    assert run.returncode == 2
    assert run.stderr == (
        "mfgru: standard output: No space left on device: free space there, or name a folder on another disk\n"
    )


def test_a_reader_that_has_enough_is_no_error() -> None:
    """As ``mfgru --help | head -0``, in a shell's exit code of a command that was ended by SIGPIPE."""
    run = subprocess.Popen([*MFGRU, "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert run.stdout is not None
    run.stdout.close()
    assert (run.communicate()[1], run.returncode) == ("", 141)


@pytest.mark.parametrize(("redirection", "said"), [(">&-", "closed: send it to"), (">/dev/full 2>/dev/full", "")])
def test_closed_and_full_streams(redirection: str, said: str) -> None:
    shell = f"{sys.executable} -m qlib_mfgru.cli units --dir absent {redirection}"
    run = subprocess.run(["sh", "-c", shell], stderr=subprocess.PIPE, text=True, check=False)
    assert run.returncode == 2
    assert said in run.stderr
    assert run.stderr.count("\n") == bool(said)


@pytest.mark.parametrize("change", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "HOME": ""}])
def test_any_encoding_takes_any_name(change: dict[str, str], tmp_path: Path) -> None:
    command = [*MFGRU, "units", "--dir", str(tmp_path / "单 元")]
    run = subprocess.run(command, capture_output=True, check=False, env={**os.environ, **change})
    assert (run.returncode, run.stderr) == (0, b"")
    assert run.stdout.startswith(b"finished units in ")
    assert run.stdout.endswith(b": 0\n")


def test_a_name_that_the_system_cannot_write_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("qlib_mfgru.cli._run", lambda argv: "市场".encode("ascii") and 0)
    assert main([]) == 2
    message = "mfgru: '\\u5e02\\u573a' cannot be written in ascii, the encoding of this locale: set PYTHONUTF8=1\n"
    assert capsys.readouterr().err == message


def test_an_interrupt_is_one_line_and_130(tmp_path: Path) -> None:
    command = [*MFGRU, "demo", "--target", str(tmp_path / "market")]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not any(tmp_path.iterdir()):
        assert run.poll() is None
        time.sleep(0.01)
    run.send_signal(signal.SIGINT)
    _, errors = run.communicate(timeout=20)
    assert run.returncode == 130
    assert errors.splitlines()[-1] == "mfgru: interrupted"
    assert "Traceback" not in errors
    assert list(tmp_path.iterdir()) == []
