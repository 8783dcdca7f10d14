"""What settings and constraints of a portfolio may be written as: turnover, codes, fields, prices."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, PlainValidator

from qlib_mfgru.provider.symbols import normalise_symbol
from qlib_mfgru.settings import Distinct, Ge, Len, Listed, Number, Text


def _not_percent(value: Any) -> Any:
    percent = float(value) if isinstance(value, numbers.Real) else 0.0
    if 2 < percent < math.inf:
        raise ValueError(f"must be a fraction from 0 to 2, buys plus sells; {percent:g} percent is {percent / 100:g}")
    return value


def _code(example: str, index: bool) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        try:
            if isinstance(value, (str, int)) and not isinstance(value, bool):
                return normalise_symbol(str(value), index=index)
        except ValueError:
            pass
        raise ValueError(f"must be a code such as {example}")

    return read


def _without_dollar(value: Any) -> Any:
    return value.removeprefix("$") if isinstance(value, str) else value


TwoSidedTurnover = Annotated[Number, Ge(0), BeforeValidator(_not_percent)]
"""Buys plus sells as a share of the capital, from 0 to 2; what looks like percent is refused with the fraction that was
probably meant."""
TurnoverLimits = Annotated[tuple[TwoSidedTurnover, ...], Listed, Len(1), Distinct]
"""Turnover limits, at least one and none twice: results are told apart by them."""
StockCode = Annotated[str, PlainValidator(_code("SH600000", index=False))]
"""A stock's code in any of the ways that vendors write it; ``SH600000`` afterwards."""
StockCodes = Annotated[tuple[StockCode, ...], Listed]
IndexCode = Annotated[str, PlainValidator(_code("SH000300", index=True))]
"""An index's code, likewise: a bare ``000300`` is Shanghai's."""
FieldName = Annotated[Text, AfterValidator(_without_dollar)]
"""A daily field of the provider, with or without its ``$``; without afterwards."""
DealPrice = Annotated[Literal["vwap", "close", "open"], BeforeValidator(_without_dollar)]
"""The price that orders are executed at, with or without a ``$``."""
