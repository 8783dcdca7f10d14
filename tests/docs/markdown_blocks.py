"""What a page of Markdown shows: its fenced blocks, and the words in its lines that are set as code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "README.zh.md", "CONTRIBUTING.md", "benchmarks/README.md", "docs/*.md")
_FENCE = re.compile(r"^(\s*)(`{3,}|~{3,})\s*(\S*)")
_SPAN = re.compile(r"(?<!`)`((?:[^`\n]|\n(?!\n))+)`(?!`)")
_FILE = re.compile(r"^# file: (\S+)\n")


@dataclass(frozen=True)
class Shown:
    """A block, or words in a line: where it begins, the block's language, what it says."""

    page: str
    line: int
    language: str
    text: str

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def file(self) -> str | None:
        """The file that the block is, where its first line names one."""
        named = _FILE.match(self.text)
        return None if named is None else named[1]


@dataclass(frozen=True)
class Page:
    """A page by its name in the repository."""

    name: str
    text: str

    @cached_property
    def blocks(self) -> list[Shown]:
        """Fenced blocks, in order; `line` is that of their first line of text."""
        return self._read[0]

    @cached_property
    def spans(self) -> list[Shown]:
        """Words set as code in the prose between the blocks."""
        prose = self._read[1]
        return [
            Shown(self.name, prose.count("\n", 0, found.start()) + 1, "", " ".join(found[1].split()))
            for found in _SPAN.finditer(prose)
        ]

    @cached_property
    def indented(self) -> list[Shown]:
        """Lines that Markdown takes for code because they are indented, in no list: nobody can tell their language."""
        lines, found, in_list = self._read[1].splitlines(), [], False
        for number, line in enumerate(lines):
            if line.strip():
                in_list = bool(re.match(r"\s*([-*]|\d+\.) ", line)) or (in_list and line.startswith(" "))
                if line.startswith("    ") and not in_list and (number == 0 or not lines[number - 1].strip()):
                    found.append(Shown(self.name, number + 1, "", line.strip()))
        return found

    @cached_property
    def _read(self) -> tuple[list[Shown], str]:
        """Blocks, and the text with nothing in their lines."""
        blocks: list[Shown] = []
        prose: list[str] = []
        fence, body, begin, language = None, [], 0, ""
        for number, line in enumerate(self.text.splitlines(), 1):
            met = _FENCE.match(line)
            if fence is None and met:
                fence, body, begin, language = met, [], number + 1, met[3]
            elif fence is not None and met and met[2].startswith(fence[2]) and not met[3]:
                blocks.append(Shown(self.name, begin, language, "\n".join(body) + "\n"))
                fence = None
            elif fence is not None:
                body.append(line.removeprefix(fence[1]))
            prose.append("" if fence is not None or met else line)
        assert fence is None, f"{self.name}:{begin}: a block without an end"
        return blocks, "\n".join(prose)


def pages() -> list[Page]:
    """All pages whose blocks are checked."""
    files = [file for pattern in PAGES for file in sorted(ROOT.glob(pattern))]
    return [Page(file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8")) for file in files]
