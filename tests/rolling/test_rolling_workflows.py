"""The rolling YAMLs through qrun, and qlib's own rolling on our parts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from qlib.model.trainer import TrainerR
from qlib.utils import init_instance_by_config
from qlib.workflow.task.gen import RollingGen, task_generator
from ruamel.yaml import YAML
from shipped import CONFIGS, QRUN, load
from started import done
from tiny_world import DAYS, FAST, INPUTS, LABEL

from qlib_mfgru.demo import make_demo_market
from qlib_mfgru.model import AttentionGRUModel, GRUModel, IncrementalGRUModel, MeanModel, MixedGRUModel
from qlib_mfgru.rolling import RollingEnsembleModel, calendar_folds

MODELS = {
    "gru": (GRUModel, [("15min",)]),
    "attention": (AttentionGRUModel, [("15min",)]),
    "mixed": (MixedGRUModel, [("day", "15min")]),
    "incremental": (IncrementalGRUModel, [("day",), ("day", "15min")]),
    "daily": (GRUModel, [("day",)]),
    "mean": (MeanModel, [("day",), ("15min",)]),
}
TESTS = {
    "demo": [("2023-07-03", "2023-09-29"), ("2023-10-09", "2023-12-15")],
    "astock": [
        ("2025-11-03", "2025-11-28"),
        ("2025-12-01", "2025-12-31"),
        ("2026-01-05", "2026-01-30"),
        ("2026-02-02", "2026-02-27"),
        ("2026-03-02", "2026-03-31"),
    ],
}
HOLIDAYS = ["2023-10-02", "2023-10-03", "2023-10-04", "2023-10-05", "2023-10-06", "2026-01-01", "2026-01-02"]


@pytest.mark.parametrize("market", TESTS)
@pytest.mark.parametrize("name", MODELS)
def test_every_rolling_yaml_makes_its_model(market: str, name: str) -> None:
    config = load(f"{market}/rolling_{name}")
    model = init_instance_by_config(config["task"]["model"])
    assert isinstance(model, RollingEnsembleModel)
    assert (model.seeds, model.n_jobs) == ([0, 1, 2], 2)
    members = [init_instance_by_config(model._config(seed)) for seed in model.seeds]
    assert (type(members[0]), members[0].stage_freqs(dataset=None)) == MODELS[name]  # these name their own
    networks = [getattr(member, "members", [member]) for member in members]
    assert [{network.settings.seed for network in group} for group in networks] == [{0}, {1}, {2}]
    assert {network.settings.batch_size for group in networks for network in group} == {1000}
    days = pd.bdate_range("2013-01-01", "2026-03-31").difference(pd.to_datetime(HOLIDAYS))
    folds = calendar_folds(days, None, config["task"]["dataset"]["kwargs"]["segments"]["test"], model.retrain)
    assert [tuple(f"{date:%Y-%m-%d}" for date in fold.test) for fold in folds] == TESTS[market]
    records = ["SignalRecord", "SigAnaRecord", "FactorTestRecord", "PortAnaRecord"]
    assert [record["class"] for record in config["task"]["record"]] == records


SMALL = {
    "kwargs": {"hidden_size": 4, "max_epochs": 2, "seeds": [0, 1], "n_jobs": 1, "retrain": "1M"},
    "inputs": {"day": {"days": 10, "scale": "last"}, "15min": {"days": 2, "scale": "mean"}},
    "segments": {"train": ["2020-01-06", "2020-07-31"], "test": ["2020-08-03", "2020-09-30"]},
}
"""Changes to a shipped YAML that make it small."""

PREDICT = """
import pickle, sys, pandas as pd, qlib
provider, *folders = sys.argv[1:]
qlib.init(provider_uri=provider, region="cn", kernels=1, logging_level=40)
for folder in folders:
    model, dataset = (pickle.load(open(f"{folder}/{name}", "rb")) for name in ("params.pkl", "dataset"))
    saved = pd.read_pickle(f"{folder}/pred.pkl")["score"]
    pd.testing.assert_series_equal(model.predict(dataset), saved, check_exact=True, check_names=False)
