"""Indices among the stocks of a market, as qlib's own data list them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from plain_provider import write_plain_provider
from qlib.log import get_module_logger
from small_market import use

from qlib_mfgru.errors import InputError
from qlib_mfgru.provider import MANIFEST, SESSIONS, new_provider, reader

DAYS = pd.bdate_range("2024-01-02", periods=3)
LISTED = ["SH000300", "SH600000", "SZ000001", "SZ399303"]
"""In the order of a file; SZ000001 is a stock."""


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is logged on a plain provider whose `all` has two indices."""
    frames = {code: pd.DataFrame({"close": np.arange(3.0) + 1}, index=DAYS) for code in LISTED}
    lines = [f"{code}\t2024-01-02\t2024-01-04" for code in LISTED]
    use(write_plain_provider(tmp_path / "cn", {"day": frames}, {"all": lines, "levels": [lines[0], lines[3]]}))
    messages: list[str] = []
    monkeypatch.setattr(get_module_logger("mfgru"), "info", messages.append)
    return messages


def test_an_index_is_no_stock_of_a_market_and_said_once(said: list[str], tmp_path: Path) -> None:
    for market in ("all", {"market": "all", "filter_pipe": []}):
        assert list(reader.member_spans(market, "day")) == ["SH600000", "SZ000001"]
    assert said == [
        f"2 indices in the market all of {tmp_path / 'cn'} are no stocks and left out, the first is SH000300"
    ]


def test_indices_in_lower_case_and_of_other_markets(tmp_path: Path) -> None:
    codes = ["^gspc", "sh000300", "sh600000"]
    frames = {code: pd.DataFrame({"close": np.arange(3.0) + 1}, index=DAYS) for code in codes}
    lines = [f"{code}\t2024-01-02\t2024-01-04" for code in codes]
    use(write_plain_provider(tmp_path / "cn", {"day": frames}, {"all": lines}))
    assert list(reader.member_spans("all", "day")) == ["sh600000"]


def test_codes_that_are_named_are_taken_as_they_are(said: list[str]) -> None:
    named = ["SH600000", "SH000300"]
    assert list(reader.member_spans(named, "day")) == ["SH000300", "SH600000"]
    assert not said
    with pytest.raises(
        InputError, match=r"not in the provider's `all` market: \['SH000300'\] .*; an index is no stock$"
    ):
        reader.member_mask(named, DAYS, list(reader.member_spans("all", "day")))


def test_a_market_of_indices_has_no_stock(said: list[str]) -> None:
    with pytest.raises(InputError, match=r"has no stock of .*levels"):
        reader.member_spans("levels", "day")


@pytest.mark.parametrize(("session", "expected"), [("ashare", ["SH600000"]), ("us", ["SH000300", "SH600000"])])
def test_codes_of_another_market_are_not_told_by_their_digits(
    tmp_path: Path, session: str, expected: list[str]
) -> None:
    codes = ("SH000300", "SH600000", "^GSPC")
    with new_provider(tmp_path / "p", DAYS, session=SESSIONS[session]) as writer:
        for code in codes:
            writer.write_features(code, "day", 0, {"close": np.arange(3.0) + 1})
        writer.write_instruments("all", [(code, DAYS[0], DAYS[-1]) for code in codes])
        writer.write_manifest({})
    assert (tmp_path / "p" / MANIFEST).exists()
    use(tmp_path / "p")
    assert list(reader.member_spans("all", "day")) == expected
