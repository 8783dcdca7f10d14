"""Scores of a class of one's own, by date in units, and after the folds; or one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from odd_models import SeededModel
from tiny_world import DAYS
from unit_world import unit as made

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.rolling import Fold, RollingEnsembleModel, UnitStore

KEY = "a" * 20
FOLD = Fold(1, (DAYS[0], DAYS[99]), (DAYS[100], DAYS[120]))


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
