"""Text files: separated values, compressed or not, with or without titles and footers."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

import pandas as pd

from qlib_mfgru.ingest.mapping import RowInput
from qlib_mfgru.ingest.read.files.footer import Body
from qlib_mfgru.ingest.read.files.headers import refuse_header
from qlib_mfgru.ingest.read.files.layout import HEAD_LINES, KNOWN, Layout, find_layout
from qlib_mfgru.ingest.read.files.numbers import MISSING
from qlib_mfgru.ingest.read.files.packed import Content
from qlib_mfgru.ingest.read.files.plain import plain_columns
from qlib_mfgru.ingest.read.files.reader import Columns, length, pieces

LEFT_OUT = "lines before the header or after the data are left out"
"""What remarks say of titles and footers."""
_BUFFER_BYTES = 1 << 18
_UTF8 = ("utf-8-sig", "utf-8", "utf8")
_BYTES_PER_ROW = 60
"""A bar's usual length; only the number of spool buckets depends on it."""


@dataclass(frozen=True)
class TextReader:
    """A file of separated values.

    Attributes
    ----------
    content : Content
        Its bytes.
    source : RowInput
        Its encoding, and what the mapping says of its layout.
    remarks : list of (str, str)
        What was found in it and left out, with an example; complete once the rows have been read.
    """

    content: Content
    source: RowInput
    remarks: list[tuple[str, str]] = field(default_factory=list)

    @property
    def estimated_rows(self) -> int:
        """From the size."""
        return self.content.n_bytes // _BYTES_PER_ROW + 1

    def header(self) -> list[str]:
        """The columns that its header, or the mapping, names."""
        return self._layout.columns

    def frames(self, columns: Sequence[str], text: Collection[str], n_rows: int) -> Iterator[Columns]:
        """As `Reader.frames`; lines after the data are left out."""
        self.remarks.extend((LEFT_OUT, title) for title in self._layout.titles[:1])
        body, encoding = self._body()
        plain = self._plain(body, columns, text)
        if plain is not None:
            parts = pieces(plain, n_rows)
        else:
            body, encoding = self._body()
            parts = self._streamed(body, encoding, columns, text, n_rows)
        n_read, known = 0, KNOWN | {name.strip().lower() for name in self._layout.columns}
        for rows in parts:
            refuse_header(rows, known, self.content.label, n_read)
            n_read += length(rows)
            yield rows
        self.remarks.extend((LEFT_OUT, line) for line in body.footer)

    def _body(self) -> tuple[Body, str]:
        """The lines of data from their beginning, and their encoding."""
        content, encoding = self.content.open_text(self.source.encoding)
        return Body(content, self._layout, encoding), encoding

    def _plain(self, body: Body, columns: Sequence[str], text: Collection[str]) -> Columns | None:
        """All rows, if the file is small and plain."""
        with body:
            if not self.content.is_small or self.source.encoding not in _UTF8:
                return None
            return plain_columns(body.readall(), self._layout, columns, text)

    def _streamed(
        self, body: Body, encoding: str, columns: Sequence[str], text: Collection[str], n_rows: int
    ) -> Iterator[Columns]:
        layout = self._layout
        with (
            io.BufferedReader(body, _BUFFER_BYTES) as stream,
            pd.read_csv(
                stream,
                sep=layout.sep,
                encoding=encoding,
                header=None,
                names=layout.columns,
                index_col=False,
                skiprows=layout.n_before,
                usecols=list(columns),
                dtype=dict.fromkeys(text, "category"),
                na_values={column: list(MISSING) for column in columns if column not in text},
                chunksize=n_rows,
                low_memory=False,
            ) as frames,
        ):
            yield from frames

    @cached_property
    def _layout(self) -> Layout:
        text_bytes, encoding = self.content.open_text(self.source.encoding)
        with io.TextIOWrapper(text_bytes, encoding=encoding) as stream:
            lines = list(islice(stream, (self.source.skip_rows or 0) + HEAD_LINES))
        name = self.content.inner_name.suffix.lower()
        return find_layout(lines, "," if name == ".csv" else "\t", self.source)
