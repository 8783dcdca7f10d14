"""A config without what changes nothing: settings that equal a default, by whatever way they are written."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from qlib.workflow.record_temp import RecordTemp

from qlib_mfgru.errors import InputError
from qlib_mfgru.rolling.key import digest
from qlib_mfgru.rolling.spelling import class_named, spelled
from qlib_mfgru.settings import Settings


def effective(value: Any) -> Any:
    """A config, or anything in one, with those keyword arguments alone that a class would not have without them.

    An argument that its class's signature has as the default is left out; of a record of ours also a setting without
    which all settings are the same, so that what the Huatai report has for an index is no setting of one's own.
    """
    if isinstance(value, Mapping):
        inner = {key: effective(each) for key, each in value.items()}
        kind = class_named(inner)
        if kind is None or not isinstance(inner.get("kwargs"), Mapping):
            return inner
        return {**inner, "kwargs": _effective(kind, inner["kwargs"])}
    return [effective(each) for each in value] if isinstance(value, (list, tuple)) else value


def _effective(kind: type, kwargs: Mapping[str, Any]) -> dict[str, Any]:
    parameters = inspect.signature(kind).parameters
    own = {name: value for name, value in kwargs.items() if name in parameters}
    said = {name: value for name, value in own.items() if digest(spelled(value)) != _default(parameters[name])}
    others = {name: value for name, value in kwargs.items() if name not in own}
    settings_kind = getattr(kind, "settings_kind", None) if issubclass(kind, RecordTemp) else None
    return {**said, **(others if settings_kind is None else least(settings_kind, others))}


def _default(parameter: inspect.Parameter) -> str:
    return "" if parameter.default is inspect.Parameter.empty else digest(spelled(parameter.default))


def least(kind: type[Settings], written: Mapping[str, Any]) -> dict[str, Any]:
    """The fewest settings that make the same record as those that are written, as it holds them.

    Objects, such as constraints, stay as they are written: they have no other spelling.
    """
    record = kind.of(**written)
    kept = dict(record)
    for name in list(kept):
        others = {other: value for other, value in kept.items() if other != name}
        if _makes(kind, others, record):
            kept = others
    return {name: value if _is_plain(value) else written.get(name, value) for name, value in kept.items()}


def _makes(kind: type[Settings], settings: Mapping[str, Any], record: Settings) -> bool:
    try:
        return kind.of(**settings) == record
    except InputError:  # it cannot be left out
        return False


def _is_plain(value: Any) -> bool:
    """Whether it is made of what YAML has: numbers, text, dates, lists, mappings."""
    if isinstance(value, Mapping):
        return all(map(_is_plain, value.values()))
    if isinstance(value, (list, tuple)):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, (bool, int, float, str)) or hasattr(value, "isoformat")
