"""Commands that README.md and docs/ show are taken by their programs, and every block is of a kind that is checked."""

from __future__ import annotations

import subprocess

import pytest

from docs.markdown_blocks import Page, pages
from docs.programs import PROGRAMS, fault
from docs.shell_lines import Command, lines, mention

SHELLS = ("bash", "console")
CHECKED = {*SHELLS, "yaml", "python", "ini"}
SHOWN_ONLY = {"text", "html"}
"""What a command prints, or a picture made of letters."""


def commands(page: Page) -> list[Command]:
    """In blocks, and in sentences where a program of the register is called with arguments."""
    in_blocks = [
        each for block in page.blocks if block.language in SHELLS for line in lines(block) for each in line.commands
    ]
    named = [found for span in page.spans if (found := mention(span)) is not None]
    return in_blocks + [each for each in named if each.program.removeprefix(".venv/bin/") in PROGRAMS]


def faults(page: Page) -> list[str]:
    found = [f"{command}: {told}" for command in commands(page) if (told := fault(command, page)) is not None]
    unknown = [
        f"{block.place}: a block of {block.language or 'no language'}"
        for block in page.blocks
        if block.language not in CHECKED | SHOWN_ONLY
    ]
    return found + unknown + [f"{line.place}: indented, not fenced: {line.text}" for line in page.indented]


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_a_pages_commands_are_taken(page: Page) -> None:
    assert faults(page) == []


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_a_pages_shell_blocks_are_bash(page: Page) -> None:
    for block in page.blocks:
        if block.language == "bash":
            done = subprocess.run(["bash", "-n"], input=block.text, capture_output=True, text=True)
            assert (done.returncode, done.stderr) == (0, ""), block.place


def test_commands_are_found() -> None:
    assert sum(len(commands(page)) for page in pages()) > 150


PLANTED = """# Planted
```bash
mfgru demo --stoks 5
mfgru predict mfgru_demo --date 2023-12-14 \\
    --last five
mfgru nothing
qrun workflow_configs/demo/none.yaml && make nothing   # two of them
python benchmarks/data_path.py --repeats 2
python -m qlib_mfgru.none
python -m pytest tests/none
frobnicate --all
pip install 'qlib_mfgru[nothing]'
mlflow ui --port-number 5
python -m qlib.contrib.rolling base --conf none.yaml run
```
`mfgru update --revize` and `mfgru update --revise`, `python benchmarks/none.py`.

    indented

```
untold
```
```console
$ mfgru units --clear-everything
ends with 2
```
"""


def test_each_planted_fault_is_named_with_its_line() -> None:
    told = "\n".join(faults(Page("planted.md", PLANTED)))
    for line, words in [
        (3, "--stoks"),
        (4, "invalid"),
        (6, "invalid choice: 'nothing'"),
        (7, "there is no workflow_configs/demo/none.yaml"),
        (7, "make has no nothing"),
        (8, "--repeats"),
        (9, "there is no module qlib_mfgru.none"),
        (10, "there is no tests/none"),
        (11, "frobnicate is in no register"),
        (12, "there is no extra nothing"),
        (13, "--port-number"),
        (14, "--conf"),
        (16, "no option --revize"),
        (16, "there is no benchmarks/none.py"),
        (18, "indented, not fenced"),
        (21, "a block of no language"),
        (24, "--clear-everything"),
    ]:
        assert any(each.startswith(f"planted.md:{line}:") and words in each for each in told.splitlines()), (
            line,
            words,
        )
    assert len(told.splitlines()) == 17
