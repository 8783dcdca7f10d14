"""Frames as Markdown tables, and pages of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from qlib_mfgru.numerals import numeral
from qlib_mfgru.report.words import header

_COLUMNS = {
    ".2%": (
        *("annual_return", "annual_volatility", "max_drawdown", "annual_excess", "tracking_error"),
        *("excess_max_drawdown", "monthly_win_rate", "turnover", "largest_turnover", "cost_drag"),
        *("rank_ic_mean", "rank_ic_std", "ic_positive_share", "ic_mean", "ic_std", "long_short_return"),
        *("top_annual_excess", "top_monthly_win_rate", "top_turnover"),
        *("mean_active_share", "mean_cash", "mean_index_covered", "mean_unfilled_value", "first_day_excess"),
    ),
    ".2f": (
        *("sharpe", "information_ratio", "calmar", "long_short_sharpe", "top_information_ratio"),
        *("ic_ir", "icir", "rank_ic_t", "rank_ic_t_nw", "ic_t", "ic_t_nw", "rank_autocorrelation"),
    ),
    ".4f": ("least", "most", "mean", "worst", "largest"),
    ".3f": ("correlation",),
    ".1f": ("mean_stocks", "mean_names"),
    ".1%": ("days_beyond",),
}
FORMATS: dict[str, str] = {column: specification for specification, names in _COLUMNS.items() for column in names}
"""Format specification of every column that means the same on all pages."""

_OF_NAMES = ("source", "layer", "turnover_limit", "exposure", "constraint", "entry", "action", "banned_by")
"""Columns whose cells are names that have words."""

Formats = Mapping[str, str] | Callable[[pd.DataFrame], Mapping[str, str]]
"""Format specification by column, or a function that makes it of the frame."""


def markdown(frame: pd.DataFrame, formats: Formats | None = None) -> str:
    """A Markdown table of a frame without its index, its columns in words (see `words.header`).

    Parameters
    ----------
    frame : DataFrame
    formats : mapping of str to str, or function of the frame, optional
        Format specification by column, e.g. ``.2%``, besides `FORMATS`; other columns as they print. Missing values
        stay empty.
    """
    own = formats(frame) if callable(formats) else formats or {}
    by_column = FORMATS | dict(own)
    lines = [[_escaped(header(column)) for column in frame.columns], ["---"] * len(frame.columns)]
    for row in frame.itertuples(index=False):
        cells = zip(map(str, frame.columns), row, strict=True)
        lines.append([_cell(value, by_column.get(column, ""), column in _OF_NAMES) for column, value in cells])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def numbers_as(specification: str) -> Formats:
    """One format for all columns of numbers, for a table whose columns differ from run to run."""
    return lambda frame: dict.fromkeys(map(str, frame.select_dtypes("number").columns), specification)


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
    blocks = [f"# {title}"]
    for heading, table, notes in sections:
        blocks += [f"## {heading}", table, *([_bullets(notes)] if notes else [])]
    return "\n\n".join([*blocks, "## Conventions of all tables", _bullets(conventions)]) + "\n"


def _bullets(notes: Sequence[str]) -> str:
    return "\n".join(f"- {note}" for note in notes)


def _cell(value: Any, specification: str, is_name: bool) -> str:
    if pd.isna(value):
        return ""
    return _escaped(header(value) if is_name else numeral(value, specification))


def _escaped(text: str) -> str:
    """Text of a cell: a model may be called ``a | b``."""
    return text.replace("|", r"\|")
