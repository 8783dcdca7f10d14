"""Frames as Markdown tables."""

from __future__ import annotations

from collections.abc import Mapping
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


def _cell(value: Any, specification: str) -> str:
    return "" if pd.isna(value) else format(value, specification)
