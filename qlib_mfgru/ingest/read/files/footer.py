"""Lines after the data of a text file, such as the name of its source."""

from __future__ import annotations

import io
import re
from typing import BinaryIO

from qlib_mfgru.ingest.read.files.layout import Layout, cells_of

_TAIL_BYTES = 1 << 17
"""What is held back: the last rows, of wide tables too."""
_BLOCK_BYTES = 1 << 20
_FOOTER_LINES = 5
_LINE_END = re.compile(rb"\r\n|\r|\n")
_NOTHING = " \t\x1a"
"""What may stand after the last line; DOS ends a file with the last of these."""
_PROSE = re.compile(r"\D*[^\x00-\x7f].*|#.*|\D*[\s:].*", re.DOTALL)
"""What stands alone in a footer: words, not a stamp or a code."""


class Body(io.RawIOBase):
    """A text file's bytes without the lines after its data; an OSError where its last row is cut.

    Its end is held back until it is known to be the end.

    Parameters
    ----------
    stream : binary file
        It is closed with this one.
    layout : Layout
        The file's.
    encoding : str
        The file's.

    Attributes
    ----------
    footer : list of str
        The lines that were left out; known at the end.
    """

    def __init__(self, stream: BinaryIO, layout: Layout, encoding: str) -> None:
        self._stream, self._layout, self._encoding = stream, layout, encoding
        self._held, self._ended = b"", False
        self.footer: list[str] = []

    def readable(self) -> bool:
        """Always true."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill the buffer as far as it goes; 0 at the end."""
        while not self._ended and len(self._held) <= _TAIL_BYTES:
            block = self._stream.read(_BLOCK_BYTES)
            if b"\0" in block:
                raise OSError("it holds zero bytes, which no text has: half written, or UTF-16 without its mark")
            self._held, self._ended = self._held + block, not block
            if self._ended:
                self._held = self._without_footer(self._held)
        n_ready = len(self._held) - (0 if self._ended else _TAIL_BYTES)
        n_bytes = min(len(buffer), n_ready)
        buffer[:n_bytes], self._held = self._held[:n_bytes], self._held[n_bytes:]
        return n_bytes

    def readall(self) -> bytes:
        """All that is left, in one piece."""
        self._held, self._ended = self._without_footer(self._held + self._stream.read()), True
        data, self._held = self._held, b""
        return data

    def close(self) -> None:
        """Close the file too."""
        self._stream.close()
        super().close()

    def _without_footer(self, tail: bytes) -> bytes:
        for _ in range(_FOOTER_LINES):
            text = tail.rstrip(b"\r\n \t")
            start = max(text.rfind(b"\n"), text.rfind(b"\r")) + 1
            line = text[start:].decode(self._encoding, errors="replace").strip()
            if not start or not self._is_prose(line):
                break
            self.footer.append(line)
            tail = tail[:start]
        if self._is_cut(tail):
            raise OSError("its last row is cut")
        return tail

    def _is_cut(self, tail: bytes) -> bool:
        """Whether the last line does not end, and has fewer cells than the header and the line before it."""
        if tail.endswith((b"\n", b"\r")):
            return False
        lines, sep = _LINE_END.split(tail[-_TAIL_BYTES:])[-2:], self._layout.sep
        *before, last = (line.decode(self._encoding, errors="replace") for line in lines)
        # an odd quote ends a cell of several lines; words are a footer's
        first = next((cell for cell in cells_of(last, sep) if cell), "")
        if not before or not last.strip(_NOTHING) or last.count('"') % 2 or _PROSE.fullmatch(first):
            return False
        return len(cells_of(last, sep)) < min(len(self._layout.columns), len(cells_of(before[0], sep)))

    def _is_prose(self, line: str) -> bool:
        """Whether a line has a single cell where the data have more, and what is in it are words."""
        given = [cell for cell in cells_of(line, self._layout.sep) if cell]
        return len(self._layout.columns) > 1 and len(given) == 1 and _PROSE.fullmatch(given[0]) is not None
