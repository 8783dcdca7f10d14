"""Settings that are checked when they are made, and the one line that a wrong one gets.

Every class with settings keeps them in a `Settings` record. The types below say what a user may write; YAML hands over
plain numbers, text and lists, so nothing is converted that could hide a slip: ``"0.001"`` is no number, ``2.5`` no
whole one, ``"no"`` no flag, and a single word no list.
"""

from __future__ import annotations

import difflib
import numbers
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Annotated, Any, NoReturn, get_args

from annotated_types import Ge, Gt, Le, Len, Lt
from pydantic import AllowInfNan, BaseModel, BeforeValidator, ConfigDict, PlainValidator, Strict, ValidationError

from qlib_mfgru.errors import InputError


class UnknownSetting(InputError, TypeError):
    """A keyword that is no setting. A TypeError as well: qrun tries a record with `model` and `dataset` first."""


class Settings(BaseModel):
    """Base of all settings: immutable, complete, and without unknown names.

    Raises
    ------
    InputError
        One line: the setting, what was given, and what is allowed; several slips stand in one line.
    UnknownSetting
        A name that is no setting; the message offers the nearest one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            _refuse(error, type(self))

    # a record inside a record is checked in place, so that an error names the whole way to it: `bars.stamps`
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]


def checked(kind: type[Settings], name: str, values: Any) -> Any:
    """`values` (a mapping) as a record of `kind`; in errors the settings are ``name.setting``.

    Raises
    ------
    InputError
        Not a mapping, or as of `Settings`.
    """
    if isinstance(values, kind):
        return values
    if not isinstance(values, Mapping):
        raise InputError(f"{name} is {values!r}: it must be a mapping with {', '.join(kind.model_fields)}")
    try:
        return kind(**{str(key): value for key, value in values.items()})
    except UnknownSetting as error:
        raise UnknownSetting(f"{name}: {error}") from None
    except InputError as error:
        raise InputError(f"{name}: {error}") from None


# ------------------------------------------------------------------------------------------------- what may be written


def _plain(value: Any) -> Any:
    """numpy's numbers as Python's, which pydantic insists on."""
    return value.item() if isinstance(value, numbers.Number) and hasattr(value, "item") else value


def _not_percent(value: float) -> float:
    if value > 1:
        raise ValueError(f"must be a fraction from 0 to 1; {value:g} percent is {value / 100:g}")
    return value


def _listed(value: Any) -> Any:
    if isinstance(value, (str, Mapping)) or not hasattr(value, "__iter__"):
        raise ValueError("must be a list")
    return tuple(value)


def _stamp(value: Any) -> Any:
    import pandas as pd

    if isinstance(value, int) and not isinstance(value, bool) and 19000101 <= value <= 99991231:
        value = str(value)  # 20210101, as YAML reads it
    if isinstance(value, (str, date)) or type(value).__name__ == "datetime64":
        stamp = pd.to_datetime(value, errors="coerce")
        if not pd.isna(stamp):
            return stamp
    raise ValueError("must be a date such as 2020-01-31")


Whole = Annotated[int, Strict(), BeforeValidator(_plain)]
"""A whole number."""
Count = Annotated[Whole, Ge(1)]
"""A whole number of at least 1."""
Number = Annotated[float, Strict(), AllowInfNan(False), BeforeValidator(_plain)]
"""A finite number."""
Positive = Annotated[Number, Gt(0)]
NonNegative = Annotated[Number, Ge(0)]
Fraction = Annotated[Number, Ge(0), BeforeValidator(lambda value: _not_percent(value) if _is_number(value) else value)]
"""A share from 0 to 1; one that looks like percent is refused with the fraction that was probably meant."""
Flag = Annotated[bool, Strict()]
Text = Annotated[str, Strict(), Len(1)]
"""Text that is not empty."""
Listed = BeforeValidator(_listed)
"""Goes before ``tuple[...]``: any sequence, but no single word."""
Names = Annotated[tuple[Text, ...], Listed]
Stamp = Annotated[Any, PlainValidator(_stamp)]
"""A date or time; eight digits are a date. A `pandas.Timestamp` afterwards."""


def _is_number(value: Any) -> bool:
    return isinstance(_plain(value), (int, float)) and not isinstance(value, bool)


# ------------------------------------------------------------------------------------------------------- what is said


def _refuse(error: ValidationError, kind: type[Settings]) -> NoReturn:
    problems: dict[str, list[Any]] = {}
    for problem in error.errors(include_url=False):
        problems.setdefault(_place(problem["loc"]), []).append(problem)
    unknown = [of_name[0]["loc"] for of_name in problems.values() if of_name[0]["type"] == "extra_forbidden"]
    if unknown:
        raise UnknownSetting("; ".join(_unknown(location, kind) for location in unknown))
    raise InputError("; ".join(_line(name, of_name) for name, of_name in problems.items()))


def _unknown(location: tuple[int | str, ...], kind: type[Settings]) -> str:
    known = list(_record_at(kind, location).model_fields)
    return f"unknown setting {_place(location)!r}{nearest(str(location[-1]), known)}"


def _record_at(kind: type[Settings], location: tuple[int | str, ...]) -> type[Settings]:
    """The record, in `kind` or itself, that the last name of a location is looked for in."""
    for name in location[:-1]:
        if name in kind.model_fields:
            kind = _record_in(kind.model_fields[str(name)].annotation) or kind
    return kind


def _record_in(annotation: Any) -> type[Settings] | None:
    """The record in an annotation such as ``dict[str, WeightInput] | None``."""
    if isinstance(annotation, type) and issubclass(annotation, Settings):
        return annotation
    return next(filter(None, map(_record_in, get_args(annotation))), None)


def _place(location: tuple[int | str, ...]) -> str:
    """``inputs.day.days`` or ``seeds[1]``; what pydantic adds for branches of a union is left out."""
    name = ""
    for number, part in enumerate(location):
        if isinstance(part, int):
            name += f"[{part}]"
        elif number == 0 or (part.isidentifier() and part not in _BRANCHES):
            name += f".{part}" if name else part
    return name


_BRANCHES = {"str", "int", "float", "bool", "none", "dict", "tuple", "list", "constrained", "literal"}


def nearest(name: str, known: Sequence[str]) -> str:
    """The end of a message about an unknown name: the one that was probably meant, or else all that are known."""
    close = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(known)}"


def _line(name: str, problems: Sequence[Any]) -> str:
    if problems[0]["type"] == "missing":
        return f"{name} is missing"
    first, *others = dict.fromkeys(_allowed(problem) for problem in problems)
    allowed = " or ".join([first, *(other.removeprefix("must be ") for other in others)])
    if not name:  # of a validator over several settings
        return allowed
    given = problems[0]["input"]
    return f"{name} is {given!r}: {allowed}{_hint(given, problems[0]['type'])}"


_ALLOWED: dict[str, str | Callable[[dict[str, Any]], str]] = {
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "string_type": "must be text",
    "too_short": "must not be empty",
    "string_too_short": "must not be empty",
    "dict_type": "must be a mapping",
    "model_type": "must be a mapping",
    "none_required": "must be null",
    "greater_than": lambda context: f"must be above {context['gt']:g}",
    "greater_than_equal": lambda context: f"must be at least {context['ge']:g}",
    "less_than": lambda context: f"must be below {context['lt']:g}",
    "less_than_equal": lambda context: f"must be at most {context['le']:g}",
    "literal_error": lambda context: _one_of(context["expected"]),
    "value_error": lambda context: str(context["error"]),
}


def _one_of(expected: str) -> str:
    return f"must be one of {expected.replace(' or ', ', ')}" if " or " in expected else f"must be {expected}"


def _allowed(problem: Any) -> str:
    words = _ALLOWED.get(problem["type"], problem["msg"])
    return words if isinstance(words, str) else words(problem["ctx"])


def _hint(given: Any, kind: str) -> str:
    """YAML reads ``1e-3`` as text."""
    if kind != "float_type" or not isinstance(given, str):
        return ""
    try:
        return f" (without quotes: {float(given)})"
    except ValueError:
        return ""


__all__ = [
    "Count",
    "Flag",
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
    "Settings",
    "Stamp",
    "Text",
    "UnknownSetting",
    "Whole",
    "checked",
    "nearest",
]
