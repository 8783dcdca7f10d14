"""``predict``: the newest whole day, equal to the bit to what was recorded and to what is predicted of all days."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from qlib.workflow import R
from qlib.workflow.online.update import PredUpdater
from qlib.workflow.record_temp import SignalRecord
from qlib.workflow.recorder import Recorder

from live.cut_market import blank, calendar, cut, poison
from live.evenings import HELD_BACK, YAMLS, Market
from qlib_mfgru.errors import InputError
from qlib_mfgru.live import Prediction, predict
from qlib_mfgru.live.predicting import predict as predicting
from qlib_mfgru.model import RecordedModel
from qlib_mfgru.rolling import RollingEnsembleModel


def run(market: Market, yaml: str, provider: Path, **settings: Any) -> Prediction:
    return predict(yaml, provider=str(provider), store=f"sqlite:///{market.store}", **settings)


@pytest.mark.parametrize("yaml", YAMLS)
def test_the_newest_day_and_all_recorded_ones(yaml: str, market: Market) -> None:
    newest = run(market, yaml, market.whole)
    recorder = market.recorder(yaml)
    assert (newest.recorder, newest.day, newest.unfinished) == (recorder.id, market.days[-1], {})
    model, dataset = recorder.load_object("params.pkl"), recorder.load_object("dataset")
    pd.testing.assert_series_equal(newest.scores, model.predict(dataset, (newest.day, None)), check_exact=True)
    recorded = recorder.load_object("pred.pkl")["score"]
    n_days = len(recorded.index.unique("datetime"))
    shown = newest.view().table["score"]
    assert (shown == newest.of_day["score"].astype(float).round(4)).all(), "and not a float32's further digits"
    past = run(market, yaml, market.whole, date=market.days[-HELD_BACK - 1], last=n_days)
    pd.testing.assert_series_equal(past.scores, recorded, check_exact=True)


@pytest.mark.parametrize("yaml", ["demo_incremental", "demo_rolling_incremental"])
def test_later_bars_change_nothing(yaml: str, market: Market, tmp_path: Path) -> None:
    day = market.days[-5]
    shutil.copytree(market.whole, tmp_path / "poisoned")
    poison(tmp_path / "poisoned", day)
    clean = run(market, yaml, market.whole, date=day, last=3)
    poisoned = run(market, yaml, tmp_path / "poisoned", date=day, last=3)
    absent = run(market, yaml, cut(market.whole, tmp_path / "absent", 4))
    pd.testing.assert_series_equal(poisoned.scores, clean.scores, check_exact=True)
    pd.testing.assert_series_equal(absent.scores, clean.scores.loc[day:], check_exact=True)
    pd.testing.assert_series_equal(absent.reasons, poisoned.reasons)
    assert str(absent) == str(poisoned)


def test_days_that_are_not_whole_are_named_and_passed_over(market: Market, tmp_path: Path) -> None:
    before, last = market.days[-2], market.days[-1]
    late = run(market, "demo_incremental", cut(market.whole, tmp_path / "late", 1, freqs=("15min",)))
    assert (late.day, late.unfinished) == (before, {last: "no 15min bars"})
    noon = tmp_path / "noon"
    shutil.copytree(market.whole, noon)
    blank(noon, "15min", last, slice(8, None))
    half = run(market, "demo_incremental", noon)
    n_stocks = int(half.counts["scored"])
    told = f"0 stocks trade in the last bar at 15min, usually {n_stocks}"
    assert (half.day, half.unfinished) == (before, {last: told})
    assert f"{last:%Y-%m-%d} is not whole yet: {told}" in str(half)
    blank(noon, "day", last, keep=6)  # two stocks, after the indices
    with pytest.raises(InputError, match="no trading day of the provider"):
        run(market, "demo_incremental", noon, date="2020-10-25")
    forced = run(market, "demo_incremental", noon, date=last)  # a day that is given is predicted as it is
    assert (forced.day, forced.unfinished) == (last, {})
    assert forced.counts["no day bars on the day"] > 30


def test_bars_that_end_long_ago_are_refused_with_their_last_day(market: Market, tmp_path: Path) -> None:
    old = cut(market.whole, tmp_path / "old", 12, freqs=("15min",))
    newest, last = (f"{market.days[-n]:%Y-%m-%d}" for n in (1, 13))
    said = (
        f"the bars of the last 12 days are not whole ({newest}: no 15min bars): update the provider, or take the last "
        f"whole day with --date {last}"
    )
    with pytest.raises(InputError, match=re.escape(said)):
        run(market, "demo_incremental", old)
    assert run(market, "demo_incremental", old, date=last).unfinished == {}


def test_a_model_is_asked_for_the_frequencies_that_it_reads(market: Market, tmp_path: Path) -> None:
    provider = cut(market.whole, tmp_path / "late", 2, freqs=("15min",))
    assert run(market, "demo_gru", provider).day == market.days[-3]
    market.use(provider)
    recorder = market.recorder("demo_gru")
    model = recorder.load_object("params.pkl")
    assert model.freqs == ("15min",)


def test_saving_is_what_qlibs_updater_does(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    market.use(market.whole)
    recorder = market.recorder("demo_incremental")
    before = recorder.load_object("pred.pkl")
    PredUpdater(recorder).update()
    updated = recorder.load_object("pred.pkl")
    recorder.save_objects(**{"pred.pkl": before})
    days = market.days
    saved = run(market, "demo_incremental", market.whole, date=days[-3], save=True)
    assert list(saved.saved) == list(days[-HELD_BACK:-2])
    assert list(saved.scores.index.unique("datetime")) == [days[-3]]
    until = recorder.load_object("pred.pkl")
    pd.testing.assert_frame_equal(until, updated.loc[: days[-3]], check_exact=True)
    monkeypatch.setattr(Path, "replace", _killed)
    with pytest.raises(KeyboardInterrupt):
        run(market, "demo_incremental", market.whole, save=True)
    pd.testing.assert_frame_equal(recorder.load_object("pred.pkl"), until, check_exact=True)
    monkeypatch.undo()
    assert not [name for name in recorder.list_artifacts() if name.startswith(".")]
    monkeypatch.chdir(market.work)
    saved = run(market, "demo_incremental", market.whole, save=True)
    pd.testing.assert_frame_equal(recorder.load_object("pred.pkl"), updated, check_exact=True)
    again = run(market, "demo_incremental", market.whole, save=True)
    assert (list(saved.saved), list(again.saved)) == (list(days[-2:]), [])
    pd.testing.assert_frame_equal(recorder.load_object("pred.pkl"), updated, check_exact=True)


def test_nothing_is_saved_where_the_age_is_refused(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any) -> None:
        raise InputError("another calendar")

    market.use(market.whole)
    recorder = market.recorder("demo_incremental")
    before = recorder.load_object("pred.pkl")
    monkeypatch.setattr(predicting, "age_of", refused)
    with pytest.raises(InputError, match="another calendar"):
        run(market, "demo_incremental", market.whole, save=True)
    pd.testing.assert_frame_equal(recorder.load_object("pred.pkl"), before, check_exact=True)


def test_a_day_that_was_saved_half_is_replaced_when_the_rest_has_come(market: Market, tmp_path: Path) -> None:
    last, half = market.days[-1], tmp_path / "half"
    shutil.copytree(market.whole, half)
    for freq in ("day", "15min"):
        blank(half, freq, last, keep=32)
    market.use(market.whole)
    recorder = market.recorder("demo_incremental")
    before = recorder.load_object("pred.pkl")
    run(market, "demo_incremental", market.whole, save=True)
    whole = recorder.load_object("pred.pkl")
    recorder.save_objects(**{"pred.pkl": before})
    first = run(market, "demo_incremental", half, save=True)
    assert (first.day, first.completed, len(first.saved)) == (last, 0, HELD_BACK)
    second = run(market, "demo_incremental", market.whole, save=True)
    assert list(second.saved) == [last]
    assert second.completed == len(second.scores) - len(first.scores) > 3
    pd.testing.assert_frame_equal(recorder.load_object("pred.pkl"), whole, check_exact=True)
    poorer = run(market, "demo_incremental", half, save=True)
    assert (poorer.completed, len(poorer.saved)) == (0, 0), "fewer scores replace nothing"
    pd.testing.assert_frame_equal(recorder.load_object("pred.pkl"), whole, check_exact=True)


def _killed(*_: Any) -> None:
    raise KeyboardInterrupt


def enhancement(market: Market, source: Recorder, experiment: str) -> Recorder:
    """A recorder as an enhancement's qrun leaves it: its model is another one's prediction."""
    market.use(market.cut)
    dataset, model = source.load_object("dataset"), RecordedModel(source.id)
    with R.start(experiment_name=experiment):
        made = R.get_recorder()
        SignalRecord(model=model, dataset=dataset, recorder=made).generate()
        task = {"model": {"class": "RecordedModel", "kwargs": {"recorder_id": source.id}}}
        R.save_objects(**{"params.pkl": model, "dataset": dataset, "task": task})
    return made


def test_an_enhancements_recorder_is_continued_by_the_model_behind_it(market: Market) -> None:
    market.use(market.cut)
    enhancement(market, market.recorder("demo_rolling_incremental"), "enhancement")
    direct = run(market, "demo_rolling_incremental", market.whole)
    followed = run(market, "enhancement", market.whole, save=True)
    pd.testing.assert_series_equal(followed.scores, direct.scores, check_exact=True)
    assert (followed.model, followed.age) == (direct.model, direct.age)
    assert len(followed.saved) == HELD_BACK


def test_where_the_newest_recorder_is_an_enhancements_the_model_behind_it_is_retrained(market: Market) -> None:
    """It stays in its own recorder; the enhancement's, from which orders are made, goes on with what it predicts."""
    market.use(market.cut)
    source = market.recorder("demo_rolling_incremental")
    newest = enhancement(market, source, "demo_rolling_incremental")
    recorded = source.load_object("pred.pkl")
    evening = run(market, "demo_rolling_incremental", market.whole, retrain=True, save=True)
    assert (evening.recorder, evening.source) == (newest.id, source.id)
    said = f"RollingEnsembleModel of IncrementalGRUModel, recorder {newest.id} with the model of recorder {source.id}: "
    assert str(evening).startswith(said)
    assert (evening.retrained, evening.age.due) == (1, False)
    assert f"{source.load_object('params.pkl').folds[-1].test[0]:%Y-%m-%d}" == "2020-10-08"
    assert newest.load_object("params.pkl").recorder_id == source.id
    pd.testing.assert_frame_equal(source.load_object("pred.pkl"), recorded, check_exact=True)
    direct = run(market, source.id, market.whole, save=True)
    assert (direct.recorder, direct.source) == (source.id, source.id)
    pd.testing.assert_frame_equal(newest.load_object("pred.pkl"), source.load_object("pred.pkl"), check_exact=True)
    again = run(market, "demo_rolling_incremental", market.whole, retrain=True, save=True)
    assert (again.recorder, again.retrained, len(again.saved)) == (newest.id, 0, 0)


