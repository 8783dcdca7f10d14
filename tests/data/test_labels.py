"""The label: ways to write it, and its z-score."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_market import use

from qlib_mfgru.data.labels import REPORT_LABEL, Label, z_score
from qlib_mfgru.errors import InputError


@pytest.mark.parametrize(
    "given", [REPORT_LABEL, [REPORT_LABEL], ([REPORT_LABEL], ["LABEL0"]), [[REPORT_LABEL], ["LABEL0"]]]
)
def test_qlibs_ways_to_write_a_label(given: Any) -> None:
    """qlib.contrib.rolling overwrites the handler's label with a list of one expression."""
    assert Label.parse(given) == Label("Ref($close, -11) / Ref($close, -1) - 1", "LABEL0")


def test_a_name_of_its_own() -> None:
    assert Label.parse((["$close"], ["RETURN"])) == Label("$close", "RETURN")


@pytest.mark.parametrize(
    "given",
    [["$open", "$close"], [], (["$open", "$close"], ["a", "b"]), [3], 3, None, "", [""], (["$close"], [3]), {"a": "b"}],
)
def test_one_expression_it_must_be(given: Any) -> None:
    with pytest.raises(InputError, match=r"^must be one qlib expression, as text, \[text\] or \(\[text\], \[name\]\)$"):
        Label.parse(given)


def test_the_fields_of_a_label(provider: Path) -> None:
    use(provider)
    expression = "If(Gt($volume, 0), Ref($Close, -2), Mean($vwap + $close, 3)) / $close"
    assert Label(expression).fields == ("close", "volume", "vwap")


def test_z_score_over_the_known_ones() -> None:
    got = z_score(np.array([1.0, np.nan, 2.0, 3.0], dtype=np.float32))
    np.testing.assert_allclose(got, [-np.sqrt(1.5), np.nan, 0, np.sqrt(1.5)], rtol=1e-6)
    assert got.dtype == np.float32


@pytest.mark.parametrize("values", [[5.0, 5.0, np.nan], [7.0]])
def test_labels_that_agree_are_0(values: list[float]) -> None:
    expected = [0.0 if np.isfinite(value) else np.nan for value in values]
    np.testing.assert_array_equal(z_score(np.array(values)), expected)
    assert len(z_score(np.array([]))) == 0
