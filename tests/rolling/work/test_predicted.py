"""What models predict has one form in units, whatever order a class of one's own gives it; else it is one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from odd_models import SeededModel
from tiny_world import DAYS
from unit_world import unit as made

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.errors import InputError
from qlib_mfgru.rolling import Fold, RollingEnsembleModel, UnitStore
from qlib_mfgru.rolling.work.predicted import predicted

KEY = "a" * 20
FOLD = Fold(1, (DAYS[0], DAYS[99]), (DAYS[100], DAYS[120]))
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


def unit(dataset: MultiFreqDataset, form: str) -> Any:
    config = {"class": "FormedModel", "module_path": "odd_models", "kwargs": {"seed": 0, "form": form}}
    return made(dataset, FOLD, config, KEY)


@pytest.mark.parametrize("form", ["swapped", "shuffled"])
def test_a_unit_keeps_scores_by_date(form: str, dataset: MultiFreqDataset, tmp_path: Path) -> None:
    store = UnitStore(tmp_path / "units")
    assert unit(dataset, form).run(dataset, store).failure is None
    expected = SeededModel(0).predict(dataset.with_segments(FOLD.segments))
    kept = store.read(KEY).score
    pd.testing.assert_series_equal(kept.sort_index(), expected.sort_index(), check_exact=True)
    assert kept.loc[DAYS[101] : DAYS[103]].index.unique("datetime").tolist() == list(DAYS[101:104])


def test_a_unit_that_cannot_be_kept_says_why_and_is_trained_once(dataset: MultiFreqDataset, tmp_path: Path) -> None:
    store = UnitStore(tmp_path / "units")
    assert unit(dataset, "unnamed").run(dataset, store).failure == (
        "the model's predict must return a Series over (datetime, instrument), and returns a Series over [None, None]"
    )
    assert KEY not in store


def test_days_after_the_folds_are_by_date_too(dataset: MultiFreqDataset, tmp_path: Path) -> None:
    config = {"class": "FormedModel", "module_path": "odd_models", "kwargs": {"form": "swapped"}}
    model = RollingEnsembleModel(config, retrain="3M", seeds=[0], units_dir=str(tmp_path / "units"))
    model.fit(dataset)
    later = model.predict(dataset, (DAYS[-2], None))
    assert list(later.index.names) == ["datetime", "instrument"]
    assert later.index.unique("datetime").tolist() == list(DAYS[-2:])
