"""A rolling run on a provider that has grown: what is trained stays trained, and the prediction is a fresh run's."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from experiments import start_qlib
from growing_world import CODES, DAYS, SMALL, Edit, World, dataset
from odd_models import OddModel, fits

from qlib_mfgru.data import MultiFreqDataset
from qlib_mfgru.errors import InputError
from qlib_mfgru.rolling import RollingEnsembleModel, UnitStore
from qlib_mfgru.rolling.work.training import Training
from qlib_mfgru.rolling.work.units import Ended

APRIL = 65
"""The test begins on this day, the first of the month; the provider ends on 19 May, so that there are two folds."""
FEW = {code: [(0, 99)] for code in CODES[:10]}
BASE = World(members={"few": FEW})
LATER = "SH600035"
Fit = Callable[..., RollingEnsembleModel]


@pytest.fixture
def fit(tmp_path: Path, tiny_provider: Path) -> Iterator[Fit]:
    """A rolling model that is fitted on a world; the units are those of earlier fits unless others are named."""
    count = 0

    odd = {"class": "OddModel", "module_path": "odd_models", "kwargs": {"folder": str(tmp_path)}}

    def fitted(world: World, units: str = "units", config: Any = odd, **settings: Any) -> RollingEnsembleModel:
        nonlocal count
        count += 1
        world.use(tmp_path / str(count))
        chosen = {"retrain": "1M", "seeds": [0], "units_dir": str(tmp_path / units), **SMALL, **settings}
        model = RollingEnsembleModel(config, **chosen)
        model.fit(data(tmp_path))
        return model

    yield fitted
    start_qlib(tiny_provider, tmp_path / "mlruns.db")


def data(folder: Path) -> MultiFreqDataset:
    return dataset(folder / "panels", (DAYS[0], DAYS[APRIL - 1]), (DAYS[APRIL], None), instruments="few")


def written(folder: Path) -> dict[str, int]:
    """When a unit was written last, by its test's month."""
    times: dict[str, int] = {}
    for path in (folder / "units").glob("*/unit.json"):
        month = json.loads(path.read_text())["test_first"][:7]
        times[month] = max(path.stat().st_mtime_ns, times.get(month, 0))
    return times


def newest_last(fit: Fit, store: UnitStore, world: World) -> tuple[list[str], dict[str, Any]]:
    """Keys of the units by their tests, and what the last one says."""
    fit(world)
    keys = list(store.finished().sort_values("test_first")["key"])
    return keys, store.about(keys[-1])


def few(last: int, **others: list[tuple[int, int]]) -> dict[str, dict[str, list[tuple[int, int]]]]:
    """The market as a later provider has it."""
    return {"few": {**{code: [(0, last)] for code in FEW}, **others}}


GROWN: dict[str, tuple[World, list[str], set[str]]] = {
    "nothing": (BASE, [], set()),
    "a day": (World(101, members=few(100)), [], {"2020-05"}),
    "five days": (World(105, members=few(104)), [], {"2020-05"}),
    "a new fold": (World(110, members=few(109)), ["6-0"], {"2020-05", "2020-06"}),
    "a listing": (World(105, spans={LATER: (97, 104)}, members=few(104, **{LATER: [(103, 104)]})), [], {"2020-05"}),
    "a delisting": (World(101, spans={CODES[2]: (0, 95)}, members=few(100, **{CODES[2]: [(0, 95)]})), [], {"2020-05"}),
    "a member more": (World(101, members=few(100, **{CODES[10]: [(98, 100)]})), [], {"2020-05"}),
    "another index": (World(members={"few": FEW, "new": {CODES[0]: [(0, 99)]}}), [], set()),
    "a restated volume in the first test": (
        replace(BASE, edits=(Edit("volume", 70, 70, 2.0),)),
        ["5-0"],
        {"2020-04", "2020-05"},
    ),
    "a restated volume in the last test": (replace(BASE, edits=(Edit("volume", 95, 95, 2.0),)), [], {"2020-05"}),
    "an earlier bar": (replace(BASE, edits=(Edit("open", 40, 40, 1.01, "15min"),)), ["4-0", "5-0"], set()),
    "an adjusted history": (
        replace(BASE, edits=tuple(Edit(name, 0, 97, 0.9) for name in ("open", "high", "low", "close", "vwap"))),
        ["4-0", "5-0"],
        set(),
    ),
}


