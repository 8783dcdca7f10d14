"""Frames as tables of a page: numbers as they are read, each with all its digits beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from numbers import Integral
from typing import Any

import pandas as pd

from qlib_mfgru.numerals import numeral
from qlib_mfgru.report.markdown import FORMATS, Formats
from qlib_mfgru.study.page.elements import Cell, Head, Row, Source, Table
from qlib_mfgru.study.page.words import Words

Rows = tuple[Source, pd.DataFrame]
"""Rows of one table, and whose figures they hold."""
SOURCE = "source"
"""Column of a frame that says whose figures a row holds: ``report`` or ``run``."""
_SETTINGS = {
    **dict.fromkeys(("min_constituent_weight", "industry_exposure", "max_weight_deviation", "two_sided_cost"), "g%"),
    "size_exposure": "g",
    "weight": ".2%",
}
_OF_NAMES = {
    *("source", "layer", "turnover_limit", "exposure", "constraint", "action", "banned_by", "entry"),
    "rebalance",
}
"""Columns whose cells are names that have words."""
_OF_MODELS = {"model", "model_a", "model_b"}
"""Columns whose cells are names of models: the report's have words, ours are called as everywhere on the page."""
_SEED = "seed"
"""Column whose whole numbers are names: without commas, and to the last digit."""
_GROUPS = ("pool", "turnover_limit")
"""Columns whose rows stand in groups of the same value, which stands first and once."""
_MISSING = "–"


def table(
    frame: pd.DataFrame, words: Words, formats: Formats | None = None, conventions: str = "", title: str = ""
) -> Table:
    """A frame without its index.

    Parameters
    ----------
    frame : DataFrame
        A column `SOURCE`, if any, says whose figures the rows hold.
    words : Words
    formats : mapping of str to str, or function of the frame, optional
        Besides those that all pages share; numbers of other columns stand in full.
    conventions : str
        Anchor of what its numbers mean.
    title : str
    """
    grouped = next((name for name in _GROUPS if name in frame), None)
    if grouped is not None:
        frame = frame[[grouped, *frame.columns.drop(grouped)]]
    own = formats(frame) if callable(formats) else formats or {}
    by_column = FORMATS | _SETTINGS | dict(own)
    numeric = {str(column): _is_numeric(frame[column]) for column in frame}
    heads = [Head(name, words.head(name), number) for name, number in numeric.items()]
    sources: Sequence[Source] = list(frame[SOURCE]) if SOURCE in frame else ["run"] * len(frame)
    rows = [
        Row([_cell(head.name, value, by_column, words, of) for head, value in zip(heads, values, strict=True)], of)
        for values, of in zip(frame.itertuples(index=False, name=None), sources, strict=True)
    ]
    return Table(heads, rows if grouped is None else list(_in_groups(rows)), conventions, title)


def _in_groups(rows: Sequence[Row]) -> Iterator[Row]:
    """Rows whose first cell says once what it says of a group."""
    for above, row in zip([None, *rows], rows, strict=False):
        first, *others = row.cells
        same = above is not None and above.cells[0].text == first.text
        yield replace(row, cells=[replace(first, as_above=same), *others])


def _cell(column: str, value: Any, formats: Mapping[str, str], words: Words, of: Source) -> Cell:
    has_words = column in _OF_NAMES or (column in _OF_MODELS and of == "report")
    if isinstance(value, str) and has_words and value in words:
        return Cell(words.head(value))
    if column == _SEED and isinstance(value, Integral):
        return Cell(str(value), float(value))
    return cell(value, formats.get(column, ""), words)


def cell(value: Any, specification: str, words: Words) -> Cell:
    """A value as it is read."""
    if pd.isna(value):
        return Cell(_MISSING, missing=True)
    if isinstance(value, str):
        return Cell(value)
    if isinstance(value, (bool, pd.Timestamp)):
        return Cell(f"{value:%Y-%m-%d}" if isinstance(value, pd.Timestamp) else words("yes" if value else "no"))
    number = float(value)
    if specification:
        return Cell(numeral(number, specification).replace("-", "−"), number)
    return Cell(f"{int(number):,}" if number.is_integer() else f"{number:.6g}", number)


def stacked(frames: Sequence[Rows]) -> pd.DataFrame:
    """Rows of several frames, with whose figures they are in the first column."""
    filled = [frame.assign(**{SOURCE: source}) for source, frame in frames if len(frame)]
    both = pd.concat([frame.dropna(axis=1, how="all") for frame in filled], ignore_index=True)
    columns = dict.fromkeys(column for frame in filled for column in frame.columns)
    both = both.reindex(columns=list(columns))
    return both[[SOURCE, *both.columns.drop(SOURCE)]]


def _is_numeric(column: pd.Series) -> bool:
    known = column.dropna()
    return len(known) > 0 and all(isinstance(value, (int, float)) or hasattr(value, "dtype") for value in known)
