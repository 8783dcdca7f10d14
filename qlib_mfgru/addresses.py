"""What in the address of a database must not be seen."""

from __future__ import annotations

import re
from urllib.parse import unquote, unquote_plus

HIDDEN = "***"
VARIABLE = re.compile(r"\$(?:\{(\w+)\}|([A-Z_][A-Z0-9_]*))")
"""``${NAME}`` or ``$NAME``, the latter in capitals since passwords may hold a dollar."""

_LOGIN = re.compile(r"(?P<before>^[\w+.-]*://[^:/@]*:|^[\w+.-]*:?//|^)(?P<secret>.+)(?=@)")
"""The password of ``postgresql://quant:hunter2@host``; where an address is not written so, all before the last @."""
_OPTION = re.compile(r"(?P<before>[?&;][^=&;]*=)(?P<secret>[^&;]*)")
_ADDRESS = re.compile(r"[\w+.-]*://[^\s'\")]+")
_LITERAL = re.compile(r"'((?:[^']|'')*)'")
_LEAST = 3
"""Letters from which on a part of a secret is looked for in what a driver says."""


def hidden(address: str) -> str:
    """An address without its password and the values of its options, any of which may be a token.

    The name of an environment variable is no secret and stays.
    """
    return _OPTION.sub(_without_secret, _LOGIN.sub(_without_secret, address))


def without_addresses(text: str) -> str:
    """A text whose addresses are `hidden`."""
    return _ADDRESS.sub(lambda found: hidden(found[0]), text) if "://" in text else text


def without_secrets(text: str, address: str, sql: str) -> str:
    """What a driver says, without the secrets of the address and the literals of the statement.

    A driver may have cut a password with an ``@`` in it, or an option, in its own way: their parts are hidden too.
    """
    found = {match["secret"] for pattern in (_LOGIN, _OPTION) for match in pattern.finditer(address)}
    found |= {unquote(each) for each in found} | {unquote_plus(each) for each in found}
    parts = {part for each in found for part in re.split(r"[@:/?#&;=\s]+", each)}
    for secret in sorted(found | parts | set(_LITERAL.findall(sql)), key=len, reverse=True):
        if len(secret) >= _LEAST or secret in found - {""}:
            text = text.replace(secret, HIDDEN)
    return text


def _without_secret(found: re.Match[str]) -> str:
    return found[0] if VARIABLE.fullmatch(found["secret"]) else f"{found['before']}{HIDDEN}"
