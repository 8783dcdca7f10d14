"""``numeral``: numbers as people read them, in tables, pages, charts and on a console."""

from __future__ import annotations

from numbers import Real
from string import Formatter
from typing import Any

_DIGITS = frozenset("123456789")


def numeral(value: Any, specification: str = "") -> str:
    """``format(value, specification)``, but nothing that is zero as it is shown has a minus.

    A limit of ``-0.0`` or a mean of -1e-9 would else be ``-0.0000``. ``g%``, which Python lacks, is a percentage with
    the digits that it has, up to six, for settings: ``30%``, ``12.5%``.
    """
    text = f"{100 * value:g}%" if specification == "g%" else format(value, specification)
    is_zero = isinstance(value, Real) and "-0" in text and not _DIGITS & set(text.lower().partition("e")[0])
    return text.replace("-0", "0", 1) if is_zero else text


class Numerals(Formatter):
    """``str.format`` whose numbers are as of `numeral`."""

    def format_field(self, value: Any, format_spec: str) -> str:
        """A value of a field."""
        return numeral(value, format_spec)
