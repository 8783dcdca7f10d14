"""No zero has a minus, and nothing else is changed."""

from __future__ import annotations

import numpy as np
import pytest

from qlib_mfgru.numerals import Numerals, numeral


@pytest.mark.parametrize(
    ("value", "specification", "text"),
    [
        (-0.0, ".4f", "0.0000"),
        (-1e-9, ".4f", "0.0000"),
        (np.float64(-0.00004), ".2%", "0.00%"),
        (-0.0, "", "0.0"),
        (-0.0, ".4g", "0"),
        (-0.0, "e", "0.000000e+00"),
        (-0.0001, ".4f", "-0.0001"),
        (-1e-9, ".3g", "-1e-09"),
        (-10.0, ".0f", "-10"),
        (0.0, "+.2%", "+0.00%"),
        (0.3, "g%", "30%"),
        (0.125, "g%", "12.5%"),
        (0.07, "g%", "7%"),
        (-0.0, "g%", "0%"),
        (float("-inf"), ".4f", "-inf"),
        (-3, "", "-3"),
        ("-0", "", "-0"),
    ],
)
def test_of_a_number(value: object, specification: str, text: str) -> None:
    assert numeral(value, specification) == text


def test_of_a_sentence() -> None:
    said = Numerals().format("{name}: {gap:+.2%} and {cost:.1%}", name="-0", gap=0.1, cost=-1e-7)
    assert said == "-0: +10.00% and 0.0%"
