"""Stock and index codes as vendors write them, and as the provider does: ``SH600000``, or ``BRK.B``."""

from __future__ import annotations

import re
from typing import Literal

Codes = Literal["ashare", "plain"]
"""How a market names its stocks: see `session.Session`."""

_EXCHANGES = {
    "SH": "SH",
    "SSE": "SH",
    "XSHG": "SH",
    "SS": "SH",
    "SZ": "SZ",
    "SZSE": "SZ",
    "XSHE": "SZ",
    "BJ": "BJ",
    "BSE": "BJ",
    "XBSE": "BJ",
    "BJSE": "BJ",
}

_STOCK_PREFIXES = (
    ("60", "SH"),
    ("68", "SH"),
    ("900", "SH"),
    ("92", "BJ"),
    ("00", "SZ"),
    ("30", "SZ"),
    ("200", "SZ"),
    ("50", "SH"),
    ("51", "SH"),
    ("52", "SH"),
    ("53", "SH"),
    ("55", "SH"),
    ("56", "SH"),
    ("58", "SH"),
    ("15", "SZ"),
    ("16", "SZ"),
    ("18", "SZ"),
    ("4", "BJ"),
    ("8", "BJ"),
)
"""First digits of a bare code of a stock or a fund and its exchange; the longer prefix comes before the shorter one."""

INDEX_PREFIXES = (("000", "SH"), ("93", "SH"), ("399", "SZ"), ("98", "SZ"), ("899", "BJ"))
"""First digits of an index's code and its exchange."""

_CODE = re.compile(r"(?:(?P<before>[A-Z]{2,4})[._#]?)?(?P<digits>[0-9]{6})(?:[._]?(?P<after>[A-Z]{2,4}))?")
_CODE_IN_NAME = re.compile(r"(?:(?:SH|SZ|BJ)[._#]?)?(?<!\d)[0-9]{6}(?!\d)(?:\.(?:SH|SZ|BJ|XSHG|XSHE))?", re.IGNORECASE)
_NUMBER = re.compile(r"[1-9][0-9]{0,4}")
"""A code that was read as a number: shorter, without zeros before it. ``00700`` is written so, in Hong Kong."""

_PLAIN = re.compile(r"(?!_QLIB_)[A-Z0-9_^-][A-Z0-9._^-]{0,63}")
"""What can name a folder and an instrument: 64 characters at most; qlib keeps the prefix for itself."""
_READ_AS_MISSING = frozenset({"NA", "NULL"})
"""Codes that pandas, and so qlib, reads from a file of instruments as no text at all."""
_WITH_FREQ = re.compile(r"(?P<code>.+?)[_-](?:\d+(?:MIN|M|H)|1D|DAY|DAILY)(?:[_-].*)?", re.IGNORECASE)
"""``AAPL_15min``, ``BTCUSDT-15m-2024-01``: a file's name in which a frequency follows the code."""

_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))})
"""Names that Windows keeps for devices, so that qlib gives such instruments another folder."""


def normalise_symbol(text: str, codes: Codes = "ashare", *, index: bool = False) -> str:
    """Code as the provider writes it, e.g. ``SH600000``.

    Parameters
    ----------
    text : str
        For A-shares ``600000``, ``sh.600000``, ``600000.SH``, ``SH600000``, ``sz000001``, ``SZ#000001``,
        ``000001.XSHE``; a number
        that lost its leading zeros (``1``) gets them back; ``00700`` is refused, a code of Hong Kong. A plain code is
        up to 64 letters, digits and ``. - _ ^``, and does not begin with a dot; it comes back in upper case.
    codes : {"ashare", "plain"}
        How the market names its stocks.
    index : bool
        Read a bare code as an index's (``000300`` is SH) instead of as a stock's (``000300`` is SZ).

    Raises
    ------
    ValueError
        If the text is no code, or a bare code whose first digits belong to no exchange.
    """
    word = text.strip().upper()
    if codes == "plain":
        if not _PLAIN.fullmatch(word) or word in _READ_AS_MISSING:
            raise ValueError(f"unknown symbol {text!r}")
        return word
    if _NUMBER.fullmatch(word):
        word = word.zfill(6)
    match = _CODE.fullmatch(word)
    code = match and _from_match(match, index)
    if not code:
        raise ValueError(f"unknown symbol {text!r}")
    return code


def symbol_in_name(stem: str, codes: Codes = "ashare", *, index: bool = False) -> str | None:
    """The stock code in a file's name as it is written, None if there is none: ``600000`` in ``bars_600000_15min``.

    A plain code is the whole name, or what comes before a frequency: ``aapl`` in ``aapl_15min``. With `index`, a bare
    code is an index's: ``399006``.
    """
    word = stem.strip()
    if codes == "plain":
        match = _WITH_FREQ.fullmatch(word)
        word = match["code"] if match else word
        return word if _PLAIN.fullmatch(word.upper()) else None
    for code in (word, *_CODE_IN_NAME.findall(word)):
        if (match := _CODE.fullmatch(code.upper())) and _from_match(match, index):
            return str(code)
    return None


def is_index(code: str, codes: Codes = "ashare") -> bool:
    """Whether a code is an index's, in upper or lower case.

    ``^GSPC`` is one in any market; among A-shares ``SH000300`` is one by its exchange and first digits.
    """
    word = code.upper()
    by_digits = codes == "ashare" and any(word.startswith(exchange + prefix) for prefix, exchange in INDEX_PREFIXES)
    return by_digits or word.startswith("^")


def feature_folder(code: str) -> str:
    """Name of the folder with an instrument's features, as qlib opens it: ``sh600000``, ``_qlib_con``."""
    word = code.lower()
    return f"_qlib_{word}" if word in _DEVICES else word


def _from_match(match: re.Match[str], index: bool) -> str | None:
    named = [word for word in (match["before"], match["after"]) if word]
    if len(named) > 1 or any(word not in _EXCHANGES for word in named):
        return None
    if named:
        return _EXCHANGES[named[0]] + match["digits"]
    exchange = _exchange_by_prefix(match["digits"], INDEX_PREFIXES if index else _STOCK_PREFIXES)
    return exchange and exchange + match["digits"]


def _exchange_by_prefix(digits: str, prefixes: tuple[tuple[str, str], ...]) -> str | None:
    return next((exchange for prefix, exchange in prefixes if digits.startswith(prefix)), None)