def test_only_the_missing_fold_is_trained(market: Market, tmp_path: Path) -> None:
    """And the longer model is the one that a run over all days fits."""
    old = run(market, "demo_rolling_incremental", market.whole)
    assert old.age.due
    assert [f"{fold.test[0]:%Y-%m-%d}" for fold in old.age.missing] == ["2020-10-08"]
    assert "a retraining is due since 2020-10-08 (--retrain does it)" in str(old)
    assert not run(market, "demo_rolling_incremental", market.cut).age.due
    units = market.work / "units"
    before = {path.name: path.stat().st_mtime_ns for path in units.iterdir()}
    shutil.rmtree(units / next(iter(before)))  # a unit of a fold that is trained is not needed for the next one
    new = run(market, "demo_rolling_incremental", market.whole, retrain=True, save=True)
    assert (new.retrained, new.age.due, new.age.period) == (1, False, "1M")
    assert len(list(units.iterdir())) == len(before) + 1
    assert run(market, "demo_rolling_incremental", market.whole, retrain=True).retrained == 0
    recorder = market.recorder("demo_rolling_incremental")
    dataset = recorder.load_object("dataset")
    whole = RollingEnsembleModel(
        **{**recorder.load_object("task")["model"]["kwargs"], "units_dir": str(tmp_path / "fresh")}
    )
    whole.fit(dataset)
    expected = whole.predict(dataset)
    pd.testing.assert_series_equal(recorder.load_object("pred.pkl")["score"], expected, check_exact=True)
    model = recorder.load_object("params.pkl")
    assert model.folds == whole.folds
    pd.testing.assert_series_equal(model.predict(dataset), expected, check_exact=True)


