"""The command line: exit codes, help, and messages without tracebacks."""

import subprocess
import sys

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


def test_bad_input_is_one_line_and_exit_code_2() -> None:
    command = [sys.executable, "-m", "qlib_mfgru.cli", "ingest", "absent.yaml", "--source", ".", "--target", "absent"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert run.stderr.startswith("mfgru: ")
    assert "absent.yaml" in run.stderr
    assert "Traceback" not in run.stderr
