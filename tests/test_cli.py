"""The command line: exit codes, help, and messages without tracebacks."""

import subprocess
import sys
from pathlib import Path
from typing import Any

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
    "demo --target URL",
    "demo --seed URL",
    "demo --start URL",
    "demo --session URL",
    "correlate a=URL",
    "correlate URL",
    "correlate a b --provider URL",
    "correlate a b --provider . --out URL",
    "correlate a b --provider . --store sqlite:///URL",
    "URL",
    "--URL",
)


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
        ("units --clear nothing", "mfgru: 0 finished units in {} have a key that begins with 'nothing'"),
        ("demo --days 1.5", "mfgru demo: argument --days: invalid int value: '1.5'"),
        ("correlate a b", "mfgru correlate: the following arguments are required: --provider"),
        ("correlate a b --provider absent", "mfgru: there is no provider folder absent"),
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
