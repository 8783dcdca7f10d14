"""Raw prices are whole cents; those that are not are adjusted already."""

from pathlib import Path

import numpy as np

from qlib_mfgru.provider.judge.days import ROUNDED

from ..vendor import DAILY, refused, run
from .test_limits import closes

RAW = [10.0, 10.05, 10.11, 10.2, 10.17, 10.3]


def test_adjusted_prices_under_raw_are_refused_without_any_ex_date(tmp_path: Path, target: Path) -> None:
    source = closes(tmp_path, [price * 1.3717 for price in RAW], [1.3717] * 6)
    message = refused(source, target, {"daily": DAILY})
    assert "is one once the factor is taken out of it: the prices are adjusted already" in message
    assert "write prices: adjusted" in message


def test_cents_in_float32_are_cents(tmp_path: Path, target: Path) -> None:
    raw = [float(price) for price in (np.array(RAW) * 20).round(2).astype("f4")]
    assert run(closes(tmp_path, raw, [1.0] * 6), target, {"daily": DAILY}).consistency == []


def test_prices_that_are_no_cents_either_way_say_nothing(tmp_path: Path, target: Path) -> None:
    source = closes(tmp_path, [price * 1.00037 for price in RAW], [1.3717] * 6)
    assert run(source, target, {"daily": DAILY}).consistency == []


def adjusted(tmp_path: Path, target: Path, decimals: int) -> str:
    """What an ingest says of adjusted closes, rounded to so many decimals."""
    factor = 1.3717
    source = closes(tmp_path, [round(price * factor, decimals) for price in RAW], [factor] * 6)
    return str(run(source, target, {"daily": DAILY | {"prices": "adjusted"}}).consistency)


def test_adjusted_prices_that_were_rounded_to_cents_are_said(tmp_path: Path, target: Path) -> None:
    assert ROUNDED.text in adjusted(tmp_path, target, 2)


def test_adjusted_prices_of_more_digits_are_not(tmp_path: Path, target: Path) -> None:
    assert ROUNDED.text not in adjusted(tmp_path, target, 6)
