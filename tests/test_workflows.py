"""The shipped YAMLs: each makes what it says, and one goes all the way through qrun."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from qlib.utils import init_instance_by_config
from shipped import CONFIGS, load
from started import done

from qlib_mfgru.data import MultiFreqHandler
from qlib_mfgru.demo import make_demo_market
from qlib_mfgru.model import AttentionGRUModel, GRUModel, IncrementalGRUModel, MeanModel, MixedGRUModel

MODELS: dict[str, tuple[type, tuple[str, ...]]] = {
    "gru": (GRUModel, ("15min",)),
    "attention": (AttentionGRUModel, ("15min",)),
    "mixed": (MixedGRUModel, ("day", "15min")),
    "incremental": (IncrementalGRUModel, ("day", "15min")),
    "daily": (GRUModel, ("day",)),
}
RECORDS = ["SignalRecord", "SigAnaRecord", "FactorTestRecord", "PortAnaRecord"]


@pytest.mark.parametrize("market", ["demo", "astock"])
@pytest.mark.parametrize("name", [*MODELS, "mean"])
def test_every_yaml_makes_its_model(market: str, name: str) -> None:
    config = load(f"{market}/{name}")
    model = init_instance_by_config(config["task"]["model"])
    if name == "mean":
        assert isinstance(model, MeanModel)
        assert [member.freqs for member in model.members] == [("day",), ("15min",)]
        members = model.members
    else:
        assert (type(model), model.freqs) == MODELS[name]
        members = [model]
    assert {member.settings.batch_size for member in members} == {1000}
    assert [record["class"] for record in config["task"]["record"]] == RECORDS
    handler = init_instance_by_config(config["task"]["dataset"]["kwargs"]["handler"])
    assert isinstance(handler, MultiFreqHandler)
    assert {freq: spec.days for freq, spec in handler.inputs.items()} == {"day": 40, "15min": 20}


@pytest.mark.parametrize(("market", "variable"), [("demo", "MFGRU_DEMO_PROVIDER"), ("astock", "MFGRU_ASTOCK_PROVIDER")])
def test_the_provider_comes_from_the_environment(market: str, variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(variable, raising=False)
    assert load(f"{market}/gru")["qlib_init"]["provider_uri"].startswith("~/.qlib/qlib_data/")
    monkeypatch.setenv(variable, "/data/mine")
    assert load(f"{market}/gru")["qlib_init"]["provider_uri"] == "/data/mine"


SMALL = """
BASE_CONFIG_PATH: {base}
qlib_init:
  provider_uri: {provider}
task:
  model:
    class: IncrementalGRUModel
    kwargs: {{hidden_size: 4, max_epochs: 2}}
  dataset:
    kwargs:
      handler:
        kwargs:
          cache_dir: {cache}
          inputs: {{day: {{days: 10, scale: last}}, 15min: {{days: 2, scale: mean}}}}
      segments:
        train: ["2020-01-01", "2020-08-31"]
        test: ["2020-09-01", "2020-09-30"]
  record:
    - class: SignalRecord
      module_path: qlib.workflow.record_temp
      kwargs: {{model: <MODEL>, dataset: <DATASET>}}
    - class: SigAnaRecord
      module_path: qlib.workflow.record_temp
      kwargs: {{}}
    - class: FactorTestRecord
      module_path: qlib_mfgru.factor
      kwargs: {{pools: [all], n_layers: 5}}
    - class: PortAnaRecord
      module_path: qlib.workflow.record_temp
      kwargs:
        config:
          strategy:
            class: TopkDropoutStrategy
            module_path: qlib.contrib.strategy
            kwargs: {{signal: <PRED>, topk: 10, n_drop: 2}}
          backtest:
            start_time: "2020-09-01"
            end_time: "2020-09-30"
            account: 100000000
            benchmark: SH000300
            exchange_kwargs: {{limit_threshold: 0.095, deal_price: close, open_cost: 0.0005, close_cost: 0.0015}}
"""

PREDICT = """
import pickle, sys, pandas as pd, qlib
qlib.init(provider_uri=sys.argv[1], region="cn", kernels=1, logging_level=40)
artifacts = sys.argv[2]
model, dataset = (pickle.load(open(f"{artifacts}/{name}", "rb")) for name in ("params.pkl", "dataset"))
saved = pd.read_pickle(f"{artifacts}/pred.pkl")["score"]
pd.testing.assert_series_equal(model.predict(dataset), saved, check_exact=True)
"""


@pytest.fixture(scope="module")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Artifacts of one qrun on a small demo market, in a folder of its own."""
    work = tmp_path_factory.mktemp("qrun")
    make_demo_market(work / "provider", 40, 200, intraday_days=150, seed=0)
    text = SMALL.format(base=CONFIGS / "demo/demo_base.yaml", provider=work / "provider", cache=work / "panels")
    (work / "small.yaml").write_text(text)
    qrun = shutil.which("qrun", path=str(Path(sys.executable).parent)) or "qrun"
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run([qrun, "small.yaml"], cwd=work, check=True, env=environment, capture_output=True)
    (artifacts,) = work.glob("mlruns/*/*/artifacts")
    return artifacts


def test_qrun_leaves_an_ordinary_recorder(recorder: Path) -> None:
    pred, label = pd.read_pickle(recorder / "pred.pkl"), pd.read_pickle(recorder / "label.pkl")
    assert list(pred.columns) == ["score"]
    assert pred.index.names == ["datetime", "instrument"]
    days = pred.index.get_level_values("datetime").unique()
    assert (str(days[0].date()), str(days[-1].date()), len(days)) == ("2020-09-01", "2020-09-30", 22)
    assert list(label.columns) == ["LABEL0"]
    assert pd.read_pickle(recorder / "sig_analysis/ric.pkl").notna().all()
    report = pd.read_pickle(recorder / "portfolio_analysis/report_normal_1day.pkl")
    assert len(report) == 22
    assert report["turnover"].sum() > 0
    (row,) = pd.read_csv(recorder / "factor_test/summary.csv").to_dict("records")
    assert (row["pool"], row["model"]) == ("ALL", "IncrementalGRUModel")
    assert (recorder / "factor_test/layers.png").read_bytes().startswith(b"\x89PNG")


def test_qrun_records_the_training(recorder: Path) -> None:
    history = json.loads((recorder / "training_history.json").read_text())
    assert [(row["stage"], row["epoch"]) for row in history] == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert (recorder / "training_curve.png").read_bytes().startswith(b"\x89PNG")
    with sqlite3.connect(recorder.parents[3] / "mlruns.db") as store:
        logged = dict(store.execute("select key, value from latest_metrics").fetchall())
    of_epochs = {row["epoch"]: row["valid_ic"] for row in history if row["stage"] == 2}
    kept = max(of_epochs, key=lambda epoch: of_epochs[epoch])
    assert (logged["stage2_epoch"], logged["valid_ic"]) == (kept, pytest.approx(of_epochs[kept]))
    assert {"IC", "Rank IC", "ALL.rank_ic_mean", "1day.excess_return_with_cost.annualized_return"} <= logged.keys()


def test_the_saved_model_predicts_the_same_in_a_fresh_process(recorder: Path) -> None:
    work = recorder.parents[3]
    done(PREDICT, work / "provider", recorder, folder=work)
