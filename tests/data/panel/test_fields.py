"""How fields are written in a setting: known ones by name, others declared, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from qlib_mfgru.data import FIELDS, Field
from qlib_mfgru.data.panel import REPORT_FIELDS, Fields, stored_names
from qlib_mfgru.data.panel.fields import KNOWN
from qlib_mfgru.data.settings import InputSpec
from qlib_mfgru.errors import InputError
from qlib_mfgru.settings import checked


def read(*fields: Any) -> list[tuple[str, str, str]]:
    return [(field.name, field.kind, field.scale) for field in checked(Fields, "fields", list(fields))]


def test_the_reports_six_are_the_default() -> None:
    assert FIELDS == ("open", "high", "low", "close", "vwap", "volume")
    assert InputSpec(days=1, scale="last").fields is REPORT_FIELDS
    assert [(field.name, field.kind, field.scale) for field in REPORT_FIELDS] == [
        *((name, "price", "own") for name in FIELDS[:5]),
        ("volume", "quantity", "own"),
    ]


def test_known_fields_by_name_in_any_case_and_with_or_without_the_sign() -> None:
    assert read("vwap", "$Limit_Up", "$IS_ST", "amount") == [
        ("vwap", "price", "own"),
        ("limit_up", "level", "own"),
        ("is_st", "level", "none"),
        ("amount", "quantity", "own"),
    ]
    assert "industry" not in KNOWN


def test_fields_declared_in_place() -> None:
    assert read({"name": "$Turnover_Rate", "kind": "quantity"}, {"name": "pb", "kind": "level", "scale": "none"}) == [
        ("turnover_rate", "quantity", "own"),
        ("pb", "level", "none"),
    ]
    assert read(Field(name="x", kind="price")) == [("x", "price", "own")]


def test_a_known_field_declared_anew_keeps_what_the_declaration_leaves_out() -> None:
    assert read({"name": "$Limit_Up", "scale": "none"}, {"name": "close", "kind": "level"}) == [
        ("limit_up", "level", "none"),
        ("close", "level", "own"),
    ]


WRONG = [
    (["limitup"], "fields[0] is 'limitup': must be one of open, high, low, close, vwap, volume, amount, limit_up, "
     "limit_down, factor, market_cap, is_st, or declared: {name: limitup, kind: price | quantity | level, scale: own | "
     "none}"),
    (["close", {"name": "pe"}], "fields[1].kind is missing"),
    ([{"name": "pe", "kind": "ratio"}], "fields[0].kind is 'ratio': must be one of 'price', 'quantity', 'level'"),
    ([{"name": "pe", "kind": "level", "scale": "last"}], "fields[0].scale is 'last': must be one of 'own', 'none'"),
    ([{"name": "pe", "knd": "level"}], "unknown setting 'fields[0].knd'; did you mean 'kind'?"),
    (["close", "open", "$CLOSE"], "fields is ['close', 'open', '$CLOSE']: must not name 'close' twice"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "message"), WRONG, ids=[message[:40] for _, message in WRONG])
def test_refused(fields: list[Any], message: str) -> None:
    with pytest.raises(InputError) as refused:
        read(*fields)
    assert str(refused.value) == message


@pytest.mark.parametrize("item", [3, None, ["close"]])
def test_what_is_no_field_at_all(item: Any) -> None:
    with pytest.raises(InputError, match=r"^fields\[0\] is .*: must be (one of|a mapping with name, kind, scale)"):
        read(item)


def test_close_and_volume_are_always_read() -> None:
    assert stored_names(REPORT_FIELDS) == FIELDS
    assert stored_names([KNOWN["volume"], KNOWN["limit_up"]]) == ("volume", "limit_up", "close")
