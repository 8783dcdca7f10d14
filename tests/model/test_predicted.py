"""What models predict has one form, whatever order a class of one's own gives it; else it is one line."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.model.predicted import predicted

INDEX = pd.MultiIndex.from_product(
    [pd.DatetimeIndex(["2020-01-02", "2020-01-03"]), ["SZ000001", "SH600000"]], names=["datetime", "instrument"]
)
SCORES = pd.Series([1.0, 2.0, 3.0, np.nan], INDEX, name="score")
NO_DATASET: Any = None


class Says:
    """A model that predicts what it was given."""

    def __init__(self, scores: Any) -> None:
        self.scores = scores

    def predict(self, *_: Any) -> Any:
        return self.scores


def test_scores_by_date_are_left_as_they_are() -> None:
    """Also where a date's stocks are in no order, or no score is known."""
    assert predicted(Says(SCORES), NO_DATASET) is SCORES
    for scores in (SCORES.iloc[3:], SCORES.iloc[:0]):
        assert predicted(Says(scores), NO_DATASET) is scores


def test_levels_and_dates_are_put_in_order() -> None:
    pd.testing.assert_series_equal(predicted(Says(SCORES.swaplevel()), NO_DATASET), SCORES)
    late_first = SCORES.iloc[[2, 0, 3, 1]]
    for scores in (late_first, late_first.swaplevel()):
        got = predicted(Says(scores), NO_DATASET)
        pd.testing.assert_series_equal(got, SCORES.sort_index())
        assert list(got.loc[pd.Timestamp("2020-01-03") : pd.Timestamp("2020-01-04")].dropna()) == [3.0]


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        (None, "a Series over (datetime, instrument), and returns a NoneType over []"),
        (
            SCORES.to_frame(),
            "a Series over (datetime, instrument), and returns a DataFrame over ['datetime', 'instrument']",
        ),
        (
            SCORES.droplevel("instrument"),
            "a Series over (datetime, instrument), and returns a Series over ['datetime']",
        ),
        (SCORES > 1, "numbers, and returns scores of type bool"),
        (
            SCORES.set_axis(INDEX.set_levels(["2020-01-02", "2020-01-03"], level=0)),
            "dates that are timestamps without a time zone, and returns dates such as '2020-01-02'",
        ),
    ],
)
def test_what_is_no_prediction_is_one_line(scores: Any, said: str) -> None:
    with pytest.raises(InputError) as error:
        predicted(Says(scores), NO_DATASET)
    assert str(error.value) == f"the model's predict must return {said}"
