"""Models of other packages: their scores are kept, and the models themselves only in the run that trained them."""

from __future__ import annotations

import pickle
import threading
from pathlib import Path
from typing import Any

import joblib
import pandas as pd
import pytest
from model_kinds import PLAIN
from odd_models import SeededModel
from own_networks import Pinned
from tiny_world import DAYS
from unit_world import unit as made

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.errors import InputError
from qlib_mfgru.folders import SUMS
from qlib_mfgru.rolling import Fold, RollingEnsembleModel, UnitStore
from qlib_mfgru.rolling.identity import FoldIdentity
from qlib_mfgru.rolling.work.scores_only import ScoresOnly
from qlib_mfgru.rolling.work.units import Ended, Unit
from qlib_mfgru.rolling.work.workers import _pickled

KEY, LATER = "a" * 20, "b" * 20


def ensemble(folder: Path) -> RollingEnsembleModel:
    config = {"class": "SeededModel", "module_path": "odd_models"}
    return RollingEnsembleModel(config, retrain="1M", seeds=[0, 1], units_dir=str(folder / "units"))


@pytest.mark.parametrize("backend", ["sequential", "threading"])
def test_in_the_run_that_trains_them(backend: str, dataset: MultiFreqDataset, tmp_path: Path) -> None:
    model = ensemble(tmp_path)
    with joblib.parallel_config(backend=backend):
        model.fit(dataset)
    assert all(isinstance(member, SeededModel) for fold in model.members for member in fold.values())
    again = pickle.loads(pickle.dumps(model))
    segment = (DAYS[-2], DAYS[-1])
    pd.testing.assert_series_equal(again.predict(dataset, segment), model.predict(dataset, segment))
    names = {path.name for path in tmp_path.glob("units/*/*")}
    assert names == {SUMS, "score.parquet", "unit.json"}


def test_in_a_later_run(dataset: MultiFreqDataset, tmp_path: Path) -> None:
    first, second = ensemble(tmp_path), ensemble(tmp_path)
    first.fit(dataset)
    second.fit(dataset)
    pd.testing.assert_series_equal(second.predict(dataset), first.predict(dataset), check_exact=True)
    key = UnitStore(tmp_path / "units").finished()["key"]
    with pytest.raises(InputError) as caught:
        second.predict(dataset, (DAYS[-2], DAYS[-1]))
    (named,) = [name for name in key if f"mfgru units --clear {name}, and" in str(caught.value).replace("`", "")]
    assert str(caught.value).startswith(f"of unit {named} only the scores of its test are kept, since SeededModel ")
    with pytest.raises(InputError, match="only the scores of its test"):
        ScoresOnly("SeededModel", KEY).fit(dataset)


def test_a_shorter_test_in_a_later_run(
    dataset: MultiFreqDataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key is the same, the scores are not: without a model they cannot be predicted, and its fold trains again."""
    ensemble(tmp_path).fit(dataset)
    trained: list[int] = []
    monkeypatch.setattr(SeededModel, "fit", lambda self, data: trained.append(data.segments["test"][0].month))
    first, last = dataset.segments["test"]
    shorter = dataset.with_segments({**dataset.segments, "test": (first, last - pd.Timedelta(days=1))})
    again = ensemble(tmp_path)
    again.fit(shorter)
    assert trained == [8, 8]
    assert again.predict(shorter).index[-1][0] < last
    assert all(type(member) is SeededModel for member in again.members[-1].values())


def test_one_that_cannot_travel() -> None:
    unit = Unit(Fold(1, (DAYS[0], DAYS[99]), (DAYS[100], DAYS[120])), 0, {}, KEY, FoldIdentity("", ""))
    model = SeededModel(1)
    assert pickle.loads(_pickled(unit, model)).seed == 1  # type: ignore[arg-type]
    model.lock = threading.Lock()  # type: ignore[attr-defined]
    assert _pickled(unit, model) is None
    assert _pickled(unit, None) is None


class Told(Pinned):
    """Keeps more than tensors."""

    def get_extra_state(self) -> dict[str, int]:
        return {"seen": 1}

    def set_extra_state(self, state: Any) -> None: ...


def test_no_fold_starts_from_them(dataset: MultiFreqDataset, tmp_path: Path) -> None:
    """It says so, and is not tried again."""
    store, network = UnitStore(tmp_path / "units"), {"network": {"class": Told}, **PLAIN}
    config = {"class": "NetworkModel", "module_path": "qlib_mfgru.model", "kwargs": network}
    first = Fold(1, (DAYS[0], DAYS[99]), (DAYS[100], DAYS[120]))
    second = Fold(2, (DAYS[0], DAYS[120]), (DAYS[121], DAYS[140]))
    assert made(dataset, first, config, KEY).run(dataset, store).failure is None
    assert made(dataset, second, config, LATER, start=KEY).run(dataset, store) == Ended(
        "the fold before it keeps no weights to start from, since NetworkModel does not say in tensors what it has "
        "learnt (`Member.state`): set warm_start to false"
    )
    assert LATER not in store
