"""A study from end to end: killed and gone on with, changed, of recorders that exist, with parts that fail."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
from pathlib import Path

import blank_charts
import pandas as pd
import pytest
from once import empty_store
from parsed import ParsedPage
from qlib.workflow import R
from small_study import PARTS, StudyWorld
from started import Started

from qlib_mfgru.cli import main
from qlib_mfgru.demo import make_demo_market
from qlib_mfgru.errors import InputError
from qlib_mfgru.folders import Busy, locked
from qlib_mfgru.report import style
from qlib_mfgru.settings import checked
from qlib_mfgru.study import Study, report, run_study
from qlib_mfgru.study.identity import part_keys, provider_content
from qlib_mfgru.study.kept import FILES, TAG
from qlib_mfgru.study.plan import plan
from qlib_mfgru.study.settings import StudySettings
from qlib_mfgru.study.source import StudySource

KILLED = """
import json, os, signal, sys
from qlib.workflow import R
from qlib_mfgru.study import run

train, begun = run.task_train, []

def killed(task, experiment, name):
    begun.append(name)
    if len(begun) < 2:
        return train(task, experiment, name)
    with R.start(experiment_name=experiment, recorder_name=name):
        os.kill(os.getpid(), signal.SIGKILL)

run.task_train = killed
run.run_study(json.loads(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> StudyWorld:
    """Where a study was killed while its second model trained."""
    work = tmp_path_factory.mktemp("study_run")
    make_demo_market(work / "provider", 40, 200, intraday_days=150, seed=0)
    empty_store(work / "mlruns.db")
    world = StudyWorld(work)
    killed = Started(KILLED, json.dumps(world.study()), folder=work)
    assert killed.end() == -signal.SIGKILL, killed.said[-3000:]
    assert world.runs() == [("bars", "FINISHED"), ("daily", "RUNNING")]
    return world


@pytest.fixture(autouse=True)
def charts_are_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(style, "save", blank_charts.save)


@pytest.fixture(scope="module")
def study(world: StudyWorld) -> Study:
    """The same study, called again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(world.work)
        patch.setattr(style, "save", blank_charts.save)
        return run_study(world.study())


def test_a_killed_study_goes_on(world: StudyWorld, study: Study) -> None:
    assert [(part.name, part.status) for part in study.parts] == [("bars", "there"), *((p, "run") for p in PARTS[1:])]
    assert world.runs()[2:] == [(name, "FINISHED") for name in PARTS[1:]]


def test_what_is_there_is_not_run_again(world: StudyWorld, study: Study) -> None:
    before = world.runs()
    again = run_study(world.study(page=None))
    assert {part.status for part in again.parts} == {"there"}
    assert [part.recorder for part in again.parts] == [part.recorder for part in study.parts]
    assert world.runs() == before


def test_each_part_holds_its_own(world: StudyWorld, study: Study) -> None:
    """Each model predicts by itself; tests and portfolios are of the prediction of the model that names them."""
    ids = {part.name: part.recorder for part in study.parts}
    scores = {name: pd.read_pickle(world.artifact(ids[name], "pred.pkl")) for name in PARTS}
    assert scores["bars"]["score"].corr(scores["daily"]["score"]) < 0.9
    for name in ("bars", "daily"):
        pd.testing.assert_frame_equal(scores[f"{name}, factor test"], scores[name], check_exact=True)
        summary = pd.read_csv(world.artifact(ids[f"{name}, factor test"], "factor_test/summary.csv"))
        assert list(summary["model"]) == [name]
    matrix = pd.read_csv(world.artifact(ids["correlation"], "correlation/correlation.csv"), index_col=0)
    assert list(matrix) == ["bars", "daily"]
    assert 0 < abs(matrix.loc["bars", "daily"]) < 0.9
    performance = pd.read_csv(world.artifact(ids["daily, csi300"], "index_enhancement/performance.csv"))
    assert "0.5" in performance.to_csv()


def test_the_page_shows_all_of_it(world: StudyWorld, study: Study) -> None:
    page = ParsedPage((world.work / "study.html").read_text())
    assert {"14", "33", "34", "35", "36", "37"} <= set(page.figures)
    assert "bars" in page.texts["summary"]
    assert "daily" in page.texts["summary"]


def test_two_processes_do_not_run_one_study(world: StudyWorld, study: Study) -> None:
    said = rf"study of small is being written by process {os.getpid()} .*: wait for it to end"
    with locked(world.work / "study of small", wait=False), pytest.raises(Busy, match=said):
        run_study(world.study(page=None))
    assert {part.status for part in run_study(world.study(page=None)).parts} == {"there"}


def test_where_the_store_is_no_file_the_working_folder_is_locked(
    world: StudyWorld, study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qlib_mfgru.study.run.store_file", lambda uri: None)
    monkeypatch.chdir(tmp_path)
    with locked(tmp_path / "study of small", wait=False), pytest.raises(Busy, match="wait for it to end"):
        run_study(world.study(page=None))
    assert list(tmp_path.iterdir()) == []
    assert {part.status for part in run_study(world.study(page=None)).parts} == {"there"}


def test_the_page_shows_the_correlation_that_was_recorded(
    world: StudyWorld, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    def computed(*_: object) -> None:
        raise AssertionError("it is there")

    monkeypatch.setattr("qlib_mfgru.study.page.parts.correlation.correlate", computed)
    ids = {part.name: part.recorder for part in study.parts}
    page = report([f"one={ids['bars']}", f"two={ids['daily']}", f"one={ids['correlation']}"])
    matrix = pd.read_csv(world.artifact(ids["correlation"], "correlation/correlation.csv"), index_col=0)
    (row,) = ParsedPage(page.html).table("figure-33").rows
    assert (row["model_a"][0], row["model_b"][0]) == ("one", "two")
    assert row["correlation"][1] == pytest.approx(matrix.loc["bars", "daily"], abs=1e-15)
    monkeypatch.undo()
    fewer = report([f"one={ids['bars']}", f"two={ids['daily']}"])  # without the record it is computed
    (computed_row,) = ParsedPage(fewer.html).table("figure-33").rows
    assert computed_row["correlation"][1] == row["correlation"][1]


def test_a_changed_setting_runs_its_part_alone(world: StudyWorld, study: Study) -> None:
    changed = run_study(world.study(factor_test={"pools": ["all"], "n_layers": 4}, page=None))
    assert [part.name for part in changed.parts if part.status == "run"] == PARTS[2:4]
    models = {"bars": {}, "daily": {"kwargs": {"freq": "day", "max_epochs": 1}}}
    retrained = run_study(world.study(models=models, page=None))
    assert [part.name for part in retrained.parts if part.status == "there"] == ["bars", "bars, factor test"]


def test_how_it_is_computed_changes_no_part(world: StudyWorld, study: Study) -> None:
    moved = world.study(page=None)
    moved["task"]["dataset"]["kwargs"]["handler"]["kwargs"]["cache_dir"] = str(world.work / "elsewhere")
    moved["models"]["bars"] = {"kwargs": {"freq": "15min"}}  # the default, written out
    assert {part.status for part in run_study(moved).parts} == {"there"}


def test_a_default_that_is_written_out_runs_nothing(world: StudyWorld, study: Study) -> None:
    indices = {"csi300": {"buy_cost": 0.002, "benchmark": "SH000300"}}
    enhancements = {"models": ["daily"], "indices": indices, "turnover_limits": [0.5]}
    test = {"pools": ["all"], "n_layers": 5, "freq": "week"}
    written = run_study(world.study(factor_test=test, enhancements=enhancements, page=None))
    assert {part.status for part in written.parts} == {"there"}


def test_parts_known_by_their_settings_as_written_are_found(world: StudyWorld, study: Study) -> None:
    """As they were before defaults were left out of keys: the dataset here says `instruments: all`."""
    source = StudySource.read(world.study())
    parts = plan(checked(StudySettings, "", source.content), source).parts
    client, content, keys = R.exp_manager.client, provider_content(), dict[str, str]()
    tags = {done.recorder: client.get_run(done.recorder).data.tags[TAG] for done in study.parts}
    for part, done in zip(parts, study.parts, strict=True):
        keys[part.name] = part_keys(part.make(keys), content)[-1]
        assert keys[part.name] != tags[done.recorder]
        client.set_tag(done.recorder, TAG, keys[part.name])
    assert {part.status for part in run_study(world.study(page=None)).parts} == {"there"}
    for recorder, tag in tags.items():
        client.set_tag(recorder, TAG, tag)


def test_a_recorder_that_exists_is_taken(world: StudyWorld, study: Study) -> None:
    trained = study.parts[0].recorder
    models = {"old": {"recorder": trained}, "daily": {"kwargs": {"freq": "day"}}}
    taken = run_study(world.study(models=models, correlation=None, enhancements=None))
    assert [(part.name, part.status) for part in taken.parts] == [
        ("daily", "there"),
        ("old, factor test", "run"),
        ("daily, factor test", "there"),
    ]
    scores = [world.artifact(recorder, "pred.pkl") for recorder in (trained, taken.parts[1].recorder)]
    pd.testing.assert_frame_equal(*map(pd.read_pickle, scores), check_exact=True)
    assert "old" in ParsedPage((world.work / "study.html").read_text()).texts["training"]


def test_a_model_and_its_own_recorder_are_one(world: StudyWorld, study: Study) -> None:
    models = {"bars": {}, "old": {"recorder": study.parts[0].recorder}}
    with pytest.raises(InputError, match=r"^models.old is the same as models.bars: leave one of them out$"):
        run_study(world.study(models=models, enhancements=None))


def test_a_study_of_recorders_alone_has_no_parts(
    world: StudyWorld, study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models = {"old": {"recorder": study.parts[0].recorder}}
    file = tmp_path / "study.yaml"
    file.write_text(json.dumps(world.study(models=models, factor_test=None, enhancements=None, page=None)))
    assert main(["study", str(file)]) == 0
    assert capsys.readouterr().out == ""


def test_the_others_go_on_where_a_part_fails(
    world: StudyWorld, study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small = world.study(factor_test={"pools": ["all"], "n_layers": 40}, enhancements=None, page=None)
    file = tmp_path / "study.yaml"
    file.write_text(json.dumps(small))
    assert main(["study", str(file)]) == 2
    output, errors = capsys.readouterr()
    failed = "failed         all has at most N stocks on a test date, too few for 40 layers"
    assert [
        re.sub(r"most \d+", "most N", line.split(": set")[0]).replace(study.parts[row].recorder, "id")
        for row, line in enumerate(output.splitlines())
    ] == [
        "bars                there already  id",
        "daily               there already  id",
        f"bars, factor test   {failed}",
        f"daily, factor test  {failed}",
        "correlation         there already  id",
    ]
    assert "mfgru: 2 of 5 parts failed; called again, it runs them alone" in errors
    assert "bars, factor test failed: all has at most 3" in errors


def test_what_needs_a_failed_part_says_so(world: StudyWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("no more\nmemory")

    monkeypatch.setattr("qlib_mfgru.study.run.task_train", fails)
    models = {"bars": {"kwargs": {"lr": 0.003}}}
    done = run_study(world.study(models=models, enhancements=None, correlation=None))
    assert [(part.name, part.reason) for part in done.failed] == [
        ("bars", "RuntimeError: no more memory"),
        ("bars, factor test", "it needs bars"),
    ]
    assert done.page is None


def and_what_reads_it(model: str) -> list[str]:
    """A model's part, and those that read its prediction."""
    return [name for name in PARTS if name in (model, "correlation") or name.startswith(f"{model}, ")]


@pytest.mark.parametrize(
    ("part", "file", "left"),
    [
        ("daily, factor test", "factor_test/result.pkl", 0),
        ("bars, factor test", "factor_test/summary.csv", None),
        ("daily, csi300", FILES, 10),
        ("correlation", FILES, b'{"pred.pkl": "1"}'),
        ("bars", FILES, b'["pred.pkl"]'),
        ("daily", "pred.pkl", 100),
    ],
)
def test_what_was_damaged_is_run_again(
    part: str, file: str, left: int | bytes | None, world: StudyWorld, study: Study, capfd: pytest.CaptureFixture[str]
) -> None:
    """Cut short to so many bytes, replaced, or gone; what has read a model that ran again does so too."""
    (damaged,) = (done.recorder for done in study.parts if done.name == part)
    path = world.artifact(damaged, file)
    whole = path.read_bytes()
    if left is None:
        path.unlink()
    else:
        path.write_bytes(whole[:left] if isinstance(left, int) else left)
    again = run_study(world.study(page=None))
    assert f"{part}: of the recorder {damaged} {file} is gone or cut short: not taken" in capfd.readouterr().err
    expected = and_what_reads_it(part) if part in world.study()["models"] else [part]
    assert [done.name for done in again.parts if done.status == "run"] == expected
    assert {done.status for done in run_study(world.study(page=None)).parts} == {"there"}


def test_a_model_whose_recorder_was_deleted_runs_again_with_what_reads_it(
    world: StudyWorld, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the page is of the new one alone."""
    monkeypatch.setattr("qlib_mfgru.study.page.draw.inline_svg", lambda figure, key: f'<svg id="{key}"></svg>')
    before = {done.name: done.recorder for done in run_study(world.study(page=None)).parts}
    R.exp_manager.client.delete_run(before["daily"])
    again = run_study(world.study())
    assert [done.name for done in again.parts if done.status == "run"] == and_what_reads_it("daily")
    assert again.page is not None
    page = ParsedPage(again.page.html)
    (row,) = page.table("figure-33").rows
    assert (row["model_a"][0], row["model_b"][0]) == ("bars", "daily")
    assert before["daily"] not in again.page.html
    assert {done.status for done in run_study(world.study(page=None)).parts} == {"there"}


def test_what_was_added_to_a_recorder_changes_nothing(world: StudyWorld, study: Study) -> None:
    recorder = run_study(world.study(page=None)).parts[0].recorder
    world.artifact(recorder, "pred.pkl").with_name("mine.pkl").write_bytes(b"mine")
    assert {done.status for done in run_study(world.study(page=None)).parts} == {"there"}


def test_what_lost_its_results_is_run_again(world: StudyWorld, study: Study) -> None:
    """Last of all: it makes recorders anew."""
    (lost,) = (part.recorder for part in run_study(world.study(page=None)).parts if part.name == "correlation")
    shutil.rmtree(world.artifact(lost, "correlation"))
    again = run_study(world.study(page=None))
    assert [part.name for part in again.parts if part.status == "run"] == ["correlation"]
    assert {part.status for part in run_study(world.study(page=None)).parts} == {"there"}
