"""Folds on whose test days no window is complete, as where 15-minute bars end before daily ones."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from experiments import start_qlib
from growing_world import CODES, DAYS, SMALL, Edit, World, dataset
from qlib.log import get_module_logger

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.errors import InputError
from qlib_mfgru.rolling import RollingEnsembleModel, UnitStore

APRIL, MAY, JUNE = 65, 87, 108
"""The test begins with April; these are the months' first days, each in `DAYS`."""
FIELDS = ("open", "high", "low", "close", "vwap", "volume")
INCREMENTAL = {"class": "IncrementalGRUModel", "module_path": "qlib_mfgru.model"}
GRU = {"class": "GRUModel", "module_path": "qlib_mfgru.model"}
MEAN = {
    "class": "MeanModel",
    "module_path": "qlib_mfgru.model",
    "kwargs": {"members": [{**GRU, "kwargs": {"freq": freq}} for freq in ("day", "15min")]},
}
MAY_IS_LEFT_OUT = "is left out: no stock has complete windows of day and 15min on any of its days"
Fit = Callable[..., RollingEnsembleModel]


@pytest.fixture
def fit(tmp_path: Path, tiny_provider: Path) -> Iterator[Fit]:
    """A rolling model that is fitted on a world."""

    def fitted(world: World, config: Any = INCREMENTAL, provider: str = "first") -> RollingEnsembleModel:
        world.use(tmp_path / provider)
        model = RollingEnsembleModel(config, retrain="1M", seeds=[0], units_dir=str(tmp_path / "units"), **SMALL)
        model.fit(data(tmp_path))
        return model

    yield fitted
    start_qlib(tiny_provider, tmp_path / "mlruns.db")


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is warned of."""
    lines: list[str] = []
    monkeypatch.setattr(get_module_logger("mfgru"), "warning", lines.append)
    return lines


def data(folder: Path) -> MultiFreqDataset:
    return dataset(folder / "panels", (DAYS[0], DAYS[APRIL - 1]), (DAYS[APRIL], None))


def without_bars(n_days: int, first: int, last: int) -> World:
    """A world that has no 15-minute bars from one day to another, both included."""
    edits = tuple(Edit(field, first, last, np.nan, "15min", code) for field in FIELDS for code in CODES)
    return World(n_days, edits=edits)


@pytest.mark.parametrize("config", [INCREMENTAL, MEAN], ids=["incremental", "mean"])
def test_the_latest_fold(
    config: Any, fit: Fit, said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is trained when its bars are there; until then the scores that there are serve the whole test."""
    model = fit(without_bars(MAY + 1, MAY, MAY), config)
    assert said == [f"fold 2 (test 2020-05-01 .. 2020-05-01) {MAY_IS_LEFT_OUT}"]
    assert [str(fold) for fold in model.folds] == ["fold 1 (test 2020-04-01 .. 2020-04-30)"]
    assert len(UnitStore(tmp_path / "units").finished()) == 1
    assert model.missing_folds(data(tmp_path)) == []
    with monkeypatch.context() as patch:
        patch.setattr("qlib_mfgru.rolling.model.stitched", lambda *_: pytest.fail("it is predicted anew"))
        assert list(model.predict(data(tmp_path)).index.unique("datetime")) == list(DAYS[APRIL:MAY])
    World(MAY + 1).use(tmp_path / "later")
    added = model.extend(data(tmp_path))
    assert [str(fold) for fold in added] == ["fold 2 (test 2020-05-01 .. 2020-05-01)"]
    assert list(model.predict(data(tmp_path)).index.unique("datetime")) == list(DAYS[APRIL : MAY + 1])


def test_one_between_others(fit: Fit, said: list[str], tmp_path: Path) -> None:
    """A window needs two days of bars, so that June's first day has none; predicted anew the scores are the same."""
    model = fit(without_bars(JUNE + 4, MAY, JUNE - 1))
    assert said == [f"fold 2 (test 2020-05-01 .. 2020-05-29) {MAY_IS_LEFT_OUT}"]
    assert [fold.number for fold in model.folds] == [1, 3]
    scores = model.predict(data(tmp_path))
    assert list(scores.index.unique("datetime")) == [*DAYS[APRIL:MAY], *DAYS[JUNE + 1 : JUNE + 4]]
    anew = pickle.loads(pickle.dumps(model))
    pd.testing.assert_series_equal(anew.predict(data(tmp_path)), scores, check_exact=True)
    later = anew.predict(data(tmp_path), (DAYS[MAY + 3], None))
    pd.testing.assert_series_equal(later, scores.loc[DAYS[JUNE] :], check_exact=True)


def test_bars_of_one_between_others_that_come_later(fit: Fit, said: list[str], tmp_path: Path) -> None:
    """A run of all is asked for, which trains it and the one that sees its bars; the unit before them stays."""
    model = fit(without_bars(JUNE + 4, MAY, JUNE - 1))
    units = UnitStore(tmp_path / "units")
    first, third = units.finished().sort_values("fold")["key"]
    before = (units.root / first / "unit.json").stat()
    World(JUNE + 4).use(tmp_path / "filled")
    with pytest.raises(InputError) as error:
        model.missing_folds(data(tmp_path))
    assert str(error.value) == (
        "the dataset has fold 2 (test 2020-05-01 .. 2020-05-29) in the place of fold 3 (test 2020-06-01 .. "
        "2020-06-04), which is trained: keep its test's start, or, if days that had no bars have some by now, run the "
        "model by qrun again, which trains the folds that these bars are in and keeps the others"
    )
    again = fit(World(JUNE + 4), provider="again")
    assert [fold.number for fold in again.folds] == [1, 2, 3]
    keys = units.finished().groupby("fold")["key"].agg(list)
    assert keys[1] == [first]
    assert len(keys[2]) == 1
    assert len(keys[3]) == 2
    assert third in keys[3]
    assert (units.root / first / "unit.json").stat().st_mtime_ns == before.st_mtime_ns


def test_all_of_them(fit: Fit, said: list[str], tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^no stock has complete windows of day and 15min on any day of 2020-04-01 "):
        fit(without_bars(MAY + 1, APRIL, MAY))
    assert said == []
    assert not list(tmp_path.glob("units/*"))
