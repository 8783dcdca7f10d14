"""The statement of a database input: one query, which changes nothing."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, PlainSerializer
from pydantic_core import PydanticCustomError

from qlib_mfgru.addresses import without_literals
from qlib_mfgru.refusals import RECORD
from qlib_mfgru.settings import Text

_QUERIES = ("select", "with", "values", "from", "table", "pivot", "unpivot")
"""First words of statements that return rows."""
_NO_CODE = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/", re.DOTALL)
"""Literals, quoted names and comments."""
_CHANGE = re.compile(r"\b(?:insert\s+into|delete\s+from|merge\s+into|update\s+\S+\s+set)\b", re.IGNORECASE)
"""What a statement that begins with ``with`` may still do."""


def query(sql: str) -> str:
    """The query without what ends it.

    Raises
    ------
    PydanticCustomError
        Anything that is no query, or several statements; the message does not show them, since they may hold a token.
    """
    code = _NO_CODE.sub(" ", sql).strip().rstrip("; \n")
    first = re.match(r"[\s(]*(\w*)", code)
    if first is None or first[1].lower() not in _QUERIES or ";" in code or _CHANGE.search(code):
        words = ", ".join(_QUERIES)
        raise PydanticCustomError(RECORD, f"must be one query that changes nothing; it begins with one of {words}")
    return sql.strip().rstrip("; \n")


def _unshown(sql: Any) -> Any:
    """Refuse what is no text here, since a message would show it."""
    if not isinstance(sql, str):
        raise PydanticCustomError(RECORD, "must be text, one query")
    return sql


Sql = Annotated[Text, BeforeValidator(_unshown), AfterValidator(query), PlainSerializer(without_literals)]
"""One query; it is kept without its texts."""