@pytest.mark.parametrize("name", GROWN)
def test_only_what_is_new_is_trained_and_predicted(name: str, fit: Fit, tmp_path: Path) -> None:
    world, trained, predicted = GROWN[name]
    fit(BASE)
    assert fits(tmp_path) == ["4-0", "5-0"]
    before = written(tmp_path)
    model = fit(world)
    assert fits(tmp_path) == trained
    if len(trained) < 2:
        after = written(tmp_path)
        assert {month for month in after if after[month] != before.get(month)} == predicted
    fresh = fit(world, units="fresh")
    pd.testing.assert_series_equal(model.predict(data(tmp_path)), fresh.predict(data(tmp_path)), check_exact=True)
    assert list(fresh.predict(data(tmp_path)).index.unique("datetime")) == list(DAYS[APRIL : world.n_days])


def test_warm_starts(fit: Fit, tmp_path: Path) -> None:
    """The third fold begins with the second one's network, which was trained when the provider was shorter."""
    world = World(110, members=few(109))
    settings = {"warm_start": True, "seeds": [0, 1]}
    fit(BASE, **settings)
    assert sorted(fits(tmp_path)) == ["4-0", "4-1", "5-0", "5-1"]
    model = fit(world, **settings)
    assert sorted(fits(tmp_path)) == ["6-0", "6-1"]
    fresh = fit(world, units="fresh", **settings)
    pd.testing.assert_series_equal(model.predict(data(tmp_path)), fresh.predict(data(tmp_path)), check_exact=True)


def test_several_frequencies(fit: Fit, tmp_path: Path) -> None:
    """A listing takes a column between the others in every panel, and is trained on by the new fold alone."""
    config = {"class": "IncrementalGRUModel", "module_path": "qlib_mfgru.model"}
    fit(BASE, config=config)
    before = written(tmp_path)
    world = World(110, spans={LATER: (88, 109)}, members=few(109, **{LATER: [(90, 109)]}))
    model = fit(world, config=config)
    after = written(tmp_path)
    assert {month for month in after if after[month] != before.get(month)} == {"2020-05", "2020-06"}
    assert len(list((tmp_path / "units").iterdir())) == 3
    fresh = fit(world, units="fresh", config=config)
    pd.testing.assert_series_equal(model.predict(data(tmp_path)), fresh.predict(data(tmp_path)), check_exact=True)
    assert LATER in model.predict(data(tmp_path)).loc[DAYS[105]].index


