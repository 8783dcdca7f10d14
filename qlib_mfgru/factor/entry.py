"""When and at which price the factor test buys, and sells what it bought before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

EntryName = Literal["next_vwap", "next_close", "next_open", "same_close"]
DEFAULT_ENTRY: EntryName = "next_vwap"


@dataclass(frozen=True)
class Entry:
    """A day, counted from the test date, and a price of that day.

    Attributes
    ----------
    days : int
        Trading days from the test date to the trade.
    price : str
        Daily field of the price at which all trades are executed, and the layers are marked.
    at_limit : str
        Daily field of the price that keeps a stock from being bought where it is at the limit-up price: the price of
        the trade, for the vwap that of the open.
    """

    days: int
    price: str
    at_limit: str

    @property
    def tradable(self) -> bool:
        """Whether anybody could trade there: the scores need the test date's close, and are known after it."""
        return self.days > 0


ENTRIES: dict[EntryName, Entry] = {
    "next_vwap": Entry(1, "vwap", "open"),
    "next_close": Entry(1, "close", "close"),
    "next_open": Entry(1, "open", "open"),
    "same_close": Entry(0, "close", "close"),
}
"""By the names that settings have for them; where the price of one is missing, the next one is advised."""
