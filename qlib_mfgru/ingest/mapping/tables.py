"""Inputs beside the prices: factors, sizes, industries, special treatment, weights of indices."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator
from pydantic_core import PydanticCustomError
from typing_extensions import Self

from qlib_mfgru.ingest.mapping.rows import RowInput
from qlib_mfgru.refusals import RECORD
from qlib_mfgru.settings import Flag, Stamp


class FactorInput(RowInput):
    """Adjustment factors; `before_first` is what holds before a stock's first row, and for a stock without any.

    By default ``one`` where the table is one of events, a row each ex-date, and else ``unknown``.
    """

    before_first: Literal["one", "unknown"] | None = None


class WeightInput(RowInput):
    """Weights of one index; `carry` moves the last known ones on with prices, to the end of the calendar."""

    unit: Literal["percent", "fraction"] = "percent"
    carry: Flag = False

    @property
    def scale(self) -> float:
        """The whole index in one unit, as a fraction."""
        return {"percent": 0.01, "fraction": 1.0}[self.unit]


class IndustryInput(RowInput):
    """Industries; `level: letter` takes the leading letter of the name."""

    level: Literal["name", "letter"] = "name"


class ShareInput(RowInput):
    """Float shares."""

    unit: Literal["shares", "ten_thousand"] = "shares"

    @property
    def scale(self) -> float:
        """Shares in one unit."""
        return {"shares": 1.0, "ten_thousand": 1e4}[self.unit]


class MarketCapInput(RowInput):
    """Market capitalisation of the float, by date."""

    unit: Literal["yuan", "ten_thousand", "hundred_million"] = "yuan"

    @property
    def scale(self) -> float:
        """Yuan in one unit."""
        return {"yuan": 1.0, "ten_thousand": 1e4, "hundred_million": 1e8}[self.unit]


class StInput(RowInput):
    """Special treatment, from dates or spans, or from names (`from_name`).

    Names with a date, or with the span in which they held, apply then. Today's names apply from the date `since` on,
    or, with ``since: prices``, from the day after the stock's last close beyond what special treatment allows.
    """

    from_name: Flag = False
    since: Literal["prices"] | Stamp | None = None

    @model_validator(mode="after")
    def _since_of_names(self) -> Self:
        if self.since is not None and not self.from_name:
            raise PydanticCustomError(RECORD, "since is of today's names: it needs from_name: true")
        return self