def test_a_model_serves_its_scores_on_a_grown_provider(
    fit: Fit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the days that it has tested; later ones are predicted by the last fold, and changed ones anew."""
    model = fit(BASE)
    before = model.predict(data(tmp_path))
    predicted: list[Any] = []
    predict = OddModel.predict
    monkeypatch.setattr(OddModel, "predict", lambda self, *asked: predicted.append(asked[1]) or predict(self, *asked))
    World(105, members=few(104)).use(tmp_path / "grown")
    pd.testing.assert_series_equal(model.predict(data(tmp_path), (DAYS[APRIL], DAYS[99])), before, check_exact=True)
    assert predicted == []
    assert len(model.predict(data(tmp_path)).index.unique("datetime")) == 105 - APRIL
    assert predicted == [(DAYS[APRIL], DAYS[86]), (DAYS[87], DAYS[104])]
    replace(BASE, edits=(Edit("close", 70, 70, 1.1),)).use(tmp_path / "edited")
    assert not model.predict(data(tmp_path)).equals(before)


def test_data_that_change_while_a_run_is_at_work(fit: Fit, tmp_path: Path) -> None:
    """After the keys were made, a provider that has grown serves them as well; any that was changed is refused."""
    model, store = fit(BASE), UnitStore(tmp_path / "other")
    first, last = model._units(model.folds, data(tmp_path), [("day",)])
    replace(BASE, edits=(Edit("volume", 70, 70, 2.0),)).use(tmp_path / "changed")
    for unit in (first, last):  # in the first one's test, and before the last one's
        failure = str(unit.run(data(tmp_path), store).failure)
        assert failure.startswith("the data have changed since the run began (a provider that was replaced, say): ")
        assert unit.key not in store
    World(105, members=few(104)).use(tmp_path / "grown")
    for unit in (first, last):
        assert unit.run(data(tmp_path), store) == Ended()
        pd.testing.assert_series_equal(
            store.read(unit.key).score,
            UnitStore(tmp_path / "units").read(unit.key).score,
            check_exact=True,
        )


def test_the_same_fold_under_another_number(fit: Fit, tmp_path: Path) -> None:
    """A run whose test begins in May finds the second fold's unit, and calls it its first."""
    both = fit(BASE)
    model = both.__class__(both.model, retrain="1M", seeds=[0], units_dir=str(tmp_path / "units"))
    may = data(tmp_path).with_segments({"train": (DAYS[0], DAYS[86]), "test": (DAYS[87], None)})
    fits(tmp_path)
    model.fit(may)
    assert fits(tmp_path) == []
    (unit,) = model._units(model.folds, may, [("day",)])
    kept = UnitStore(tmp_path / "units").read(unit.key)
    assert kept.about["fold"] == 2
    assert unit.tested(kept, unit.model(kept), may).about["fold"] == 1
    pd.testing.assert_series_equal(model.predict(may), both.predict(data(tmp_path), (DAYS[87], None)), check_exact=True)


def test_other_training_windows_leave_the_age_and_are_named_before_training(fit: Fit, tmp_path: Path) -> None:
    model = fit(BASE)
    fits(tmp_path)
    World(110, members=few(109)).use(tmp_path / "grown")
    test = (DAYS[APRIL], None)
    now = data(tmp_path).with_segments({"train": (DAYS[5], DAYS[APRIL - 1]), "test": test})
    assert [f"{fold.test[0]:%Y-%m}" for fold in model.missing_folds(now)] == ["2020-06"]
    first = model.folds[0]
    begin, shorter, end = (f"{day:%Y-%m-%d}" for day in (first.train[0], DAYS[5], first.train[1]))
    words = f"{first} was trained on {begin} .. {end}, and its window is {shorter} .. {end} now: "
    with pytest.raises(InputError, match=re.escape(words)):
        model.extend(now)
    assert (fits(tmp_path), len(model.folds)) == ([], 2)
    moved = data(tmp_path).with_segments({"train": (DAYS[0], DAYS[APRIL]), "test": (DAYS[APRIL + 1], None)})
    with pytest.raises(InputError, match="which is trained: keep its test's start"):
        model.missing_folds(moved)


def test_a_longer_and_a_shorter_test_in_turn(fit: Fit, tmp_path: Path) -> None:
    """Each gets its own scores, though a unit keeps those of the latest test alone."""
    long, short = World(105, members=few(104)), BASE
    scores = [fit(world).predict(data(tmp_path)) for world in (long, short, long, short)]
    assert fits(tmp_path) == ["4-0", "5-0"]
    for number in (0, 1):
        pd.testing.assert_series_equal(scores[number], scores[number + 2], check_exact=True)
    assert len(scores[0].index.unique("datetime")) == len(scores[1].index.unique("datetime")) + 5


def test_a_unit_that_is_predicted_again_says_who_trained_it(fit: Fit, tmp_path: Path) -> None:
    """And when: only its test is another one."""
    store, grown = UnitStore(tmp_path / "units"), World(105, members=few(104))
    keys, before = newest_last(fit, store, BASE)
    again, after = newest_last(fit, store, grown)
    assert again == keys
    changed = {name for name in before if after[name] != before[name]}
    assert changed == {"test_last", "score_key"}


def test_a_model_that_cannot_be_restored_is_trained_again(fit: Fit, tmp_path: Path) -> None:
    """Whether it is kept as another's, or not at all; what was predicted with it is of no use any more."""
    store, grown = UnitStore(tmp_path / "units"), World(105, members=few(104))
    keys, _ = newest_last(fit, store, BASE)
    fits(tmp_path)
    kept = store.read(keys[-1])
    assert kept.state is not None
    other = replace(kept.state, tensors={})
    expected = fit(grown, units="fresh").predict(data(tmp_path))
    for state in (other, None):
        fits(tmp_path)
        with store.held(keys[-1]):
            store.write(keys[-1], replace(kept, state=state))
        model = fit(grown)
        assert fits(tmp_path) == ["5-0"]
        pd.testing.assert_series_equal(model.predict(data(tmp_path)), expected, check_exact=True)


def test_a_run_that_another_one_gets_ahead_of(fit: Fit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it reads its units, one on fewer days has predicted them: it has the scores of its own days even so."""
    store = UnitStore(tmp_path / "units")
    keys, _ = newest_last(fit, store, BASE)
    shorter, train = store.read(keys[-1]), Training._train

    def then_overtaken(training: Training) -> dict[str, Any]:
        models = train(training)
        with store.held(keys[-1]):
            store.write(keys[-1], shorter)
        return models

    grown = World(105, members=few(104))
    expected = fit(grown, units="fresh").predict(data(tmp_path))
    fits(tmp_path)
    monkeypatch.setattr(Training, "_train", then_overtaken)
    pd.testing.assert_series_equal(fit(grown).predict(data(tmp_path)), expected, check_exact=True)
    assert fits(tmp_path) == []
