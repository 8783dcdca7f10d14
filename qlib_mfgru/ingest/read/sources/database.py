"""Rows from a database, streamed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pandas as pd

from qlib_mfgru.addresses import hidden, without_secrets
from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import RowInput
from qlib_mfgru.ingest.mapping.urls import expanded
from qlib_mfgru.ingest.read.columns import TEXT_FIELDS
from qlib_mfgru.ingest.read.files.fields import match_fields
from qlib_mfgru.ingest.read.files.layout import once

if TYPE_CHECKING:
    from sqlalchemy import Connection, CursorResult

Value = TypeVar("Value")

_ASSUMED_ROWS = 50_000_000
"""A query's rows, so that even a large one's buckets are small; counting them would run it twice."""


@dataclass(frozen=True)
class Query:
    """The rows of a query, run once, in a transaction that is never committed.

    All methods raise an InputError if the database cannot be reached or refuses the query. No message shows a
    password, not even the driver's.

    Attributes
    ----------
    source : RowInput
        Its `sql` and `url`.
    name : str
        The input's.
    remarks : list of (str, str)
        Always empty.
    """

    source: RowInput
    name: str
    remarks: list[tuple[str, str]] = field(default_factory=list, compare=False)

    @property
    def label(self) -> Path:
        """As messages name it."""
        return Path(f"query of {self.name}")

    @property
    def stems(self) -> tuple[str, ...]:
        """None: no name holds a code."""
        return ()

    @property
    def estimated_rows(self) -> int:
        """An assumption."""
        return _ASSUMED_ROWS

    def header(self) -> list[str]:
        """The query's columns, each name once."""
        return once(list(self._result.keys()))

    def columns(self, required: Sequence[str], optional: Sequence[str] = ()) -> dict[str, str]:
        """The query's column for each field that it has, as of `match_fields`."""
        return match_fields(self.header(), self.source.columns, required, optional, str(self.label))

    def frames(
        self, columns: Mapping[str, str], n_rows: int, text: Collection[str] = TEXT_FIELDS
    ) -> Iterator[pd.DataFrame]:
        """Yield the rows once, as `VendorFile.frames`; the database says what is text."""
        header, n_read = self.header(), 0
        with self._connection:
            while rows := self._fetched(n_rows):
                n_read += len(rows)
                frame = pd.DataFrame.from_records(rows, columns=header, coerce_float=True)
                yield frame[list(columns.values())].set_axis(list(columns), axis=1)
        if n_read == 0:
            raise InputError(f"{self.label}: it has no rows")

    def _fetched(self, n_rows: int) -> list[tuple[object, ...]]:
        return self._without_secrets(lambda: [tuple(row) for row in self._result.fetchmany(n_rows)])

    @cached_property
    def _url(self) -> str:
        return expanded(self.source.url or "", f"{self.name}.url")

    @cached_property
    def _connection(self) -> Connection:
        return self._without_secrets(lambda: _connected(self._url))

    @cached_property
    def _result(self) -> CursorResult[tuple[object, ...]]:
        statement = self.source.sql or ""
        # the statement as it is: its colons and percent signs are no parameters
        connection = self._connection.execution_options(stream_results=True, no_parameters=True)
        result = self._without_secrets(lambda: connection.exec_driver_sql(statement))
        if not result.returns_rows:
            raise InputError(f"{self.label}: the statement returns no rows")
        return result

    def _without_secrets(self, action: Callable[[], Value]) -> Value:
        """What `action` returns; what a driver raises is said on one line without secrets.

        The driver's exception is not chained, since it may hold the password.
        """
        try:
            return action()
        except ImportError as error:
            reason = f"{error}: pip install 'qlib_mfgru[databases]', or the driver of your database"
        except Exception as error:  # drivers raise what they like
            reason = str(getattr(error, "orig", None) or error)
        reason = without_secrets(" ".join(reason.split()), self._url, self.source.sql or "")
        raise InputError(f"{self.label} ({hidden(self._url)}): {reason}")


def _connected(url: str) -> Connection:
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    connection = create_engine(url, poolclass=NullPool).connect()
    # the others take the option for a fault
    read_only = {"postgresql_readonly": True} if connection.dialect.name == "postgresql" else {}
    return connection.execution_options(**read_only)
