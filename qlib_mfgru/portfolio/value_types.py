"""What settings and constraints of a portfolio may be written as: turnover, codes, fields, prices."""

from __future__ import annotations

import math
import numbers
import re
from collections.abc import Callable, Container, Mapping
from contextlib import suppress
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, PlainValidator
from typing_extensions import Self

from qlib_mfgru.provider.symbols import normalise_symbol
from qlib_mfgru.refusals import plain
from qlib_mfgru.settings import Distinct, FieldName, Ge, Len, Listed, NonNegative, Number, Text


def _not_percent(value: Any) -> Any:
    percent = float(value) if isinstance(value, numbers.Real) else 0.0
    if 2 < percent < math.inf:
        raise ValueError(f"must be a fraction from 0 to 2, buys plus sells; {percent:g} percent is {percent / 100:g}")
    return value


class Code(str):
    """A code as it is read among A-shares, ``SZ002330``; elsewhere it may be a code as it was written, ``2330``.

    Attributes
    ----------
    written : str
        In upper case.
    """

    written: str

    def __new__(cls, code: str, written: str | None = None) -> Self:
        self = super().__new__(cls, code)
        self.written = code if written is None else written
        return self

    def among(self, known: Container[str]) -> str:
        """The code of a market that has these: as it was written if that is known, else as an A-share's."""
        return self.written if self.written in known else str(self)


def _code(example: str, index: bool) -> Callable[[Any], Code]:
    def read(value: Any) -> Code:
        if isinstance(value, Code):
            return value
        word = plain(value)
        if isinstance(word, (str, int)) and not isinstance(word, bool):
            with suppress(ValueError):
                return Code(normalise_symbol(str(word), index=index), str(word).strip().upper())
            if _PLAIN_CODE.fullmatch(str(word)):
                return Code(str(word))
        raise ValueError(f"must be a code such as {example}")

    return read


_PLAIN_CODE = re.compile(r"(?!(SH|SZ|BJ|CSI|CNI)[._]?\d+$)(?=.*[A-Z])[A-Z0-9.^=_-]+|\d+")
"""Codes of markets other than A-shares, in upper case as providers have them, such as ``AAPL`` or ``00700``: no slip in
an A-share's code, and no name of a Chinese index."""


def _each_field_once(limits: Any) -> Any:
    """Two ways to write one field would leave the last limit."""
    if isinstance(limits, Mapping):
        names = [str(name).removeprefix("$").lower() for name in limits]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"must not name {twice!r} twice")
    return limits


def _below(folder: str) -> str:
    if not all(re.fullmatch(r"\w[\w.-]*", step) for step in folder.split("/")):
        raise ValueError("must be a folder's name such as with_costs")
    return folder


def _without_dollar(value: Any) -> Any:
    return value.removeprefix("$") if isinstance(value, str) else value


TwoSidedTurnover = Annotated[Number, Ge(0), BeforeValidator(_not_percent)]
"""Buys plus sells as a share of the capital, from 0 to 2; what looks like percent is refused with the fraction that was
probably meant."""
TurnoverLimits = Annotated[tuple[TwoSidedTurnover, ...], Listed, Len(1), Distinct]
"""Turnover limits, at least one and none twice: results are told apart by them."""
StockCode = Annotated[Code, PlainValidator(_code("SH600000", index=False))]
"""A stock's code in any of the ways that vendors write it; ``SH600000`` afterwards. In other markets as the
provider has it: ``AAPL``. A number may be either, which `Code.among` tells."""
StockCodes = Annotated[tuple[StockCode, ...], Listed]
IndexCode = Annotated[Code, PlainValidator(_code("SH000300", index=True))]
"""An index's code, likewise: a bare ``000300`` is Shanghai's."""
FieldNames = Annotated[tuple[FieldName, ...], Listed]
"""Daily fields, of which some may be named twice."""
Exposures = Annotated[dict[FieldName, NonNegative], BeforeValidator(_each_field_once)]
"""Daily field -> limit of the exposure to it."""
DealPrice = Annotated[Literal["vwap", "close", "open"], BeforeValidator(_without_dollar)]
"""The price that orders are executed at, with or without a ``$``."""
Subfolder = Annotated[Text, AfterValidator(_below)]
"""A folder below a record's own, such as ``with_costs``; nothing leads out of it."""
