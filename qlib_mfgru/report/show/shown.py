"""``Shown``: results that print as their main table, and show it with a chart in a notebook."""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from unicodedata import east_asian_width

import pandas as pd

from qlib_mfgru.report import fonts
from qlib_mfgru.report.markdown import markdown
from qlib_mfgru.report.show.html import cells, html, picture

if TYPE_CHECKING:  # charts are drawn in notebooks; a scheduler's command need not wait for matplotlib
    from matplotlib.figure import Figure

_PRINTED, _IN_NOTEBOOK = 4, 20
"""Rows of a table that are printed, and that a notebook shows."""


@dataclass(frozen=True)
class View:
    """What there is to see of a result.

    Attributes
    ----------
    title : str
        One line: what it is.
    table : DataFrame
        Its main table, without an index.
    plot : callable or None
        Draws its main chart.
    """

    title: str
    table: pd.DataFrame
    plot: Callable[[], Figure] | None = None


class Shown(ABC):
    """A result whose ``repr`` is a title and a table of five lines, and which notebooks show with its chart.

    Dataclasses keep it by ``repr=False``.
    """

    @abstractmethod
    def view(self) -> View:
        """What there is to see."""

    def __repr__(self) -> str:
        view = self.view()
        return "\n".join([view.title, *_aligned(_lines(view.table, _PRINTED)), *_left(view.table, _PRINTED)])

    def _repr_html_(self) -> str:
        view = self.view()
        table = "\n".join(_lines(view.table, _IN_NOTEBOOK))
        chart = "" if view.plot is None else picture(_png(view.plot()), view.title)
        return "\n".join([html(f"#### {view.title}"), html(table), *map(html, _left(view.table, _IN_NOTEBOOK)), chart])


def _lines(table: pd.DataFrame, rows: int) -> list[str]:
    """The table in Markdown; if it has more rows, one less of them, which leaves a line to say so."""
    shown = table if len(table) <= rows else table.head(rows - 1)
    return markdown(shown).splitlines()


def _left(table: pd.DataFrame, rows: int) -> list[str]:
    return [] if len(table) <= rows else [f"... and {len(table) - rows + 1:,} more rows"]


def _aligned(lines: Sequence[str]) -> list[str]:
    """Columns below each other: the first at the left, others at the right."""
    rows = cells(lines)
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    blanks = [[" " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)] for row in rows]
    return [
        "  ".join([row[0] + first, *map(str.__add__, others, row[1:])]).rstrip()
        for row, (first, *others) in zip(rows, blanks, strict=True)
    ]


def _width(text: str) -> int:
    """Columns of a terminal: a Chinese character takes two."""
    return len(text) + sum(east_asian_width(character) in "WF" for character in text)


def _png(figure: Figure) -> bytes:
    file = io.BytesIO()
    with fonts.completed(figure):
        figure.savefig(file, format="png", dpi=90)
    return file.getvalue()
