"""Addresses of databases, and what in them must not be seen."""

from __future__ import annotations

import os
import re
from typing import Annotated, Any
from urllib.parse import quote, unquote, unquote_plus

from pydantic import BeforeValidator, PlainSerializer
from pydantic_core import PydanticCustomError

from qlib_mfgru.errors import InputError
from qlib_mfgru.refusals import RECORD
from qlib_mfgru.settings import Text

HIDDEN = "***"
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|([A-Z_][A-Z0-9_]*))")
"""``${NAME}`` or ``$NAME``, the latter in capitals since passwords may hold a dollar."""
_PASSWORD = re.compile(r"(?P<before>://[^:/@]*:)(?P<secret>.+)(?=@)")
_OPTION = re.compile(r"(?P<before>[?&][^=&]*(?:pass|pwd|token|secret|key|connect)[^=&]*=)(?P<secret>[^&]*)", re.I)


def hidden(url: str) -> str:
    """An address without its password and the like; the name of an environment variable is none and stays."""
    return _OPTION.sub(_without_secret, _PASSWORD.sub(_without_secret, url))


def _without_secret(found: re.Match[str]) -> str:
    return found[0] if _VARIABLE.fullmatch(found["secret"]) else f"{found['before']}{HIDDEN}"


def secrets(url: str) -> set[str]:
    """What `hidden` hides, as it is written and as it is meant."""
    found = {match["secret"] for pattern in (_PASSWORD, _OPTION) for match in pattern.finditer(url)} - {""}
    return found | {unquote(each) for each in found} | {unquote_plus(each) for each in found}


def expanded(url: str, name: str) -> str:
    """An address with the values of the environment variables that it names.

    A variable that is the whole password may hold any character.

    Raises
    ------
    InputError
        If one is not set; `name` is that of the setting.
    """

    def value(found: re.Match[str]) -> str:
        variable = found[1] or found[2]
        if variable not in os.environ:
            raise InputError(f"{name} names the environment variable {variable}, which is not set")
        is_password = url[: found.start()].endswith(":") and url[found.end() :].startswith("@")
        return quote(os.environ[variable], safe="") if is_password else os.environ[variable]

    return _VARIABLE.sub(value, url)


def _unshown(url: Any) -> Any:
    """Refuse what is no text here, since a message would show it."""
    if not isinstance(url, str):
        raise PydanticCustomError(RECORD, "url must be text, an address as SQLAlchemy takes it")
    return url


Url = Annotated[Text, BeforeValidator(_unshown), PlainSerializer(hidden)]
"""An address as SQLAlchemy takes it; it is kept without its password."""
