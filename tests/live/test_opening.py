"""Which recorder the name of an experiment means, and where it would be a guess."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from experiments import start_qlib
from qlib.workflow import R
from qlib.workflow.recorder import Recorder

from qlib_mfgru.errors import InputError
from qlib_mfgru.live.opening import opened

GRU: dict[str, Any] = {"class": "GRUModel", "kwargs": {"freq": "day"}}
LIGHTGBM: dict[str, Any] = {"class": "LGBModel", "kwargs": {}}


@pytest.fixture(autouse=True)
def store(tiny_provider: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    start_qlib(tiny_provider, tmp_path / "mlruns.db")


def made(name: str | None, model: dict[str, Any], experiment: str = "mine") -> str:
    """Id of a recorder with a prediction, as qrun or a study leaves it."""
    with R.start(experiment_name=experiment, recorder_name=name):
        R.save_objects(**{"task": {"model": model}, "pred.pkl": 1})
        return str(R.get_recorder().id)


def recorded(recorder_id: str) -> dict[str, Any]:
    return {"class": "RecordedModel", "kwargs": {"recorder_id": recorder_id}}


def test_of_one_model_the_newest_is_taken() -> None:
    gru = made("gru", GRU)
    made("gru, factor test", recorded(gru))
    newest = made("gru, csi300", recorded(made("gru", GRU)))
    assert opened("mine", "pred.pkl").id == newest
    assert opened(gru, "pred.pkl").id == gru


def test_models_of_a_study_are_named_with_the_newest_recorder_of_each() -> None:
    gru, small = made("gru", GRU), made("small", GRU)
    portfolio = made("gru, csi300", recorded(gru))
    with pytest.raises(InputError) as refused:
        opened("mine", "pred.pkl")
    assert str(refused.value) == (
        f"the experiment mine has recorders of several models, gru ({portfolio}), small ({small}): name one by its id"
    )
    assert opened(small, "pred.pkl").id == small


def test_of_recorders_that_nobody_named_the_newest_is_taken() -> None:
    made(None, GRU)
    newest = made(None, LIGHTGBM)
    assert opened("mine", "pred.pkl").id == newest
    gru = made("gru", GRU)
    assert opened("mine", "pred.pkl").id == gru


def test_recorders_of_a_study_are_told_apart_by_where_they_are_from() -> None:
    first, second = (made(None, GRU, "elsewhere") for _ in range(2))
    a, b = made("a, csi300", recorded(first)), made("b, csi300", recorded(second))
    with pytest.raises(InputError) as refused:
        opened("mine", "pred.pkl")
    listed = f"GRUModel (day) of recorder {second} ({b}), GRUModel (day) of recorder {first} ({a})"
    assert f"several models, {listed}: name one" in str(refused.value)


def test_models_of_one_name_in_two_experiments_are_two() -> None:
    first, second = (made("gru", GRU, experiment) for experiment in ("old", "new"))
    a, b = made("a, csi300", recorded(first)), made("b, csi300", recorded(second))
    with pytest.raises(InputError) as refused:
        opened("mine", "pred.pkl")
    assert f"several models, gru ({b}), gru ({a}): name one" in str(refused.value)


def test_parts_of_the_newest_model_alone_may_be_meant() -> None:
    old = made("gru", GRU)
    made("gru, csi300", recorded(old))
    new = made("gru", GRU)
    portfolio = made("gru, csi500", recorded(new))
    seen: list[list[str]] = []

    def last(recorders: Sequence[Recorder]) -> Sequence[Recorder]:
        seen.append([each.id for each in recorders])
        return recorders[-1:]

    assert opened("mine", "pred.pkl", narrowed=last).id == new
    assert seen == [[portfolio, new]], "not those of the old model"


def test_copies_are_of_one_model_also_where_its_recorder_is_gone() -> None:
    gru = made("gru", GRU)
    made("gru, csi300", recorded(gru))
    newest = made("gru, csi500", recorded(gru))
    R.exp_manager.client.delete_run(gru)
    assert opened("mine", "pred.pkl").id == newest
