"""Stock and index codes as vendors write them, and as qlib does: ``SH600000``."""

from __future__ import annotations

import re

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
    ("4", "BJ"),
    ("8", "BJ"),
)
"""First digits of a bare stock code and its exchange; the longer prefix comes before the shorter one."""

_INDEX_PREFIXES = (("000", "SH"), ("93", "SH"), ("399", "SZ"), ("98", "SZ"), ("899", "BJ"))

_CODE = re.compile(r"(?:(?P<before>[A-Z]{2,4})[._]?)?(?P<digits>\d{6})(?:[._]?(?P<after>[A-Z]{2,4}))?")
_CODE_IN_NAME = re.compile(r"(?:(?:SH|SZ|BJ)[._]?)?(?<!\d)\d{6}(?!\d)(?:\.(?:SH|SZ|BJ|XSHG|XSHE))?")


def normalise_symbol(text: str, *, index: bool = False) -> str:
    """Code as qlib writes it, e.g. ``SH600000``.

    Parameters
    ----------
    text : str
        ``600000``, ``sh.600000``, ``600000.SH``, ``SH600000``, ``sz000001``, ``000001.XSHE``; a number that lost its
        leading zeros (``1``) gets them back.
    index : bool
        Read a bare code as an index's (``000300`` is SH) instead of as a stock's (``000300`` is SZ).

    Raises
    ------
    ValueError
        If the text is no code, or a bare code whose first digits belong to no exchange.
    """
    word = text.strip().upper()
    if word.isdigit():
        word = word.zfill(6)
    match = _CODE.fullmatch(word)
    code = match and _from_match(match, index)
    if not code:
        raise ValueError(f"unknown symbol {text!r}")
    return code


def symbol_in_name(stem: str) -> str | None:
    """The stock code in a file's name, None if there is none: ``600000`` in ``bars_600000_15min``."""
    word = stem.strip().upper()
    if (match := _CODE.fullmatch(word)) and _from_match(match, index=False):
        return word
    for code in _CODE_IN_NAME.findall(word):
        if (match := _CODE.fullmatch(code)) and _from_match(match, index=False):
            return str(code)
    return None


def _from_match(match: re.Match[str], index: bool) -> str | None:
    named = [word for word in (match["before"], match["after"]) if word]
    if len(named) > 1 or any(word not in _EXCHANGES for word in named):
        return None
    if named:
        return _EXCHANGES[named[0]] + match["digits"]
    exchange = _exchange_by_prefix(match["digits"], _INDEX_PREFIXES if index else _STOCK_PREFIXES)
    return exchange and exchange + match["digits"]


def _exchange_by_prefix(digits: str, prefixes: tuple[tuple[str, str], ...]) -> str | None:
    return next((exchange for prefix, exchange in prefixes if digits.startswith(prefix)), None)