"""


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small demo market where qlib looks by default."""
    folder = tmp_path_factory.mktemp("work")
    make_demo_market(folder / ".qlib/qlib_data/cn_data", 40, 200, intraday_days=150, seed=0)
    return folder


def provider_of(work: Path) -> Path:
    return work / ".qlib/qlib_data/cn_data"


def write_small(config: dict[str, Any], work: Path) -> None:
    """Write ``small.yaml``."""
    data = config["task"]["dataset"]["kwargs"]
    data["segments"] = SMALL["segments"]
    data["handler"]["kwargs"] |= {"cache_dir": str(work / "panels"), "inputs": SMALL["inputs"]}
    with (work / "small.yaml").open("w") as file:
        YAML(typ="safe", pure=True).dump(config, file)


def command(work: Path, code: str, *arguments: object) -> str:
    """Run a program in `work`, which is its home as well; what it says."""
    return done(code, *arguments, folder=work, HOME=str(work), MFGRU_UNITS=str(work / "units"))


@pytest.fixture(scope="module")
def artifacts(work: Path) -> Path:
    """Artifacts of one qrun of the shipped incremental rolling YAML, made small."""
    config = load("demo/rolling_incremental")
    config["qlib_init"]["provider_uri"] = str(provider_of(work))
    config["task"]["model"]["kwargs"] |= SMALL["kwargs"]
    records = {record["class"]: record["kwargs"] for record in config["task"]["record"]}
    records["FactorTestRecord"]["n_layers"] = 3
    records["PortAnaRecord"]["config"]["backtest"] |= {"start_time": "2020-08-03", "end_time": "2020-09-30"}
    write_small(config, work)
    (work / "log").write_text(command(work, QRUN, "small.yaml"))
    (found,) = work.glob("mlruns/*/*/artifacts")
    return found


def test_qrun_of_a_rolling_yaml(artifacts: Path) -> None:
    """qlib's records work on the stitched prediction as they do on any other."""
    pred, label = pd.read_pickle(artifacts / "pred.pkl"), pd.read_pickle(artifacts / "label.pkl")
    assert pred.index.is_unique
    days = pred.index.unique("datetime")
    assert (str(days[0].date()), str(days[-1].date()), len(days)) == ("2020-08-03", "2020-09-30", 43)
    assert list(label.index.unique("datetime")) == list(days)
    assert len(pd.read_pickle(artifacts / "sig_analysis/ric.pkl")) == 43
    report = pd.read_pickle(artifacts / "portfolio_analysis/report_normal_1day.pkl")
    assert len(report) == 43
    assert report["turnover"].sum() > 0
    assert set(pd.read_csv(artifacts / "factor_test/summary.csv")["model"]) == {"RollingEnsembleModel"}
    names = {path.name for path in (artifacts / "rolling").iterdir()}
    assert names == {"folds.csv", "units.csv", "training_history.json", "score_seed0.pkl", "score_seed1.pkl"}


def test_the_folds_are_shown_before_anything_trains(artifacts: Path, work: Path) -> None:
    log = (work / "log").read_text()
    table = [line.split() for line in log[log.index("2 folds x 2 seeds") :].splitlines()[1:6]]
    assert table[0][:3] == ["fold", "inputs", "train_first"]
    assert [(row[0], row[1], *row[8:10]) for row in table[1:]] == [
        ("1", "day", "2020-08-03", "2020-08-31"),
        ("1", "day+15min", "2020-08-03", "2020-08-31"),
        ("2", "day", "2020-09-01", "2020-09-30"),
        ("2", "day+15min", "2020-09-01", "2020-09-30"),
    ]
    assert log.index("label_end") < log.index("stage 1: day")


