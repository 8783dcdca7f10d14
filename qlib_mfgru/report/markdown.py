"""Frames as Markdown tables, and pages of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd


def markdown(frame: pd.DataFrame, formats: Mapping[str, str]) -> str:
    """A Markdown table of a frame without its index.

    Parameters
    ----------
    frame : DataFrame
    formats : mapping of str to str
        Format specification by column, e.g. ``.2%``; other columns as they print. Missing values stay empty.
    """
    lines = [[str(column) for column in frame.columns], ["---"] * len(frame.columns)]
    for row in frame.itertuples(index=False):
        lines.append([_cell(value, formats.get(str(column), "")) for column, value in zip(frame, row, strict=True)])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def page(title: str, sections: Iterable[tuple[str, str, Sequence[str]]], conventions: Sequence[str]) -> str:
    """A Markdown page of tables.

    Parameters
    ----------
    title : str
    sections : iterable of (heading, table, notes)
        Notes become bullets below the table.
    conventions : sequence of str
        What the numbers of all tables mean, at the end.
    """
    parts = [f"# {title}"]
    for heading, table, notes in sections:
        parts += [f"## {heading}", table, *([_bullets(notes)] if notes else [])]
    return "\n\n".join([*parts, "## Conventions of all tables", _bullets(conventions)]) + "\n"


def _bullets(notes: Sequence[str]) -> str:
    return "\n".join(f"- {note}" for note in notes)


def _cell(value: Any, specification: str) -> str:
    return "" if pd.isna(value) else format(value, specification)
