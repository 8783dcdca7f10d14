"""What the title of an export says: of which stock it is, and how prices are adjusted."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from typing import Literal

from qlib_mfgru.ingest.read.sources.selection import listed
from qlib_mfgru.provider.symbols import normalise_symbol

_WORDS: dict[str, Literal["raw", "adjusted"]] = {
    "不复权": "raw", "前复权": "adjusted", "后复权": "adjusted",
}  # fmt: skip
"""Not adjusted, adjusted forward and backward, as Chinese terminals write them in the first line."""
_CODE = r"(?:(?:SH|SZ|BJ)[._#]?)?[0-9]{6}(?:\.(?:SH|SZ|BJ|XSHG|XSHE))?"
_STOCK = re.compile(rf"\W*({_CODE})(?!\w)|.*[(（]({_CODE})[)）]", re.IGNORECASE)
"""A code at the beginning of a title, or in brackets behind a name: any other number of six digits may be a month."""


def stock_fault(title: str, stocks: AbstractSet[str]) -> str | None:
    """How a title names another A-share than the rows are of, None where it does not.

    Parameters
    ----------
    title : str
        A line before the header.
    stocks : set of str
        Those of the rows, as the file's name or its column of codes writes them.
    """
    found = _STOCK.match(title)
    code = found and (found[1] or found[2])
    if not code or any(_is_same(code, stock) for stock in stocks):
        return None
    return (
        f"its title names the stock {code} ({title}), its name or column of codes {listed(stocks)}: which one is it? "
        "Export it again, or leave it out"
    )


def _is_same(code: str, stock: str) -> bool:
    """Whether two spellings may be one stock: a bare code says nothing of the exchange."""
    if code.isdigit() or stock.isdigit():
        return code[-6:] in stock.zfill(6) or stock.zfill(6) in code
    try:
        return normalise_symbol(code) == normalise_symbol(stock)
    except ValueError:
        return False


def prices_of_title(title: str) -> Literal["raw", "adjusted"] | None:
    """What prices are by a line before the header, None where it does not say."""
    return next((prices for word, prices in _WORDS.items() if word in title), None)


def title_fault(title: str, prices: str | None) -> str | None:
    """How a title contradicts the `prices` of a mapping, None where it does not; ``unadjusted`` takes any as they are.

    Parameters
    ----------
    title : str
        A line before the header.
    prices : str, optional
        The mapping's, None for an input without prices.
    """
    said = prices_of_title(title)
    if said is None or prices not in ("raw", "adjusted") or said == prices:
        return None
    if said == "raw":
        return f"its title says that prices are not adjusted ({title}), the mapping that they are: write prices: raw"
    return (
        f"its title says that prices are adjusted ({title}), the mapping that they are raw: export them without "
        "adjustment (不复权), or write prices: adjusted with the factor that they were adjusted by"
    )
