"""``Table``: an answer's rows, turned into the vendor's text a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Writer = Callable[[Any], str]


def _blank_where_nan(text: Callable[[float], str]) -> Writer:
    return lambda value: "" if value != value else text(value)


PRICE: Writer = "{:.4f}".format
AMOUNT = _blank_where_nan("{:.4f}".format)
SHARES = _blank_where_nan("{:.0f}".format)
RATIO = _blank_where_nan("{:.6f}".format)
FLAG: Writer = "{:d}".format
TEXT: Writer = str


@dataclass(frozen=True)
class Table:
    """Columns by name, each its values and how they are written."""

    columns: dict[str, tuple[np.ndarray, Writer]]

    @classmethod
    def of(cls, names: str, rows: Sequence[Sequence[str]]) -> Table:
        """A table of texts; `names` are separated by blanks."""
        values = np.array(rows, dtype=object).reshape(len(rows), len(names.split()))
        return cls({name: (values[:, at], TEXT) for at, name in enumerate(names.split())})

    @property
    def fields(self) -> str:
        """Names of the columns, separated by commas."""
        return ",".join(self.columns)

    def __len__(self) -> int:
        return max((len(values) for values, _ in self.columns.values()), default=0)

    def rows(self, start: int = 0, stop: int | None = None) -> list[list[str]]:
        """Some of the rows as the vendor writes them."""
        texts = [[write(value) for value in values[start:stop].tolist()] for values, write in self.columns.values()]
        return [list(row) for row in zip(*texts, strict=True)]

    def only(self, names: Sequence[str]) -> Table:
        """Some of the columns, in that order."""
        return Table({name: self.columns[name] for name in names})
