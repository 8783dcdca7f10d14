"""A shell block's lines, and the commands in them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from docs.markdown_blocks import Shown

_ENDS = {"&&", "||", ";", "|", "&"}
_ASSIGNED = re.compile(r"[A-Za-z_]\w*=")
_SUBSTITUTED = re.compile(r"\$\([^)]*\)")


@dataclass(frozen=True)
class Command:
    """One program with its arguments; `is_mention` if it stands in a sentence, which need not give all of them."""

    place: str
    words: tuple[str, ...]
    is_mention: bool = False

    @property
    def program(self) -> str:
        return self.words[0]

    def __str__(self) -> str:
        return f"{self.place}: {shlex.join(self.words)}"


@dataclass(frozen=True)
class Line:
    """A whole line of a block, those that it is continued on included."""

    place: str
    text: str
    commands: tuple[Command, ...]

    @property
    def bare(self) -> str:
        """The line without its comment."""
        return re.sub(r"\s+#.*", "", self.text)


def lines(block: Shown) -> Iterator[Line]:
    """Lines of a shell's block; of a console's (`$ ` before what is typed), those that are typed."""
    pending, begin = "", 0
    for number, line in enumerate(block.text.splitlines(), block.line):
        if block.language == "console" and not pending:
            if not line.startswith("$ "):
                continue
            line = line.removeprefix("$ ")
        begin = begin if pending else number
        pending += line.removesuffix("\\")
        if not line.endswith("\\"):
            place = f"{block.page}:{begin}"
            found = tuple(commands(place, pending))
            if found:
                yield Line(place, pending, found)
            pending = ""


def commands(place: str, text: str, is_mention: bool = False) -> Iterator[Command]:
    """The programs that a line calls, without comments, redirections and variables set for one call."""
    lexer = shlex.shlex(_SUBSTITUTED.sub("SUBSTITUTED", text), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words: list[str] = []
    is_redirected = False
    for token in [*lexer, ";"]:
        if token in _ENDS:
            if words:
                yield Command(place, tuple(words), is_mention)
            words = []
        elif set(token) <= set("<>&"):
            is_redirected = True
        elif is_redirected:
            is_redirected = False
        elif words or not _ASSIGNED.match(token):
            words.append(token)


def mention(span: Shown) -> Command | None:
    """The command that words in a sentence are, if they are one; `[--option]` is what may be given."""
    if " " not in span.text or "\u2026" in span.text:
        return None
    try:
        (found,) = commands(span.place, span.text.replace(" [", " ").removesuffix("]"), is_mention=True)
    except ValueError:
        return None
    return found
