"""What is wrong with a documented command, as the program that it calls sees it: its own parser reads the arguments.

`PROGRAMS` is the register: a program that is not in it is a fault. A check returns nothing, or what is wrong.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import inspect
import io
import re
import runpy
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import command_line
from _pytest.config import UsageError, get_config

from docs.markdown_blocks import ROOT, Page
from docs.shell_lines import Command
from qlib_mfgru import cli

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FOLDERS = ("benchmarks", "docs", "notebooks", "tests", "workflow_configs", "qlib_mfgru")
_MADE = ("--target", "--out", "--copy", "--workdir")
"""Options whose path need not be there."""
_LACKS = ("the following arguments are required", "expected one argument", "expected at least one argument")


def fault(command: Command, page: Page) -> str | None:
    """What is wrong with a command, or None."""
    program = Path(command.program).name if command.program.startswith(".venv/bin/") else command.program
    check = PROGRAMS.get(program)
    if check is None:
        return f"{program} is in no register of programs (tests/docs/programs.py)"
    return _absent(command) or check(command, page)


def _absent(command: Command) -> str | None:
    for before, word in zip(command.words, command.words[1:], strict=False):
        is_ours = word.split("/")[0] in FOLDERS and "/" in word
        if is_ours and before not in _MADE and not (ROOT / word).exists():
            return f"there is no {word}"
    return None


class _Parsed(BaseException):
    """The arguments were taken: nothing else of the program is to run."""


def parsed(parse: Callable[[Sequence[str]], object], words: Sequence[str], is_mention: bool) -> str | None:
    """What an argparse parser says of the words; of a mention only its options have to be known."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
            parse(words)
    except _Parsed:
        return None
    except SystemExit as end:
        told = said.getvalue().strip().splitlines()
        lacks = is_mention and told and any(phrase in told[-1] for phrase in _LACKS)
        if end.code in (0, None):
            return None
        return _unknown_option(parse, words) if lacks else " ".join(told[-1:]) or f"it ends with {end.code}"
    return None


def _unknown_option(parse: Callable[[Sequence[str]], object], words: Sequence[str]) -> str | None:
    helped = io.StringIO()
    with contextlib.redirect_stdout(helped), contextlib.suppress(SystemExit):
        parse([*words[:1], "--help"])
    known = set(re.findall(r"--[\w-]+", helped.getvalue()))
    return next((f"no option {word}" for word in words if word.startswith("--") and word not in known), None)


def _mfgru(command: Command, page: Page) -> str | None:
    return parsed(lambda given: cli.parser().parse_args(given), command.words[1:], command.is_mention)


def _qrun(command: Command, page: Page) -> str | None:
    if len(command.words) != 2:
        return "qrun takes one file"
    file = command.words[1]
    given = {block.file for block in page.blocks} | {span.text for span in page.spans}
    return None if (ROOT / file).is_file() or file in given else f"{file} is no file, and the page names none"


def _make(command: Command, page: Page) -> str | None:
    targets = set(re.findall(r"^([a-z][\w -]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    known = {name for names in targets for name in names.split()}
    return next((f"make has no {word}" for word in command.words[1:] if "=" not in word and word not in known), None)


def _python(command: Command, page: Page) -> str | None:
    words = command.words[1:]
    if words[0] != "-m":
        return _script(ROOT / words[0], words[1:], command.is_mention)
    if words[1] == "pytest":
        return _pytest(Command(command.place, words[1:]), page)
    if importlib.util.find_spec(words[1]) is None:
        return f"there is no module {words[1]}"
    if words[1] == "qlib.contrib.rolling":
        return _qlib_rolling(words[2:])
    return parsed(lambda given: _module(words[1], given), words[2:], command.is_mention)


def _script(file: Path, words: Sequence[str], is_mention: bool) -> str | None:
    if not file.is_file():
        return f"there is no {file.name}"

    def run(given: Sequence[str]) -> None:
        with _until_parsed(str(file), given):
            runpy.run_path(str(file), run_name="__main__")

    sys.path.insert(0, str(file.parent))
    try:
        return parsed(run, words, is_mention)
    finally:
        sys.path.remove(str(file.parent))


def _module(name: str, words: Sequence[str]) -> None:
    with _until_parsed(name, words):
        runpy.run_module(name, run_name="__main__", alter_sys=False)


@contextlib.contextmanager
def _until_parsed(program: str, words: Sequence[str]) -> Iterator[None]:
    """A program's own parser reads the words, and then nothing else of it runs."""
    real, argv = argparse.ArgumentParser.parse_args, sys.argv

    def read(parser: argparse.ArgumentParser, args: Sequence[str] | None = None, namespace: object = None) -> None:
        real(parser, args, namespace)
        raise _Parsed

    argparse.ArgumentParser.parse_args, sys.argv = read, [program, *words]  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        argparse.ArgumentParser.parse_args, sys.argv = real, argv  # type: ignore[method-assign]


def _qlib_rolling(words: Sequence[str]) -> str | None:
    from qlib.contrib.rolling.base import Rolling

    known = inspect.signature(Rolling).parameters
    unknown = [word for word in words if word.startswith("--") and word[2:] not in known]
    if unknown:
        return f"qlib's rolling has no {unknown[0]}"
    return None if words[0] == "base" and hasattr(Rolling, words[-1]) else "qlib's rolling is base, and ends with run"


def _pytest(command: Command, page: Page) -> str | None:
    parser = get_config()._parser
    command_line.add_options(parser)
    try:
        known, unknown = parser.parse_known_and_unknown_args(list(command.words[1:]))
    except UsageError as error:
        return str(error)
    if unknown:
        return f"pytest has no {unknown[0]}"
    return next((f"there is no {path}" for path in known.file_or_dir if not (ROOT / path).exists()), None)


def _pip(command: Command, page: Page) -> str | None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for before, word in zip(command.words, command.words[1:], strict=False):
        named = re.fullmatch(r"(?:qlib_mfgru|\.)\[([\w,]+)\]", word)
        if named and (unknown := set(named[1].split(",")) - set(extras)):
            return f"there is no extra {unknown.pop()}"
        if before == "-c" and not (ROOT / word).is_file():
            return f"there is no {word}"
    return None


def _mlflow(command: Command, page: Page) -> str | None:
    import click
    from mlflow.cli import cli as mlflow

    try:
        name, found, words = mlflow.resolve_command(click.Context(mlflow), list(command.words[1:]))
        assert found is not None
        found.make_context(name, words)
    except click.ClickException as error:
        return error.format_message()
    return None


def _free(command: Command, page: Page) -> None:
    """A shell's own word, or a tool of the system: nothing of ours that could grow stale."""


PROGRAMS: dict[str, Callable[[Command, Page], str | None]] = {
    "mfgru": _mfgru,
    "qrun": _qrun,
    "make": _make,
    "python": _python,
    "python3": _python,
    "pytest": _pytest,
    "pip": _pip,
    "mlflow": _mlflow,
    **dict.fromkeys(("cd", "mkdir", "cp", "source", "export", "set", "trap", "echo", "tee", "sed"), _free),
    **dict.fromkeys(("systemctl", "journalctl", "crontab"), _free),
}
