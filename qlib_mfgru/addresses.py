"""What must not be seen of a database's address and statement."""

from __future__ import annotations

import re
from urllib.parse import unquote, unquote_plus

HIDDEN = "***"
VARIABLE = re.compile(r"\$(?:\{(\w+)\}|([A-Z_][A-Z0-9_]*))")
"""``${NAME}`` or ``$NAME``, the latter in capitals since passwords may hold a dollar."""

_LOGIN = re.compile(r"(?P<before>^[\w+.-]*:/+[^:/@]*:|^[\w+.-]*:?/+|^)(?P<secret>.+)(?=@)")
"""The password of ``postgresql://quant:hunter2@host``; where an address is not written so, all before the last @."""
_OPTION = re.compile(r"(?P<before>[?&;][^=&;]*=)(?P<secret>[^&;]*)")
_ADDRESS = re.compile(r"(?:[\w+.-]*://|[a-zA-Z][\w+.-]+:/)/*(?:\S*@)?[^\s'\")?]*(?:\?\S*?(?=['\")\]:;,.]*(?:\s|$)))?")
"""An address within a text, up to the last @ and the end of its options; a path has but one of its slashes."""
_ENCODED = re.compile(r"[\w+.-]+%3a(?:%2f)+\S*", re.IGNORECASE)
"""An address of which even the colon and the slashes are percent-encoded."""
_BARE = re.compile(r"(?P<before>(?<![\w/])[\w.+-]+:)(?P<secret>[^\s:/@'\"]+)(?=@[\w.-])")
"""``quant:hunter2@host``, without a scheme."""
_NAMED = re.compile(
    r"(?P<before>(?:password|passwd|pwd|secret|token|api_?key)\s*=\s*)(?P<secret>'[^']*'|[^\s&;,'\")]*[^\s&;,'\"):.])",
    re.IGNORECASE,
)
"""``password=hunter2``, as in the settings of a connection."""
_STATEMENT = re.compile(
    r"(?P<compared>[=<>]\s*|\blike\s+)\"(?:[^\"]|\"\")*\"(?!\s*\.)"
    r"|(?P<name>\"(?:[^\"]|\"\")*\"|`[^`]*`)"
    r"|(?P<comment>(?:--|#)[^\n]*|/\*.*?(?:\*/|\Z))"
    r"|'(?:[^']|'')*(?:'|\Z)|\$(?P<tag>\w*)\$.*?(?:\$(?P=tag)\$|\Z)",
    re.DOTALL | re.IGNORECASE,
)
"""What is quoted in a statement, and its comments. MySQL and SQLite take double quotes around a text too."""
_ESCAPED = re.compile(r"'.*\\'.*'", re.DOTALL)
"""From the first quote to the last where a backslash precedes one: databases disagree on where such a text ends."""
_LITERAL = re.compile(r"'((?:[^']|'')*)'")
_LEAST = 3
"""Letters from which on a part of a secret is looked for in what a driver says."""


def hidden(address: str) -> str:
    """An address without its password and the values of its options, any of which may be a token.

    The name of an environment variable is no secret and stays.
    """
    return _OPTION.sub(_without_secret, _LOGIN.sub(_without_secret, address))


def without_literals(sql: str) -> str:
    """A statement whose texts are ``'***'``, any of which may be a token; numbers and names stay, comments do not."""
    return _STATEMENT.sub(_without_literal, _ESCAPED.sub(f"'{HIDDEN}'", sql))


def without_addresses(text: str) -> str:
    """A text whose addresses are `hidden`, and the values that it calls a password or token too."""
    text = _ADDRESS.sub(lambda found: hidden(found[0]), text)
    text = _ENCODED.sub(lambda found: hidden(unquote(found[0])), text)
    return _NAMED.sub(_without_secret, _BARE.sub(_without_secret, text))


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
    kept = VARIABLE.fullmatch(found["secret"]) or found["secret"].strip("'") == HIDDEN
    return found[0] if kept else f"{found['before']}{HIDDEN}"


def _without_literal(found: re.Match[str]) -> str:
    if found["name"]:
        return found[0]
    return " " if found["comment"] else f"{found['compared'] or ''}'{HIDDEN}'"
