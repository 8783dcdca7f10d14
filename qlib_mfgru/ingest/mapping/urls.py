"""Addresses of databases in a mapping."""

from __future__ import annotations

import os
from re import Match
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import BeforeValidator, PlainSerializer
from pydantic_core import PydanticCustomError

from qlib_mfgru.addresses import VARIABLE, hidden
from qlib_mfgru.errors import InputError
from qlib_mfgru.refusals import RECORD
from qlib_mfgru.settings import Text


def expanded(url: str, name: str) -> str:
    """An address with the values of the environment variables that it names.

    A variable that is the whole password may hold any character.

    Raises
    ------
    InputError
        If one is not set; `name` is that of the setting.
    """

    def value(found: Match[str]) -> str:
        variable = found[1] or found[2]
        if variable not in os.environ:
            raise InputError(f"{name} names the environment variable {variable}, which is not set")
        is_password = url[: found.start()].endswith(":") and url[found.end() :].startswith("@")
        return quote(os.environ[variable], safe="") if is_password else os.environ[variable]

    return VARIABLE.sub(value, url)


def _unshown(url: Any) -> Any:
    """Refuse what is no text here, since a message would show it."""
    if not isinstance(url, str):
        raise PydanticCustomError(RECORD, "url must be text, an address as SQLAlchemy takes it")
    return url


Url = Annotated[Text, BeforeValidator(_unshown), PlainSerializer(hidden)]
"""An address as SQLAlchemy takes it; it is kept without its password."""
