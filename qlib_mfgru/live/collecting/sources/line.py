"""The socket below baostock's client, which waits for ever when the server hangs up, and connects where it likes.

The client makes its socket itself, hides what goes wrong with it, and looks at no checksum. So it is given this one.
"""

from __future__ import annotations

import socket
import time
import zlib
from types import SimpleNamespace
from typing import Any, ClassVar, NoReturn

_END = b"<![CDATA[]]>\n"
_HEAD = 21  # characters: version, kind, length of the body
_COMPRESSED = {b"96", b"99", b"9B", b"9D"}
_BLOCK = 1 << 16


class Line(socket.socket):
    """A connection to one address, whatever the client asks for.

    An answer must be whole within a time; a server that hangs up, and a wrong checksum, are errors. Answers of a kind
    (compressed or not) of which none had a checksum that fits are taken as they come: the client's protocol is
    described nowhere, and a compressed answer has a checksum of its own.
    """

    address: ClassVar[tuple[str, int]]
    timeout_s: ClassVar[float]
    trouble: ClassVar[str] = ""
    """Why the last question had no answer, which the client only prints."""
    _with_sums: ClassVar[set[bool]] = set()
    _due = 0.0
    _dead = ""

    def connect(self, _: Any) -> None:
        self.settimeout(self.timeout_s)
        try:
            super().connect(self.address)
        except TypeError:  # what it raises for names that cannot be encoded
            self._dead = f"{self.address[0]!r} cannot be the name of a host"
        except OSError as error:  # which the client prints, to ask a question all the same
            self._dead = f"{self.address[0]}:{self.address[1]}: {error.strerror or 'no connection in time'}"

    def send(self, data: Any, *_: Any) -> int:
        if self._dead:
            self._fail(self._dead)
        Line.trouble = ""
        self._due = time.monotonic() + self.timeout_s
        self._answer = bytearray()
        try:
            self.sendall(data)
        except OSError as error:
            self._fail(error.strerror or "the connection is broken")
        return len(data)

    def recv(self, *_: Any) -> bytes:
        left = self._due - time.monotonic()
        try:
            if left <= 0:
                raise TimeoutError
            self.settimeout(left)
            data = super().recv(_BLOCK)
        except TimeoutError:
            self._fail(f"no answer within {self.timeout_s:g} s")
        except OSError as error:
            self._fail(error.strerror or "the connection is broken")
        if not data:
            self._fail("the server closed the connection")
        self._answer += data
        if self._answer.endswith(_END):
            self._check(bytes(self._answer))
        return data

    def _check(self, answer: bytes) -> None:
        content, _, digits = answer[: -len(_END)].rpartition(b"\1")
        fits = digits.strip().isdigit() and int(digits) == zlib.crc32(content)
        compressed = answer[:_HEAD].split(b"\1")[1:2] in [[kind] for kind in _COMPRESSED]
        if fits:
            self._with_sums.add(compressed)
        elif compressed in self._with_sums:
            self._fail("an answer whose checksum is wrong")

    def _fail(self, trouble: str) -> NoReturn:
        Line.trouble = trouble
        raise ConnectionError(trouble)


def install(module: Any, host: str, port: int, timeout: float) -> None:
    """Let the client's module of sockets make a `Line` to an address."""
    Line.address, Line.timeout_s, Line.trouble = (host, port), timeout, ""
    Line._with_sums = set()
    module.socket = SimpleNamespace(socket=Line, AF_INET=socket.AF_INET, SOCK_STREAM=socket.SOCK_STREAM)