def test_a_single_model_has_no_retraining_period(market: Market) -> None:
    newest = run(market, "demo_gru", market.whole)
    assert (newest.age.period, newest.age.due) == (None, False)
    n_days = int((market.days > pd.Timestamp("2020-08-31")).sum())
    assert str(newest.age) == (
        f"trained on 2020-01-01 .. 2020-08-31, {n_days} trading days before; a single model has no retraining period"
    )
    again = run(market, "demo_gru", market.whole, retrain=True)
    assert again.retrained == 0
    pd.testing.assert_series_equal(again.scores, newest.scores, check_exact=True)


def test_what_is_found(market: Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest finished recorder of an experiment that has a model, and the provider of its qrun."""
    newest = predict("demo_gru", store=f"sqlite:///{market.store}")
    assert newest.day == calendar(market.cut)[-1]
    model = market.recorder("demo_gru").load_object("params.pkl")
    with R.start(experiment_name="demo_gru"):
        R.log_params(nothing=1)
    with R.start(experiment_name="demo_gru"):
        R.save_objects(**{"params.pkl": model})
        failed = R.get_recorder()
    failed.client.set_terminated(failed.id, "FAILED")
    assert predict("demo_gru").recorder == newest.recorder
    assert predict(newest.recorder).day == newest.day
    with pytest.raises(InputError, match=r"there is no recorder or experiment demo_gro in sqlite"):
        predict("demo_gro")
    with R.start(experiment_name="empty"):
        R.log_params(nothing=1)
    with pytest.raises(InputError, match=r"experiment empty in sqlite.* has no finished recorder with a params\.pkl"):
        predict("empty")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"there is no store of experiments mlruns\.db"):
        predict("demo_gru", provider=str(market.whole))
    with pytest.raises(InputError, match=r"last is 0: must be at least 1"):
        predict("demo_gru", last=0)
    with pytest.raises(InputError, match="there is no provider folder nowhere"):
        run(market, "demo_gru", Path("nowhere"))
