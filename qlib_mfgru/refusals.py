"""The one-line error of a wrong setting: which it is, its value, and what is allowed."""

from __future__ import annotations

import difflib
import numbers
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn, get_args

from pydantic import BaseModel, ValidationError

from qlib_mfgru.addresses import without_addresses, without_literals
from qlib_mfgru.errors import InputError

CONFIG = "config"
"""pydantic's type of an error in a class's config, whose message says itself which setting it is about."""

RECORD = "record"
"""pydantic's type of an error that is about several settings of a record together, so that no value is shown."""

_WIDTH = 160  # characters of a value that a message shows


class UnknownSetting(InputError, TypeError):
    """A keyword that is no setting. A TypeError as well: qrun tries a record with `model` and `dataset` first."""


def refuse(error: ValidationError, kind: Any, name: str = "") -> NoReturn:
    """Raise what pydantic found in a value of `kind` as one line.

    Parameters
    ----------
    error : ValidationError
    kind : type
        The type that the value was to have.
    name : str
        What the message calls the value; empty for the settings of a record, which have names of their own.
    """
    problems: dict[str, list[Any]] = {}  # by what a message calls the setting; a union has one of each branch
    for problem in error.errors(include_url=False):
        problems.setdefault(_place(problem["loc"], name), []).append(problem)
    unknown = [(place, first["loc"]) for place, (first, *_) in problems.items() if first["type"] == "extra_forbidden"]
    if unknown:
        lines = [f"unknown setting {place!r}{nearest(loc[-1], _fields(kind, loc[:-1]))}" for place, loc in unknown]
        raise UnknownSetting("; ".join(lines)) from None
    lines = [_line(place, branches, _fields(kind, branches[0]["loc"])) for place, branches in problems.items()]
    raise InputError("; ".join(lines)) from None


def refuse_unknown(names: Iterable[str], known: Sequence[str]) -> None:
    """Raise `UnknownSetting` if any of the names is not among the known ones."""
    lines = [f"unknown setting {name!r}{nearest(name, known)}" for name in names if name not in known]
    if lines:
        raise UnknownSetting("; ".join(lines))


@contextmanager
def within(name: str) -> Iterator[None]:
    """Put the name of the settings' file, or of the setting, before the message."""
    try:
        yield
    except InputError as error:
        raise type(error)(f"{name}: {error}") from None


def together(*checks: Callable[[], object]) -> None:
    """Make all checks, and raise what they refuse as one line."""
    refused: list[str] = []
    for check in checks:
        try:
            check()
        except InputError as error:
            refused.append(str(error))
    if refused:
        raise InputError("; ".join(refused))


def shown(value: Any) -> str:
    """A value as messages show it: on one line, and no longer than that."""
    text = without_addresses(" ".join(repr(_seen(plain(value))).split()))
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 4]} ..."


def _seen(value: Any) -> Any:
    """A value of a setting without the texts of a statement in it."""
    if isinstance(value, dict):
        return {key: without_literals(str(each)) if key == "sql" else _seen(each) for key, each in value.items()}
    return [_seen(each) for each in value] if isinstance(value, list) else value


def plain(value: Any) -> Any:
    """numpy's numbers as Python's."""
    return value.item() if isinstance(value, numbers.Number) and hasattr(value, "item") else value


def _place(location: tuple[int | str, ...], name: str) -> str:
    """``inputs.15min.days`` or ``seeds[1]``; what pydantic adds for branches of a union is left out."""
    place = name
    for number, step in enumerate(location):
        if isinstance(step, int):
            place += f"[{step}]"
        elif (number == 0 and not name) or not _is_branch(step):
            written = step if step.isprintable() else repr(step)  # one of a user's own may hold a line break
            place += f".{written}" if place else written
    return place


def _is_branch(step: str) -> bool:
    return step in _BRANCHES or "[" in step or step.startswith(("constrained-", "function-"))


_BRANCHES = {"str", "int", "float", "bool", "none", "dict", "tuple", "list", "literal"}


def _fields(kind: Any, location: Sequence[int | str]) -> list[str]:
    """Names of the settings of the record at a location within a value of `kind`."""
    record = _record(kind)
    for step in location:
        if record is not None and step in record.model_fields:
            record = _record(record.model_fields[str(step)].annotation)
    return [field.alias or name for name, field in record.model_fields.items()] if record is not None else []


def _record(kind: Any) -> type[BaseModel] | None:
    """The class of records that a type is or holds."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind
    return next((record for inner in get_args(kind) if (record := _record(inner)) is not None), None)


def nearest(name: int | str, known: Sequence[str]) -> str:
    """The end of a message about an unknown name: the one that was probably meant, or else all that are known."""
    close = difflib.get_close_matches(str(name), known, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(known)}"


def _line(name: str, problems: Sequence[Any], fields: Sequence[str]) -> str:
    if problems[0]["type"] == "missing":
        return f"{name} is missing"
    if problems[0]["type"] == CONFIG:
        outer, message = name.rpartition(".")[0], problems[0]["msg"]
        return f"{outer}: {message}" if outer else str(message)
    if problems[0]["type"] == RECORD:
        return f"{name}: {problems[0]['msg']}" if name else str(problems[0]["msg"])
    first, *others = dict.fromkeys(_allowed(problem, fields) for problem in problems)
    allowed = " or ".join([first, *(other.removeprefix("must be ") for other in others)])
    if not name:  # of a validator over several settings
        return allowed
    value = problems[0]["input"]
    return f"{name} is {shown(value)}: {allowed}{_hint(value, problems[0]['type'])}"


_ALLOWED: dict[str, str | Callable[[dict[str, Any]], str]] = {
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "string_type": "must be text",
    "too_short": "must not be empty",
    "string_too_short": "must not be empty",
    "tuple_type": "must be a list",
    "dict_type": "must be a mapping",
    "is_type": "must be a class",
    "none_required": "must be null",
    "greater_than": lambda context: f"must be above {context['gt']:g}",
    "greater_than_equal": lambda context: f"must be at least {context['ge']:g}",
    "less_than": lambda context: f"must be below {context['lt']:g}",
    "less_than_equal": lambda context: f"must be at most {context['le']:g}",
    "literal_error": lambda context: _one_of(context["expected"]),
    "value_error": lambda context: str(context["error"]),
}


def _one_of(choices: str) -> str:
    return f"must be one of {choices.replace(' or ', ', ')}" if " or " in choices else f"must be {choices}"


def _allowed(problem: Any, fields: Sequence[str]) -> str:
    if problem["type"] in ("model_type", "model_attributes_type"):
        return f"must be a mapping with {', '.join(fields)}"
    words = _ALLOWED.get(problem["type"], problem["msg"])
    return words if isinstance(words, str) else words(problem["ctx"])


def _hint(value: Any, kind: str) -> str:
    """YAML reads ``1e-3`` as text."""
    if kind != "float_type" or not isinstance(value, str):
        return ""
    try:
        return f" (without quotes: {float(value)})"
    except ValueError:
        return ""