def test_the_saved_model_predicts_the_same_in_a_fresh_process(artifacts: Path, work: Path) -> None:
    """From the members' networks, without the units."""
    shutil.rmtree(work / "units")
    command(work, PREDICT, provider_of(work), artifacts)


def test_qlibs_own_rolling(work: Path) -> None:
    """``python -m qlib.contrib.rolling`` rewrites the label, pickles the handler, and moves the split along."""
    config = YAML(typ="safe", pure=True).load((CONFIGS / "demo/qlib_rolling.yaml").read_text())
    folder = work / "qlibs_own"
    folder.mkdir()
    shutil.copytree(work / ".qlib", folder / ".qlib")
    config["task"]["model"]["kwargs"] |= {"hidden_size": 4, "max_epochs": 2}
    write_small(config, folder)
    rolling = ["-m", "qlib.contrib.rolling", "base", "--conf_path", "small.yaml", "--step", "25", "--horizon", "3"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "HOME": str(folder), "PYTHONPATH": os.pathsep.join(sys.path)}
    environment["MLFLOW_ALLOW_FILE_STORE"] = "true"  # where it keeps its recorders
    subprocess.run([sys.executable, *rolling, "run"], cwd=folder, env=environment, capture_output=True, check=True)
    preds = {path.parent: pd.read_pickle(path) for path in folder.glob("mlruns/*/*/artifacts/pred.pkl")}
    (whole,) = [part for part, pred in preds.items() if (part / "sig_analysis").exists()]
    tasks = [pred for part, pred in preds.items() if part != whole]
    days = preds[whole].index.unique("datetime")
    # qlib's last step is a whole one, beyond the end of the test
    assert (str(days[0].date()), str(days[-1].date()), len(days)) == ("2020-08-03", "2020-10-16", 50)
    assert preds[whole].index.is_unique
    assert sorted(pred.index.unique("datetime").nunique() for pred in tasks) == [25, 25]
    label = pd.read_pickle(whole / "label.pkl")
    assert all(label.loc[day].notna().to_numpy().any() for day in days)


def test_qlibs_task_manager(tiny_qlib: Path, tiny_provider: Path, panel_cache: Path, tmp_path: Path) -> None:
    """``TrainerR`` over ``RollingGen``; each recorder's model predicts the same in a fresh process."""
    handler = {"class": "MultiFreqHandler", "module_path": "qlib_mfgru.data"}
    handler["kwargs"] = {"inputs": {"day": INPUTS["day"]}, "label": LABEL, "cache_dir": str(panel_cache)}
    assert LABEL == "Ref($close, -3) / Ref($close, -1) - 1"  # so trunc_days is 4
    segments = {"train": (DAYS[1], DAYS[119]), "test": (DAYS[120], DAYS[150])}
    settings = {"handler": handler, "segments": segments, "sample_step": 2}
    task = {
        "model": {"class": "GRUModel", "module_path": "qlib_mfgru.model", "kwargs": {"freq": "day", **FAST}},
        "dataset": {"class": "MultiFreqDataset", "module_path": "qlib_mfgru.data", "kwargs": settings},
        "record": ["qlib.workflow.record_temp.SignalRecord"],
    }
    tasks = task_generator(task, RollingGen(step=16, trunc_days=4))
    recorders = TrainerR(experiment_name="tasks")(tasks)
    spans = []
    for number, recorder in enumerate(recorders):
        folder = tmp_path / str(number)
        folder.mkdir()
        for name in ("params.pkl", "dataset", "pred.pkl"):
            shutil.copy(Path(recorder.get_local_dir()) / "artifacts" / name, folder)
        days = pd.read_pickle(folder / "pred.pkl").index.unique("datetime")
        spans.append((days[0], days[-1]))
    assert spans == [(DAYS[120], DAYS[135]), (DAYS[136], DAYS[151])]
    command(tmp_path, PREDICT, tiny_provider, tmp_path / "0", tmp_path / "1")
