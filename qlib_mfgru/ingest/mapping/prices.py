"""Inputs with prices and volumes: their units, their adjustment, and the bars' frequency and stamps."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError
from typing_extensions import Self

from qlib_mfgru.ingest.mapping.rows import RowInput
from qlib_mfgru.provider.session import FREQS, Freq, Session
from qlib_mfgru.refusals import RECORD
from qlib_mfgru.settings import Distinct, Len, Listed, Text

VolumeUnit = Literal["shares", "lots", "ten_thousand", "adjusted"]
AmountUnit = Literal["yuan", "thousand", "ten_thousand"]

EVERYWHERE = "*"
"""The part of a market, or of its files, that all rows belong to."""


def _by_part(unit: Any) -> Any:
    return {EVERYWHERE: unit} if isinstance(unit, str) else unit


VolumeUnits = Annotated[dict[Text, VolumeUnit], Len(1), BeforeValidator(_by_part)]
AmountUnits = Annotated[dict[Text, AmountUnit], Len(1), BeforeValidator(_by_part)]


class PriceInput(RowInput):
    """Rows with prices and volumes.

    Units are one for all rows, or several by board (``{star: shares, "*": lots}``) or by the name of the file; the
    first that fits a row counts. `volume: adjusted` are shares divided by the factor, as the provider stores them, and
    the unit of all rows; where it is not given, volumes beside adjusted prices are judged by the amounts. A provider's
    rows are read raw, by its own factor; `prices: unadjusted` reads one that has no factor.
    """

    volume: VolumeUnits | None = None
    amount: AmountUnits = Field(default="yuan", validate_default=True)
    prices: Literal["raw", "adjusted", "unadjusted"] = "raw"

    @model_validator(mode="after")
    def _provider_is_read_raw(self) -> Self:
        if self.provider and (self.prices == "adjusted" or "adjusted" in self.volume_units.values()):
            raise PydanticCustomError(RECORD, "a provider's rows are read raw, by its factor: leave `adjusted` out")
        return self

    @model_validator(mode="after")
    def _adjusted_as_a_whole(self) -> Self:
        if self.volume_adjusted:
            if len(set(self.volume_units.values())) > 1:
                raise PydanticCustomError(
                    RECORD, "volume is 'adjusted' for one part only: it holds for all or for none"
                )
            if self.prices == "unadjusted":
                raise PydanticCustomError(RECORD, "volume is 'adjusted' beside prices: unadjusted")
        return self

    @property
    def volume_adjusted(self) -> bool | None:
        """Whether volumes are adjusted; None where the amounts are to tell."""
        if self.volume is None and self.prices == "adjusted":
            return None
        return "adjusted" in self.volume_units.values()

    @property
    def volume_units(self) -> dict[str, VolumeUnit]:
        """Units by part, shares where nothing is stated."""
        return self.volume or {EVERYWHERE: "shares"}


def volume_scale(unit: VolumeUnit, session: Session) -> float:
    """Shares in one unit of volume."""
    return {"lots": float(session.lot or 1), "ten_thousand": 1e4}.get(unit, 1.0)


def amount_scale(unit: AmountUnit) -> float:
    """Yuan in one unit of amount."""
    return {"yuan": 1.0, "thousand": 1e3, "ten_thousand": 1e4}[unit]


class DailyInput(PriceInput):
    """Daily bars; `factor: from_prev_close` makes the factor of the exchange's previous closes, which are ex-rights."""

    factor: Literal["from_prev_close"] | None = None

    @model_validator(mode="after")
    def _closes_are_raw(self) -> Self:
        if self.factor and self.prices != "raw":
            raise PydanticCustomError(RECORD, f"factor is 'from_prev_close', which is of raw prices, not {self.prices}")
        return self


class BarInput(PriceInput):
    """Intraday bars of the frequency `freq`.

    `stamps` says which end of a bar its stamp is; a provider's calendar shows it. `store` are the frequencies that the
    provider holds, one or a list, the finest first afterwards; by default 15 minutes where the vendor's bars make them
    up, else the bars as they are.
    """

    freq: Freq
    stamps: Literal["end", "start"] | None = None
    store: Annotated[tuple[Freq, ...], Listed, Len(1), Distinct] = Field(default=None, validate_default=True)

    @field_validator("store", mode="before")
    @classmethod
    def _one_or_default(cls, store: Any, info: ValidationInfo) -> Any:
        if store is None:
            freq = info.data.get("freq", "15min")
            store = freq if FREQS.index(freq) < FREQS.index("15min") else "15min"
        return (store,) if isinstance(store, str) else store

    @field_validator("store")
    @classmethod
    def _not_finer(cls, store: tuple[Freq, ...], info: ValidationInfo) -> tuple[Freq, ...]:
        freq = info.data.get("freq", FREQS[-1])
        if any(FREQS.index(each) > FREQS.index(freq) for each in store):
            raise ValueError(f"must not be finer than the vendor's freq, {freq}")
        return tuple(sorted(store, key=FREQS.index, reverse=True))

    @model_validator(mode="after")
    def _has_stamps(self) -> Self:
        if self.stamps is None and self.provider is None:
            raise PydanticCustomError(RECORD, "stamps is missing: end or start")
        return self
