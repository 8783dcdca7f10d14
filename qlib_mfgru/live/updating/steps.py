"""Steps of a plan: bytes at places of files, which can be put there twice; and files of them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple


class Step(NamedTuple):
    """Bytes at a place of a file, which ends with them; `is_cut` if it was longer. It can be done twice."""

    name: str
    offset: int
    is_cut: bool
    content: bytes


def write_steps(file: Path, steps: Iterable[Step]) -> None:
    """Keep steps in a file."""
    steps = list(steps)
    head = json.dumps([[step.name, step.offset, step.is_cut, len(step.content)] for step in steps]).encode()
    with open(file, "wb") as out:
        out.write(b"%d\n" % len(head))
        out.write(head)
        for step in steps:
            out.write(step.content)


def read_steps(file: Path) -> list[Step]:
    """Steps of a file."""
    content = file.read_bytes()
    line = content.index(b"\n")
    place = line + 1 + int(content[:line])
    steps = []
    for name, offset, is_cut, length in json.loads(content[line + 1 : place]):
        steps.append(Step(name, offset, is_cut, content[place : place + length]))
        place += length
    return steps
