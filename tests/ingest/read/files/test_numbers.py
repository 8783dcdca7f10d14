"""Numbers among text, as vendors write them."""

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.ingest.read.files.numbers import as_numbers


@pytest.mark.parametrize(
    ("cell", "value"),
    [("1.5", 1.5), (" 2 ", 2), ("1,234.5", 1234.5), ("-12,345,678", -12345678), ("1e3", 1000), (3, 3), (4.25, 4.25)],
)
def test_numbers_are_read(cell: object, value: float) -> None:
    values, is_wrong = as_numbers(pd.Series([cell, "x"], dtype=object))
    assert values[0] == value
    assert is_wrong.tolist() == [False, True]


@pytest.mark.parametrize("cell", ["", " ", "-", "--", "停牌", "None", "NaN", "NULL", "n/a", r"\N", None, float("nan")])
def test_words_for_nothing_are_missing(cell: object) -> None:
    values, is_wrong = as_numbers(pd.Series([cell, "1"], dtype=object))
    assert np.isnan(values[0])
    assert not is_wrong.any()


@pytest.mark.parametrize("cell", ["1,23", "12,34,567", "１２", "١٢", "5%", "¥3", "1.2.3", "inf", "1_000", "n.a."])
def test_other_text_is_wrong(cell: str) -> None:
    assert as_numbers(pd.Series([cell, "1"], dtype=object))[1].tolist() == [True, False]
    assert as_numbers(pd.Series([cell], dtype="category"))[1].tolist() == [True]


def test_numbers_beyond_all_bounds_are_wrong() -> None:
    values, is_wrong = as_numbers(pd.Series([1.0, np.inf, np.nan]))
    assert values[0] == 1
    assert is_wrong.tolist() == [False, True, False]
