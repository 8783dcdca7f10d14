"""Fields of an input: what stands where a bar has no value, and how the series is scaled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator

from qlib_mfgru.settings import FieldName, Len, Listed, Settings

FIELDS: tuple[str, ...] = ("open", "high", "low", "close", "vwap", "volume")
"""The report's six raw features (figure 7), in the order of its tensors."""

PRICES: tuple[str, ...] = FIELDS[:5]
"""Those that are prices: one that is stored as 0, as of days without trade, is none."""


class Field(Settings):
    """One field of the provider as an input of the networks.

    Attributes
    ----------
    name : str
        As the provider stores it; in any case, with or without ``$``.
    kind : {"price", "quantity", "level"}
        What stands where a bar has no value. ``price``: the bar's close, or the last one before it; ``quantity``: 0;
        ``level``: the field's own last value, NaN before its first one.
    scale : {"own", "none"}
        ``own``: the series is divided by its own mean or last value, as the input's `scale` says. ``none``: its values
        are compared across stocks as they are: for ratios, signals and all that crosses 0.
    """

    name: FieldName
    kind: Literal["price", "quantity", "level"]
    scale: Literal["own", "none"] = "own"
    made_of: ClassVar[tuple[str, ...]] = ()

    def __str__(self) -> str:
        known = KNOWN.get(self.name) == self
        return self.name if known else f"{{name: {self.name}, kind: {self.kind}, scale: {self.scale}}}"


class TypicalPrice(Field):
    """`$vwap`; of a stock that has none stored, the mean of the four prices that it is `made_of`."""

    made_of: ClassVar[tuple[str, ...]] = FIELDS[:4]


def with_typical_vwap(fields: Sequence[Field]) -> tuple[Field, ...]:
    """The fields, with a stand-in for `$vwap`."""
    return tuple(TypicalPrice(**dict(field)) if field.name == "vwap" else field for field in fields)


KNOWN: dict[str, Field] = {
    field.name: field
    for field in (
        *(Field(name=name, kind="price") for name in PRICES),
        Field(name="volume", kind="quantity"),
        Field(name="amount", kind="quantity"),
        Field(name="limit_up", kind="level"),
        Field(name="limit_down", kind="level"),
        Field(name="factor", kind="level"),
        Field(name="market_cap", kind="level"),
        Field(name="is_st", kind="level", scale="none"),
    )
}
"""Fields that need no declaration. An industry's code is none of them: it is no number."""

REPORT_FIELDS: tuple[Field, ...] = tuple(KNOWN[name] for name in FIELDS)


def _field(value: Any) -> Any:
    """A known field by its name, or a declaration; of a known field it need only say what is to be different.

    Raises
    ------
    ValueError
        A name alone that is not known, or neither a name nor a declaration.
    """
    if isinstance(value, Field):
        return value
    name = value.get("name") if isinstance(value, Mapping) else value
    known = KNOWN.get(name.removeprefix("$").lower()) if isinstance(name, str) else None
    if isinstance(value, Mapping):
        return {**(dict(known) if known else {}), **value}
    if known is None:
        declared = f"{{name: {name}, kind: price | quantity | level, scale: own | none}}"
        raise ValueError(f"must be one of {', '.join(KNOWN)}, or declared: {declared}")
    return known


def _once(fields: tuple[Field, ...]) -> tuple[Field, ...]:
    twice = [name for name, count in Counter(field.name for field in fields).items() if count > 1]
    if twice:
        raise ValueError(f"must not name {twice[0]!r} twice")
    return fields


Fields = Annotated[tuple[Annotated[Field, BeforeValidator(_field)], ...], Listed, Len(1), AfterValidator(_once)]
"""Fields in the order of the tensors: names of known ones, declarations of others."""


def stored_names(fields: Sequence[Field]) -> tuple[str, ...]:
    """Series that a panel of `fields` is made of: theirs and what stands in for them, then close and volume, which say
    when a stock traded."""
    parts = (part for field in fields for part in field.made_of)
    return tuple(dict.fromkeys([*(field.name for field in fields), *parts, "close", "volume"]))
