"""qlib's own updaters and online manager, unmodified, on our handler, dataset and models."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from qlib.config import C
from qlib.model.trainer import DelayTrainerR, TrainerR
from qlib.workflow.online.manager import OnlineManager
from qlib.workflow.online.strategy import RollingStrategy
from qlib.workflow.online.update import LabelUpdater, PredUpdater
from qlib.workflow.task.gen import RollingGen, task_generator
from qlib.workflow.task.utils import TimeAdjuster

from live.cut_market import calendar, cut
from live.evenings import HELD_BACK, YAMLS, Market
from live.recorded_runs import FAST, ROLLING, config

TEST = pd.Timestamp("2020-09-01")


@pytest.mark.parametrize("yaml", YAMLS)
def test_updated_predictions_and_labels_are_whole_ones(yaml: str, market: Market) -> None:
    market.use(market.whole)
    recorder = market.recorder(yaml)
    before, days = recorder.load_object("pred.pkl"), market.days
    assert before.index.get_level_values("datetime").max() == days[-HELD_BACK - 1]
    whole = recorder.load_object("params.pkl").predict(recorder.load_object("dataset"), (TEST, None))
    PredUpdater(recorder, to_date=days[-3]).update()
    PredUpdater(recorder).update()
    updated = recorder.load_object("pred.pkl")
    pd.testing.assert_series_equal(updated["score"], whole, check_exact=True)
    pd.testing.assert_frame_equal(updated.loc[before.index], before, check_exact=True)
    LabelUpdater(recorder).update()
    dataset = recorder.load_object("dataset").with_segments({"test": (TEST, None)})
    labels = recorder.load_object("label.pkl")
    pd.testing.assert_frame_equal(labels, dataset.prepare("test", col_set="label"), check_exact=True)
    assert labels["LABEL0"].last_valid_index()[0] == days[-12]


@pytest.mark.parametrize("yaml", YAMLS)
def test_a_saved_dataset_is_small(yaml: str, market: Market) -> None:
    market.use(market.whole)
    dataset = market.recorder(yaml).load_object("dataset")
    dataset.handler.panels.labels  # noqa: B018  what was opened is not kept
    assert len(pickle.dumps(dataset)) < 3000


def strategy(market: Market, name: str, yaml: str, rtype: str = RollingGen.ROLL_EX, **model: Any) -> RollingStrategy:
    """Fifteen days a step, from September on."""
    task = copy.deepcopy(config(yaml, market.whole, market.work, ("2020-09-01", "2020-09-30"), **model)["task"])
    segments = task["dataset"]["kwargs"]["segments"]
    task["dataset"]["kwargs"]["segments"] = {name: tuple(dates) for name, dates in segments.items()}
    return RollingStrategy(name, task, RollingGen(step=15, rtype=rtype))


def with_future(provider: Path) -> Path:
    """A provider with a calendar that goes on, as qlib reads it: without one RollingGen ends in a TypeError where the
    next step would begin on the day after the last one."""
    days = calendar(provider)
    coming = pd.bdate_range(days[-1] + pd.Timedelta(days=1), periods=60)
    lines = "".join(f"{day:%Y-%m-%d}\n" for day in days.append(coming))
    (provider / "calendars" / "day_future.txt").write_text(lines)
    return provider


def scores_of(recorder: Any) -> pd.Series:
    """What a recorder's model predicts from its first test day on."""
    dataset = recorder.load_object("dataset")
    first, _ = recorder.load_object("task")["dataset"]["kwargs"]["segments"]["test"]
    scores: pd.Series = recorder.load_object("params.pkl").predict(dataset, (first, None))
    return scores


@pytest.mark.parametrize(
    ("yaml", "kwargs", "trainer"),
    [
        ("demo_gru", FAST, TrainerR),
        ("demo_incremental", FAST, DelayTrainerR),
        ("demo_rolling_incremental", ROLLING, TrainerR),
    ],
)
def test_an_online_manager_goes_on_after_new_days(
    yaml: str, kwargs: dict[str, Any], trainer: type, market: Market, tmp_path: Path
) -> None:
    """Saved on the day before, loaded in the evening: new days are predicted, what is due is trained, and online."""
    name = f"online_{trainer.__name__}_{yaml}"
    market.use(market.cut)
    manager = OnlineManager(strategy(market, name, yaml, **kwargs), trainer=trainer())
    manager.first_train()
    assert len(manager.strategies[0].tool.online_models()) == 2
    # a step's last day, on which RollingGen asks for days to come, and some days later
    for provider in (with_future(cut(market.whole, tmp_path / "before", 6)), market.whole):
        manager.to_pickle(str(tmp_path / "manager.pkl"))
        market.use(provider)
        manager = OnlineManager.load(str(tmp_path / "manager.pkl"))
        for one in manager.strategies:  # they keep the calendar of the day on which they were made
            one.ta, one.rg.ta = TimeAdjuster(), TimeAdjuster(future=True)
        manager.routine()
    days = manager.get_signals().index.unique("datetime")
    assert list(days) == [day for day in market.days if day >= TEST]
    (online,) = manager.strategies[0].tool.online_models()
    start = online.load_object("task")["dataset"]["kwargs"]["segments"]["test"][0]
    assert start == market.days[market.days.get_loc(TEST) + 30]
    (collected,) = manager.get_collector()().values()
    (scores,) = collected.values()
    pd.testing.assert_series_equal(scores.loc[start:]["score"], scores_of(online), check_exact=True)


def test_a_simulation_that_delays_its_training_gives_the_same_signals(market: Market) -> None:
    market.use(market.whole)
    signals = []
    for trainer in (TrainerR(), DelayTrainerR()):
        rolling = strategy(market, f"simulated_{type(trainer).__name__}", "demo_gru", RollingGen.ROLL_SD, **FAST)
        manager = OnlineManager(rolling, trainer=trainer, begin_time="2020-09-25")
        scores = manager.simulate(end_time="2020-10-20")
        # qlib appends the last day of the signals there are once more in each routine, whatever the model is
        signals.append(scores[~scores.index.duplicated()].sort_index())
    pd.testing.assert_series_equal(*signals)
    assert signals[0].index.get_level_values("datetime").min() == TEST


def test_the_task_manager(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a stand-in for MongoDB, whose server is to be had from no package index."""
    mongomock = pytest.importorskip("mongomock")
    import qlib.workflow.task.utils as task_utils
    from qlib.model.trainer import DelayTrainerRM, TrainerRM
    from qlib.workflow.task.manage import TaskManager

    server = mongomock.store.ServerStore()
    monkeypatch.setattr(task_utils, "MongoClient", lambda url: mongomock.MongoClient(url, _store=server))
    market.use(market.whole)
    C["mongo"] = {"task_url": "mongodb://localhost:27017/", "task_db_name": "tasks"}
    for trainer in (TrainerRM("tasks", "tasks"), DelayTrainerRM("later", "later")):
        rolling = strategy(market, trainer.experiment_name, "demo_gru", **FAST)
        recorders = trainer.train(task_generator(rolling.task_template, rolling.rg))
        recorders = trainer.end_train(recorders, experiment_name=trainer.experiment_name)
        assert TaskManager(trainer.task_pool).task_stat() == {"done": 2}
        for recorder in recorders:
            last = recorder.load_object("task")["dataset"]["kwargs"]["segments"]["test"][1]
            expected = scores_of(recorder).loc[:last]
            pd.testing.assert_series_equal(recorder.load_object("pred.pkl")["score"], expected, check_exact=True)
