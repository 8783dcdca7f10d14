"""``Faults``: what goes wrong between the vendor and its client, and in which answers."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from qlib_mfgru.demo.baostock.wire import Question


@dataclass(frozen=True)
class Faults:
    """What goes wrong; put another record in `Server.faults` at any time.

    The first group hits answers, all or those that the second group chooses; the third is about the server as a whole.

    Attributes
    ----------
    cut : int or None
        Only so many bytes of the answer are sent, then the connection ends.
    reset : bool
        A connection that ends does so by a reset, of which the client hears; otherwise it is closed, and the client
        waits for the rest of the answer for ever.
    error : str
        The answer is this error code.
    wrong_checksum : bool
        The answer's checksum is not its own; the client does not look at it.
    garbled : bool
        A digit of the answer is another one, or a byte where it is compressed; the checksum is that of the right one.
    short : bool
        Pages lack their last row: the client asks for no further one.
    silent : bool
        There is no answer.
    delay : float
        Seconds before the answer.

    only : tuple of str
        Queries that are hit, e.g. ``("query_trade_dates",)``; all, ``login`` among them, if empty.
    chance : float
        Share of the answers that are hit.
    seed : int
        Which ones: depends on the question and on how often it was asked, not on what else is asked meanwhile.
    times : int or None
        So many answers are hit, and none after them.

    expire_after : int or None
        A login is good for so many questions: those that follow are refused with ``10001001``.
    max_connections : int or None
        Connections beyond so many are reset at once.
    rate : int or None
        Questions beyond so many a second are refused with ``10005001``.
    empty : frozenset of str
        Stocks for which answers have no rows.
    """

    cut: int | None = None
    reset: bool = False
    error: str = ""
    wrong_checksum: bool = False
    garbled: bool = False
    short: bool = False
    silent: bool = False
    delay: float = 0.0
    only: tuple[str, ...] = ()
    chance: float = 1.0
    seed: int = 0
    times: int | None = None
    expire_after: int | None = None
    max_connections: int | None = None
    rate: int | None = None
    empty: frozenset[str] = frozenset()

    @property
    def of_answers(self) -> bool:
        """Whether answers are hit at all."""
        return self.damages or self.silent or self.short or bool(self.error) or self.delay > 0

    @property
    def damages(self) -> bool:
        """Whether an answer's bytes are damaged on the way."""
        return self.cut is not None or self.wrong_checksum or self.garbled

    def hits(self, question: Question, asked: int) -> bool:
        """Whether the answer to a question that was asked `asked` times before is hit, whatever `times` says."""
        chosen = not self.only or question.name in self.only
        draw = zlib.crc32(repr((self.seed, asked, question.name, question.arguments)).encode()) / 2**32
        return self.of_answers and chosen and draw < self.chance

    def damaged(self, answer: bytes) -> bytes:
        """The answer as it arrives."""
        if self.wrong_checksum:
            at = answer.rindex(b"\1") + 1
            answer = answer[:at] + str(int(answer[at : answer.index(b"<", at)]) ^ 1).encode() + answer[-13:]
        if self.garbled:
            answer = garbled(answer)
        return answer if self.cut is None else answer[: self.cut]


def garbled(answer: bytes) -> bytes:
    """An answer with one byte changed in the middle of its body: a digit to another one, if there is one."""
    middle = len(answer) // 2
    at = next((at for at in range(middle, len(answer) - 30) if answer[at : at + 1].isdigit()), middle)
    changed = b"%d" % ((int(answer[at : at + 1]) + 1) % 10) if answer[at : at + 1].isdigit() else b"?"
    return answer[:at] + changed + answer[at + 1 :]
