"""``DailyExpression``: how far an expression looks ahead, and that its values do not depend on where reading begins."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from qlib.data import D
from small_market import CODES, DAYS, use

from qlib_mfgru.data.expressions import DailyExpression
from qlib_mfgru.data.labels import Label
from qlib_mfgru.errors import InputError


@pytest.fixture(autouse=True)
def initialised(provider: Path) -> None:
    use(provider)


@pytest.mark.parametrize(
    ("expression", "ahead"),
    [("$close", 0), ("Ref($close, 5)", 0), ("Ref($close, -3) / $close", 3), ("Delta(Ref($close, -11), 10)", 11),
     ("Mean(Ref($close, -2), 5)", 2), ("EMA($close, 0.1)", 0), ("Corr($close, Ref($volume, -1), 5)", 1)],
)  # fmt: skip
def test_how_far_it_looks_ahead(expression: str, ahead: int) -> None:
    assert DailyExpression(expression).check_readable() == ahead


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("Delta($close, -3)", "Delta is over -3 days: must be positive; only Ref may look ahead"),
        ("0 - Delta($close, -3) / $close", "Delta is over -3 days"),
        ("Ref(Delta($close, -3), 2)", "Delta is over -3 days"),
        ("Slope($close, -3)", "Slope is over -3 days"),
        ("Corr($close, $volume, -3)", "Corr is over -3 days"),
        ("Mean($close, 0)", "Mean is over 0 days"),
        ("Ref($close, 0)", "Ref is over 0 days: must be whole days, back or negative, and not 0"),
        ("Ref($close, 1.5)", "Ref is over 1.5 days"),
    ],
)
def test_a_window_that_qlib_counts_wrong_is_refused(expression: str, message: str) -> None:
    with pytest.raises(InputError, match=f"^{message}"):
        DailyExpression(expression).check_readable()


def test_a_label_of_such_a_window_is_refused() -> None:
    """qlib takes it to look one day ahead, so that gaps between segments would be ten days too short."""
    with pytest.raises(InputError, match=r"^Delta is over -11 days"):
        Label("Delta($close, -11) / Ref($close, -1)").check()


@pytest.mark.parametrize("expression", ["Ref($vwap, -3) / $close - 1", "Mean($volume, 5)", "$close > Ref($close, 1)"])
def test_values_are_those_of_qlibs_features(expression: str) -> None:
    unknown = "SH999999"
    values = DailyExpression(expression).load(DAYS[30:70], [unknown, *CODES])
    frame = D.features(CODES, [expression], DAYS[30], DAYS[69])[expression]
    places = pd.MultiIndex.from_product([DAYS[30:70], CODES], names=["datetime", "instrument"])
    expected = frame.reorder_levels(places.names).reindex(places).to_numpy(np.float32).reshape(40, len(CODES))
    np.testing.assert_array_equal(values[:, 1:], np.where(np.isfinite(expected), expected, np.nan))
    assert np.isfinite(values[:, 1:]).mean() > 0.5
    assert np.isnan(values[:, 0]).all()


@pytest.mark.parametrize(
    "expression", ["EMA($close, 10)", "EMA($close, 60) / $close", "WMA($close, 20)", "Std($close, 9)"]
)
def test_values_do_not_depend_on_where_reading_begins(expression: str) -> None:
    early, late = (DailyExpression(expression).load(DAYS[first:70], CODES) for first in (20, 55))
    np.testing.assert_allclose(early[35:], late, rtol=1e-5)
    assert np.isfinite(late).any()


def test_an_exponential_mean_begins_with_the_data() -> None:
    values = DailyExpression("EMA($close, 10)").load(DAYS[60:65], CODES[8:9])
    close = D.features(CODES[8:9], ["$close"])["$close"].droplevel("instrument")
    expected = pd.Series(close).ewm(span=10, min_periods=1).mean().loc[DAYS[60] : DAYS[64]]
    np.testing.assert_allclose(values[:, 0], expected, rtol=1e-5)
