"""Text files: separated values, compressed or not, with or without titles and footers."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from qlib_mfgru.ingest.mapping import RowInput
from qlib_mfgru.ingest.read.files.footer import Body
from qlib_mfgru.ingest.read.files.headers import refuse_header
from qlib_mfgru.ingest.read.files.layout import HEAD_LINES, KNOWN, Layout, find_layout
from qlib_mfgru.ingest.read.files.numbers import MISSING
from qlib_mfgru.ingest.read.files.packed import Content

_BUFFER_BYTES = 1 << 18
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

    def frames(self, columns: Sequence[str], text: Collection[str], n_rows: int) -> Iterator[pd.DataFrame]:
        """As `Reader.frames`; lines after the data are left out."""
        layout = self._layout
        self.remarks.extend(("lines before the header are left out", title) for title in layout.titles[:1])
        text_bytes, encoding = self.content.open_text(self.source.encoding)
        body = Body(text_bytes, layout, encoding)
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
                thousands=",",
                chunksize=n_rows,
                low_memory=False,
            ) as frames,
        ):
            n_read, known = 0, KNOWN | {name.strip().lower() for name in layout.columns}
            for frame in frames:
                refuse_header(frame, known, self.content.label, n_read)
                n_read += len(frame)
                yield frame
        self.remarks.extend(("lines after the data are left out", line) for line in body.footer)

    @cached_property
    def _layout(self) -> Layout:
        text_bytes, encoding = self.content.open_text(self.source.encoding)
        with io.TextIOWrapper(text_bytes, encoding=encoding) as stream:
            lines = [stream.readline() for _ in range((self.source.skip_rows or 0) + HEAD_LINES)]
        name = self.content.inner_name.suffix.lower()
        return find_layout([line for line in lines if line], "," if name == ".csv" else "\t", self.source)
