"""Inputs of prices in parts, each read by one process, with the same outcome as if all were read in one go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import PriceInput
from qlib_mfgru.ingest.read.inputs import VendorInput
from qlib_mfgru.ingest.read.spool import Records, Spool, SpoolPart
from qlib_mfgru.ingest.report import IngestReport

Prices = TypeVar("Prices", bound=PriceInput)


@dataclass(frozen=True)
class Reading:
    """What a part came to.

    Attributes
    ----------
    rows : SpoolPart
        Its rows, under its own numbers.
    report : IngestReport
        Where they are counted.
    fault : InputError or None
        Why it was not read to the end: told only after what the parts before it have to tell.
    """

    rows: SpoolPart
    report: IngestReport
    fault: InputError | None


@dataclass(frozen=True)
class Part:
    """Some consecutive files of an input.

    Attributes
    ----------
    records : callable
        Yields its rows, of the spool's dtype, and what the spool keeps them as.
    rows : SpoolPart
        Where they go.
    report : IngestReport
        Where they are counted.
    """

    records: Callable[[], Iterator[Records]]
    rows: SpoolPart
    report: IngestReport

    def read(self) -> Reading:
        """Read it, on any process."""
        fault = None
        try:
            for name, records in self.records():
                self.rows.append(name, records)
        except InputError as error:
            fault = error
        return Reading(self.rows, self.report, fault)


def parts_of(
    prices: VendorInput[Prices], read: Callable[[VendorInput[Prices]], Iterator[Records]], spool: Spool, n_parts: int
) -> Iterator[Part]:
    """Yield up to `n_parts` parts of an input, and at least one; `read` yields the rows of each."""
    for each in prices.parts(max(n_parts, 1)):
        yield Part(partial(read, each), spool.part(each.registry), each.ingest_report)
