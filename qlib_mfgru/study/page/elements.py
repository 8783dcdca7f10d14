"""What a page is made of, before it is HTML: parts of sections of blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

_LINE = 36
"""Characters of a cell that stay on one line."""

Source = Literal["report", "run"]
"""Whose figures a row holds: the Huatai report's, or ours."""


@dataclass(frozen=True)
class Cell:
    """A cell of a table, or a main figure.

    Attributes
    ----------
    text : str
        As it is read.
    value : float or None
        The number in full, where it is one.
    missing : bool
        There is no value.
    as_above : bool
        The row belongs to the group of the one above, whose cell says the same: it is not shown again.
    """

    text: str
    value: float | None = None
    missing: bool = False
    as_above: bool = False

    @property
    def exact(self) -> str:
        """The number to its last digit, as ``data-value``."""
        return "" if self.value is None else repr(float(self.value) + 0.0)  # -0.0 becomes 0.0

    @property
    def is_long(self) -> bool:
        """Whether the text may take several lines."""
        return len(self.text) > _LINE


@dataclass(frozen=True)
class Row:
    """A row of a table."""

    cells: Sequence[Cell]
    source: Source = "run"


@dataclass(frozen=True)
class Head:
    """The head of a column: its name in the records' tables, and as it is read."""

    name: str
    text: str
    number: bool


@dataclass(frozen=True)
class Table:
    """A table; `conventions` is the anchor of what its numbers mean, empty where they need no words."""

    heads: Sequence[Head]
    rows: Sequence[Row]
    conventions: str = ""
    title: str = ""


@dataclass(frozen=True)
class Chart:
    """A chart as an ``<svg>`` element, what it shows, and how wide it is in pixels."""

    svg: str
    title: str
    width: int


@dataclass(frozen=True)
class Said:
    """Sentences: bullets, or a single paragraph.

    Attributes
    ----------
    sentences : sequence of str
    warning : bool
        Something is lacking.
    caution : bool
        What is there has to be read with care.
    """

    sentences: Sequence[str]
    warning: bool = False
    caution: bool = False


@dataclass(frozen=True)
class Code:
    """Text that is copied as it stands."""

    text: str


@dataclass(frozen=True)
class MainFigure:
    """A figure of the summary, and what stands below it in small letters, the Huatai report's among it."""

    value: Cell
    below: Sequence[str]


@dataclass(frozen=True)
class MainRow:
    """Main figures of one model or portfolio: what it is, in small letters of what, and the anchor of all about it."""

    name: str
    of: str
    anchor: str
    figures: Sequence[MainFigure]


@dataclass(frozen=True)
class MainFigures:
    """The figures that a reader looks for first; `what` is the head of the rows' names."""

    title: str
    what: str
    heads: Sequence[Head]
    rows: Sequence[MainRow]


Block = Table | Chart | Said | Code | MainFigures


@dataclass(frozen=True)
class Section:
    """Blocks under a title.

    Attributes
    ----------
    anchor : str
        Unique on the page.
    title : str
    blocks : sequence of Block
    number : str
        The figure of the Huatai report that it stands for, e.g. ``15`` or ``16-23``; empty for what that lacks.
    """

    anchor: str
    title: str
    blocks: Sequence[Block]
    number: str = ""


@dataclass(frozen=True)
class Part:
    """A chapter of the page."""

    anchor: str
    title: str
    sections: list[Section] = field(default_factory=list)
