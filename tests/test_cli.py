"""The command line: exit codes, help, and messages without tracebacks."""

import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from qlib_mfgru import __version__, cli
from qlib_mfgru.arguments import local_path
from qlib_mfgru.cli import ended, main


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0
    assert __version__ in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "option"),
    [
        ("demo", "--target"),
        ("ingest", "--target"),
        ("collect", "--since"),
        ("update", "--revise"),
        ("check", "--since"),
        ("configs", "--copy"),
        ("units", "--clear"),
        ("correlate", "--pool"),
        ("rebalance", "--holdings"),
        ("predict", "--retrain"),
        ("report", "--lang"),
        ("study", "STUDY.yaml"),
    ],
)
def test_a_command_has_help(command: str, option: str, capsys: pytest.CaptureFixture[str]) -> None:
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


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (MemoryError(), "mfgru: Cannot allocate memory: end other programs, or take fewer jobs\n"),
        (MemoryError("no memory for the workspace: use smaller batches"), "mfgru: no memory for the workspace: use "),
    ],
)
def test_no_memory_is_one_line(error: MemoryError, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    def run() -> int:
        raise error

    assert ended("mfgru", run) == 2
    assert capsys.readouterr().err.startswith(line)


def test_the_home_folder_of_an_option_is_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell leaves ``--out=~/orders.csv`` as it is."""
    monkeypatch.setenv("HOME", str(tmp_path))
    assert local_path("~/orders.csv") == tmp_path / "orders.csv"
    with pytest.raises(argparse.ArgumentTypeError, match="home folder of a user who has none"):
        local_path("~nobody-of-this-name/orders.csv")


ADDRESSES = (
    "postgresql://quant:hunter2@db.example/prices",
    "postgresql://quant:hunt%40er2/x@db.example/prices",
    "redis://:hunter2@db.example",
    "mysql://db.example/prices?user=quant&password=hunter2",
    "postgresql%3A%2F%2Fquant%3Ahunter2%40db.example",
    "quant:hunter2@db.example",
    "prices?token=hunter2",
)
COMMANDS = (
    "ingest --explain URL",
    "ingest --explain . --source URL",
    "ingest URL --source . --target x",
    "ingest --vendor tushare --source URL --target x",
    "ingest --vendor tushare --source . --target URL",
    "ingest --vendor URL --show",
    "ingest --jobs URL",
    "check URL",
    "check . --out URL",
    "check . --since URL",
    "check . --stocks URL",
    "units URL",
    "units --dir URL",
    "units --clear URL",
    "configs --copy URL",
    "configs URL",
    "demo --target URL",
    "demo --seed URL",
    "demo --start URL",
    "demo --session URL",
    "correlate a=URL",
    "correlate URL",
    "correlate a b --provider URL",
    "correlate a b --provider . --out URL",
    "correlate a b --provider . --store sqlite:///URL",
    "rebalance URL",
    "rebalance a --holdings URL",
    "rebalance a --out URL",
    "rebalance a --store sqlite:///URL",
    "rebalance --scores URL --provider .",
    "rebalance --scores a --provider URL",
    "predict URL",
    "predict a --provider URL",
    "predict a --store sqlite:///URL",
    "predict a --out URL",
    "predict a --date URL",
    "collect URL --since 2024-01-02 --out x",
    "collect baostock --since URL --out x",
    "collect baostock --since 2024-01-02 --out URL --freq URL",
    "update URL --source .",
    "update . --source URL",
    "study URL",
    "report URL --out x.html",
    "report a --out URL",
    "report a --out x.html --provider URL",
    "report a --out x.html --store sqlite:///URL",
    "URL",
    "--URL",
)


def test_each_command_is_tried() -> None:
    assert {command.split()[0] for command in COMMANDS} - {"URL", "--URL"} == set(cli.COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_no_argument_shows_a_password(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MFGRU_UNITS", str(tmp_path))
    for address in ADDRESSES:
        code, out, error = ran([word.replace("URL", address) for word in command.split()], capsys)
        assert code == 2
        assert error.startswith("mfgru")
        assert error.count("\n") == 1
        for secret in ("hunter2", "er2/x", "hunt%40"):
            assert secret not in out + error
    assert not list(tmp_path.iterdir())


def test_no_variable_of_the_environment_shows_a_password(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setenv("MFGRU_UNITS", ADDRESSES[0])
    code, out, error = ran(["units"], capsys)
    assert (code, error) == (0, "")
    assert "hunter2" not in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("", "mfgru: the following arguments are required: COMMAND; see mfgru --help"),
        ("ingst", "mfgru: argument COMMAND: invalid choice: 'ingst' (choose from "),
        ("ingest --wrong", "mfgru: unrecognized arguments: --wrong; see mfgru --help"),
        ("ingest --vendor", "mfgru ingest: argument --vendor: expected one argument; see mfgru ingest --help"),
        ("ingest --explain", "mfgru ingest: argument --explain: expected at least one argument"),
        ("ingest", "mfgru: give a mapping file, or --vendor NAME; --explain FILE proposes a mapping"),
        ("ingest --jobs x", "mfgru ingest: argument --jobs: invalid int value: 'x'"),
        ("ingest --vendor tushar --show", "mfgru: no ready mapping of 'tushar'; did you mean 'tushare'?"),
        ("check", "mfgru check: the following arguments are required: provider"),
        ("check .", "mfgru: {}: no qlib provider, it has no folder calendars"),
        ("check absent", "mfgru: {}/absent: no qlib provider"),
        ("check . --out x.pdf", "mfgru: --out is 'x.pdf': must end in .md or .html"),
        ("units --dir file", "mfgru: {}/file: a folder of units is needed, not a file"),
        ("units --clear nothing", "mfgru: 0 units in {} have a key that begins with 'nothing'"),
        ("demo --days 1.5", "mfgru demo: argument --days: invalid int value: '1.5'"),
        ("correlate a b", "mfgru correlate: the following arguments are required: --provider"),
        (
            "correlate a b --provider absent",
            "mfgru: there is no provider folder absent: name that of yours, or make it with mfgru ingest",
        ),
        ("rebalance a", "mfgru: there is no store of experiments mlruns.db: go to the folder of the qrun"),
        ("report a", "mfgru report: the following arguments are required: --out"),
        ("report a --out x.pdf", "mfgru: --out is 'x.pdf': must end in .html"),
        ("report a --out x.html", "mfgru: there is no store of experiments mlruns.db: go to the folder of the qrun"),
        ("report a --out x.html --lang fr", "mfgru report: argument --lang: invalid choice: 'fr' (choose from "),
        ("rebalance a --cash x", "mfgru rebalance: argument --cash: invalid float value: 'x'"),
    ],
)
def test_a_wrong_call_is_one_line(
    arguments: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MFGRU_UNITS", str(tmp_path))
    (tmp_path / "file").touch()
    code, _, error = ran(arguments.split(), capsys)
    assert code == 2
    assert error.startswith(message.format(tmp_path))
    assert error.count("\n") == 1


def test_a_store_without_its_driver_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.chdir(tmp_path)
    store = "postgresql+nodriver://quant:hunter2@db.example/mlflow"
    code, _, error = ran(["correlate", "a", "b", "--provider", ".", "--store", store], capsys)
    assert code == 2
    assert error.splitlines()[-1] == (
        "mfgru: postgresql+nodriver://quant:***@db.example/mlflow: the store of experiments cannot be read: "
        "Can't load plugin: sqlalchemy.dialects:postgresql.nodriver"
    )
    assert "hunter2" not in error


def ran(arguments: list[str], capsys: Any) -> tuple[int, str, str]:
    """Exit code and output of a command."""
    try:
        code = main(arguments)
    except SystemExit as stop:
        code = stop.code  # type: ignore[assignment]
    return code, *capsys.readouterr()


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("words", ["configs", "--help"])
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
    command = [*MFGRU, "configs", "--copy", str(tmp_path / "单 元")]
    run = subprocess.run(command, capture_output=True, check=False, env={**os.environ, **change})
    assert (run.returncode, run.stderr) == (0, b"")
    assert run.stdout.startswith(str(tmp_path).encode())
    assert run.stdout.endswith(b" copied, 0 there already\n")


def test_a_name_that_the_system_cannot_write_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("qlib_mfgru.cli._run", lambda argv: "市场".encode("ascii") and 0)
    assert main([]) == 2
    message = "mfgru: '\\u5e02\\u573a' cannot be written in ascii, the encoding of this locale: set PYTHONUTF8=1\n"
    assert capsys.readouterr().err == message


@pytest.mark.parametrize(
    ("stop", "before"),
    [(signal.SIGINT, []), (signal.SIGTERM, []), (signal.SIGTERM, ["env", "--ignore-signal=INT"])],
    ids=["SIGINT", "SIGTERM", "SIGTERM in the background"],
)
def test_an_interrupt_is_one_line_and_130(tmp_path: Path, stop: signal.Signals, before: list[str]) -> None:
    command = [*before, *MFGRU, "demo", "--target", str(tmp_path / "market")]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not any(tmp_path.iterdir()):
        assert run.poll() is None
        time.sleep(0.01)
    run.send_signal(stop)
    _, errors = run.communicate(timeout=20)
    assert run.returncode == 130
    assert errors.splitlines()[-1] == "mfgru: interrupted"
    assert "Traceback" not in errors
    assert list(tmp_path.iterdir()) == []
