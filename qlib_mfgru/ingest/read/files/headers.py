"""A header within the data: text files that were put one after the other."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.read.files.reader import Columns, as_frame

_LEAST = 2
"""Cells that name columns from which on, where they are half of a row, it is a header."""


def refuse_header(rows: Columns, known: Collection[str], label: object, first_row: int) -> None:
    """Refuse rows after a header with the columns in another order, which would be read under wrong names.

    A header that repeats the file's own is a row like others, which holds no number.

    Parameters
    ----------
    rows : DataFrame or mapping of str to values
        Under the file's columns.
    known : collection of str
        Names of columns, in lower case.
    label : object
        The file, as messages name it.
    first_row : int
        Rows of the file before these.

    Raises
    ------
    InputError
        With the row.
    """
    names = list(map(str, rows))
    if len(names) < _LEAST or any(rows[name].dtype.kind in "fiub" for name in names):
        return  # a header would have made all columns text
    frame = as_frame(rows)
    named = {name: _among(frame[name], known) for name in frame}
    n_named = np.sum(list(named.values()), axis=0)
    for position in np.flatnonzero(n_named >= max(_LEAST, len(frame.columns) / 2)).tolist():
        row = [str(cell).strip().lower() for cell in frame.iloc[position]]
        own = [str(name).strip().lower() for name in frame]
        if row != own:
            raise InputError(
                f"{label}: row {first_row + position + 1} is another header, with the columns in another order "
                f"({', '.join(row)} where the first has {', '.join(own)}): split the file there"
            )


def _among(column: pd.Series, known: Collection[str]) -> np.ndarray:
    """Whether each cell is a column's name; shape (n,)."""
    places, values = pd.factorize(column)
    is_name = [str(value).strip().lower() in known for value in values]
    # an empty cell has position -1, which picks the last
    return np.array([*is_name, False])[places]
