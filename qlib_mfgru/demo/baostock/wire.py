r"""The vendor's protocol: one line a question, one message an answer.

A question is ``version \1 type \1 length(10 digits)`` + body + ``\1 crc32 \n``; the body's parts are separated by
``\1`` too, the name of the query first. An answer has the same head, and ends with ``<![CDATA[]]>\n``. Bars are
compressed: their head counts the compressed bytes. The checksum of an answer covers head and body as sent; the
client does not look at it (but zlib looks at its own).
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

SEPARATOR = "\1"
END = b"<![CDATA[]]>\n"
HEAD = 21
"""Characters of a head."""
VERSION = "00.9.40"
EXCEPTION = "04"
"""Type of an answer that is an error."""
COMPRESSED = frozenset({"96", "99", "9B", "9D"})
"""Types of answers whose body is compressed."""
ANSWERS: dict[str, str] = {
    "login": "01",
    "logout": "03",
    "query_dividend_data": "14",
    "query_adjust_factor": "16",
    "query_trade_dates": "34",
    "query_all_stock": "36",
    "query_stock_basic": "46",
    "query_stock_industry": "60",
    "query_hs300_stocks": "62",
    "query_sz50_stocks": "64",
    "query_zz500_stocks": "66",
    "query_history_k_data_plus": "96",
    "query_daily_history_k_AStock": "99",
    "query_daily_history_k_ETF": "9B",
    "query_daily_adjust_factor": "9D",
}
"""Type of the answer to each question that is understood."""


class Refused(Exception):
    """A question that is answered by an error.

    Parameters
    ----------
    code : str
        One of the vendor's error codes, e.g. ``10001001`` where the user is not logged in.
    message : str
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code, self.message = code, message


@dataclass(frozen=True)
class Question:
    """A question: the query's name, the user, and what it asks."""

    name: str
    user: str
    arguments: tuple[str, ...]


def parsed(line: bytes) -> Question:
    """The question in a line.

    Raises
    ------
    Refused
        If the line is no question, or its length or checksum is not that of its head.
    """
    try:
        text, checksum = line.decode().rstrip("\n").rsplit(SEPARATOR, 1)
        length = int(text[:HEAD].split(SEPARATOR)[2])
        name, user, *arguments = text[HEAD:].split(SEPARATOR)
    except (ValueError, IndexError) as error:
        raise Refused("10004019", "消息格式不正确") from error
    if length != len(text) - HEAD or checksum != str(zlib.crc32(text.encode())):
        raise Refused("10004019", "消息格式不正确")
    if name not in ANSWERS:
        raise Refused("10004020", "错误的消息类型")
    return Question(name, user, tuple(arguments))


def message(kind: str, parts: Sequence[str]) -> bytes:
    """An answer of one type, whose body has these parts."""
    body = SEPARATOR.join(parts).encode()
    if kind in COMPRESSED:
        body = zlib.compress(body + b"\n")  # the client cuts one character off
    head = SEPARATOR.join((VERSION, kind, f"{len(body):010d}")).encode()
    checksum = str(zlib.crc32(head + body)).encode()
    return head + body + SEPARATOR.encode() + checksum + END


def error(code: str, text: str) -> bytes:
    """An answer that is an error."""
    return message(EXCEPTION, (code, text))


def records(rows: Sequence[Sequence[str]]) -> str:
    """Rows as the vendor writes them; its client removes all blanks."""
    return json.dumps({"record": rows}, ensure_ascii=False, separators=(",", ":"))
