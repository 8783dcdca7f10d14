"""Settings that are validated at construction; an invalid one raises a one-line error (`refusals`).

Every class with settings keeps them in a `Settings` record, or checks a single value by `checked`. The types below say
what a user may write. YAML hands over plain numbers, text and lists, so nothing is converted that could hide a slip:
``"0.001"`` is no number, ``2.5`` no whole one, ``"no"`` no flag, and a single word no list.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge, Gt, Le, Len, Lt
from pydantic import (
    AfterValidator,
    AllowInfNan,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainValidator,
    Strict,
    TypeAdapter,
    ValidationError,
)
from typing_extensions import Self

from qlib_mfgru.refusals import UnknownSetting, plain, refuse, refuse_unknown, shown


class Settings(BaseModel):
    """Base of all settings: immutable, complete, and without unknown names.

    Raises
    ------
    InputError
        One line: the setting, its value, and what is allowed; several mistakes are reported on one line.
    UnknownSetting
        A name that is no setting; the message offers the nearest one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            refuse(error, type(self))

    # pydantic's own mark: a record within a record is then checked in place, and errors say where it is
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    @classmethod
    def of(cls, **values: Any) -> Self:
        """The record from what a user wrote, whose types are yet to be checked."""
        return cls(**values)

    def changed(self, **values: Any) -> Self:
        """A copy with other values, checked again."""
        return self.of(**{**dict(self), **values})


def checked(kind: Any, name: str, value: Any) -> Any:
    """`value` as `kind`: a `Settings` class (from a mapping), or any type below.

    Parameters
    ----------
    kind : type
    name : str
        What errors call the value; a setting within it is ``name.setting``.
    value : Any

    Raises
    ------
    InputError
        As of `Settings`.
    """
    try:
        return _adapter(kind).validate_python(value)
    except ValidationError as error:
        refuse(error, kind, name)


@lru_cache(maxsize=256)
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


# What may be written.


def _not_percent(value: Any) -> Any:
    number = plain(value)
    if isinstance(number, (int, float)) and not isinstance(number, bool) and number > 1:
        raise ValueError(f"must be a fraction from 0 to 1; {number:g} percent is {number / 100:g}")
    return value


def _listed(value: Any) -> Any:
    if not isinstance(value, (str, bytes, Mapping)):
        try:
            return tuple(value)
        except TypeError:  # numpy's arrays of no dimension can be asked for an iterator, and refuse then
            pass
    raise ValueError("must be a list")


def _distinct(values: Any) -> Any:
    twice = next((value for number, value in enumerate(values) if value in values[:number]), None)
    if twice is not None:
        raise ValueError(f"must not name {twice!r} twice")
    return values


def _stamp(value: Any) -> Any:
    import pandas as pd

    value = plain(value)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)  # 20210101, as YAML reads it
    if isinstance(value, str) and not _DATE.fullmatch(value):
        value = None
    stamp = pd.to_datetime(value, errors="coerce") if isinstance(value, (str, date)) or _is_numpys(value) else None
    if stamp is None or pd.isna(stamp) or not isinstance(stamp, pd.Timestamp):
        raise ValueError("must be a date such as 2020-01-31")
    if stamp.tzinfo is not None:
        raise ValueError("must be a date without a time zone")
    return stamp


def _day(stamp: Any) -> Any:
    if stamp != stamp.normalize():
        raise ValueError("must be a day, without a time")
    return stamp


_DATE = re.compile(r"(\d{8}|\d{4}([-/.])\d{1,2}\2\d{1,2})([ T].+)?")


def _is_numpys(value: Any) -> bool:
    return type(value).__name__ == "datetime64"


def _folder(value: Any) -> Path:
    if not isinstance(value, (str, os.PathLike)) or not str(value):
        raise ValueError("must be a path")
    return Path(value)


Whole = Annotated[int, Strict(), BeforeValidator(plain)]
"""A whole number."""
Count = Annotated[Whole, Ge(1)]
"""A whole number of at least 1."""
Seed = Annotated[Whole, Ge(0), Lt(2**64)]
"""What torch and numpy take as the seed of their random numbers."""
Number = Annotated[float, Strict(), AllowInfNan(False), BeforeValidator(plain)]
"""A finite number."""
Positive = Annotated[Number, Gt(0)]
NonNegative = Annotated[Number, Ge(0)]
Fraction = Annotated[Number, Ge(0), BeforeValidator(_not_percent)]
"""A share from 0 to 1; one that looks like percent is refused with the fraction that was probably meant."""
Flag = Annotated[bool, Strict()]
Text = Annotated[str, Strict(), Len(1)]
"""Text that is not empty."""
Listed = BeforeValidator(_listed)
"""Goes before ``tuple[...]``: any sequence, but no single word."""
Distinct = AfterValidator(_distinct)
"""Goes with a list that may name nothing twice."""
Names = Annotated[tuple[Text, ...], Listed]
FieldName = Annotated[Text, AfterValidator(lambda name: name.removeprefix("$").lower())]
"""A daily field of the provider, in any case, with or without its ``$``; in lower case and without it afterwards."""
Stamp = Annotated[Any, PlainValidator(_stamp)]
"""A date or time in full; eight digits are a date. A `pandas.Timestamp` afterwards."""
Date = Annotated[Stamp, AfterValidator(_day)]
"""A `Stamp` of a day, without a time."""
Folder = Annotated[Path, PlainValidator(_folder)]
"""A path; a `pathlib.Path` afterwards."""

__all__ = [
    "Count",
    "Date",
    "Distinct",
    "FieldName",
    "Flag",
    "Folder",
    "Fraction",
    "Ge",
    "Gt",
    "Le",
    "Len",
    "Listed",
    "Lt",
    "Names",
    "NonNegative",
    "Number",
    "Positive",
    "Seed",
    "Settings",
    "Stamp",
    "Text",
    "UnknownSetting",
    "Whole",
    "checked",
    "refuse_unknown",
    "shown",
]
