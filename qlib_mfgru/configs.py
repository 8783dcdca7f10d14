"""Objects from qlib's configs, ``{class: ..., module_path: ..., kwargs: ...}``; a wrong one raises a one-line error."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pydantic import Field, PlainValidator
from pydantic_core import PydanticCustomError

from qlib_mfgru.errors import InputError
from qlib_mfgru.refusals import CONFIG
from qlib_mfgru.settings import Settings, Text, UnknownSetting, checked

Kind = TypeVar("Kind")


class ClassConfig(Settings):
    """What qlib reads of a config; it ignores any other key, so that a misspelt one would change nothing."""

    class_: Text | type = Field(alias="class")
    module_path: Text | None = None
    kwargs: dict[Text, Any] = Field(default_factory=dict)


def built(config: Any, kind: type[Kind], name: str) -> Kind:
    """The object that a config describes.

    Parameters
    ----------
    config : mapping, str or object
        What qlib's ``init_instance_by_config`` takes; an object of `kind` is returned as it is.
    kind : type
        What it must be.
    name : str
        What errors call it.

    Raises
    ------
    InputError
        No such class, one of another kind, or settings that it refuses; in one line that begins with `name`.
    """
    from qlib.utils import init_instance_by_config

    if isinstance(config, str) and not config.startswith("file:"):
        config = {"class": config}  # a.module.Class, which qlib reads alike
    if isinstance(config, Mapping):
        config = dict(config)
        class_of(config, kind, name)
    elif not isinstance(config, (str, kind)):
        raise InputError(f"{name} is {config!r}: must be a {kind.__name__} or a config with class, module_path, kwargs")
    try:
        instance = init_instance_by_config(config, accept_types=kind)
    except InputError as error:
        raise type(error)(f"{name}: {error}") from None
    if not isinstance(instance, kind):
        raise InputError(f"{name} is a {type(instance).__name__}: must be a {kind.__name__}")
    return instance


def class_of(config: Any, kind: type[Kind], name: str, *offered: str) -> type[Kind]:
    """`named_class` of a config whose keyword arguments are checked against the class's signature; nothing is built.

    Parameters
    ----------
    config, kind, name
        As of `named_class`.
    *offered : str
        Keyword arguments that the class gets from elsewhere, if it takes them (`takes`).

    Raises
    ------
    InputError
        As of `named_class`, or keywords that the class does not take.
    """
    named, kwargs = named_class(config, kind, name), config.get("kwargs") or {}
    given = [word for word in offered if word in kwargs]
    if given:
        raise InputError(f"{name}.kwargs has {given[0]}: {named.__name__} is given it, so it cannot be set")
    try:
        inspect.signature(named).bind(**dict.fromkeys(word for word in offered if takes(named, word)), **kwargs)
    except TypeError as error:
        raise UnknownSetting(f"{name}: {named.__name__} {error}") from None
    return named


def named_class(config: Any, kind: type[Kind], name: str) -> type[Kind]:
    """The class that a config names.

    Parameters
    ----------
    config : mapping
    kind : type
        What the class must be.
    name : str
        What errors call the config.

    Raises
    ------
    InputError
        No such class, one of another kind, or an abstract one.
    """
    from qlib.utils import get_callable_kwargs

    wanted = checked(ClassConfig, name, config)
    try:
        named, _ = get_callable_kwargs(dict(config))
    except Exception as error:  # a module's own code runs: anything may be raised
        raise InputError(f"{name}.class is {wanted.class_!r}: no such class ({error})") from error
    if not (isinstance(named, type) and issubclass(named, kind)) or inspect.isabstract(named):
        raise InputError(f"{name}.class is {wanted.class_!r}: must be a {kind.__name__}")
    return named


def takes(kind: type, keyword: str) -> bool:
    """Whether a class can be built with a keyword argument."""
    try:
        inspect.signature(kind).bind_partial(**{keyword: None})
    except TypeError:
        return False
    return True


def accepts(function: Callable[..., Any], n_arguments: int) -> bool:
    """Whether a function can be called with so many arguments."""
    try:
        inspect.signature(function).bind(*[None] * n_arguments)
    except TypeError:
        return False
    return True


def with_kwargs(config: Any, defaults: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A config with keyword arguments that it gets unless it states its own.

    Raises
    ------
    InputError
        What is no config; errors call it `name`.
    """
    kwargs = checked(ClassConfig, name, config).kwargs
    return {**config, "kwargs": {**defaults, **kwargs}}


def config_validator(check: Callable[[Any], Any]) -> PlainValidator:
    """For a setting that is a config: `check` returns it or raises InputError, whose line is the message."""

    def validated(config: Any) -> Any:
        try:
            return check(config)
        except InputError as error:
            raise PydanticCustomError(CONFIG, "{line}", {"line": str(error)}) from None

    return PlainValidator(validated)
