"""What a collection is made of, as a user writes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator

from qlib_mfgru.live.collecting.source import SOURCES, Address, Patience, SourceSettings
from qlib_mfgru.settings import Count, Date, Folder, Names, Settings, Text

FREQS = ("5min", "15min", "30min", "60min")


def _one_of(names: Sequence[str]) -> AfterValidator:
    def check(name: str) -> str:
        if name not in names:
            raise ValueError(f"must be one of {', '.join(names)}")
        return name

    return AfterValidator(check)


class CollectSettings(Settings):
    """What to collect.

    Attributes
    ----------
    source : str
        A vendor: a key of `SOURCES`.
    out : Path
        The folder; one that is there is continued.
    since, until : date
        First and last day; by default up to the newest that the vendor has. A folder that begins earlier is continued
        as a whole.
    freq : str
        Of the bars.
    stocks : tuple of str
        Codes in any spelling; empty for all A-shares.
    jobs : int
        Connections side by side.
    address : Address
    patience : Patience
    """

    source: Annotated[Text, _one_of(tuple(SOURCES))] = "baostock"
    out: Folder
    since: Date
    until: Date | None = None
    freq: Annotated[Text, _one_of(FREQS)] = "15min"
    stocks: Names = ()
    jobs: Count = 4
    address: Address = Address()
    patience: Patience = Patience()

    @property
    def asking(self) -> SourceSettings:
        """What a process needs in order to ask."""
        return SourceSettings(name=self.source, address=self.address, patience=self.patience)
