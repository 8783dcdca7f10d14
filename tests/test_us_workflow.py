"""The YAML of the US demo market: it makes what it says, and trains through qrun on a small market."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from once import empty_store
from qlib.utils import init_instance_by_config
from shipped import load, qrun

from qlib_mfgru.demo import make_demo_market
from qlib_mfgru.demo.venue.calendar import trading_days
from qlib_mfgru.factor import FactorTestSettings
from qlib_mfgru.model import GRUModel
from qlib_mfgru.portfolio import IndexEnhancementSettings


def test_the_yaml_makes_its_model_and_names_its_market(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MFGRU_DEMO_US_PROVIDER", "/data/us")
    config = load("us/gru")
    assert config["qlib_init"]["provider_uri"] == "/data/us"
    assert config["qlib_init"]["region"] == "us"
    assert isinstance(init_instance_by_config(config["task"]["model"]), GRUModel)
    *others, factor_test, enhancement = config["task"]["record"]
    assert [record["class"] for record in others] == ["SignalRecord", "SigAnaRecord"]
    assert FactorTestSettings(**factor_test["kwargs"]).pools == ("large", "mid", "small", "all")
    assert IndexEnhancementSettings(**enhancement["kwargs"]).benchmark == "LARGE"


def test_the_last_label_ends_within_the_default_market() -> None:
    last = pd.Timestamp(load("us/gru")["task"]["dataset"]["kwargs"]["segments"]["test"][1])
    days = trading_days("2020-01-01", 978, "us")
    assert 11 <= (days > last).sum() <= 14


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a qrun of the shipped YAML on 60 stocks and 200 days."""
    work = tmp_path_factory.mktemp("us")
    make_demo_market(work / "provider", 60, 200, intraday_days=190, seed=0, session="us")
    empty_store(work / "mlruns.db")
    config = load("us/gru")
    config["qlib_init"]["provider_uri"] = str(work / "provider")
    config["task"]["model"]["kwargs"] |= {"hidden_size": 4, "max_epochs": 2}
    data = config["task"]["dataset"]["kwargs"]
    data["segments"] = {"train": ["2020-05-01", "2020-08-14"], "test": ["2020-08-17", "2020-09-30"]}
    inputs = {"15min": {"days": 2, "scale": "mean"}}
    data["handler"]["kwargs"] |= {"cache_dir": str(work / "panels"), "inputs": inputs}
    *_, factor_test, _ = config["task"]["record"]
    factor_test["kwargs"] = {"pools": ["large", "all"], "n_layers": 3}
    return qrun(config, work)


def test_qrun_scores_the_market(artifacts: Path) -> None:
    """Labor Day is no trading day."""
    pred = pd.read_pickle(artifacts / "pred.pkl")
    days = pred.index.unique("datetime")
    assert (f"{days[0]:%Y-%m-%d}", f"{days[-1]:%Y-%m-%d}", len(days)) == ("2020-08-17", "2020-09-30", 32)
    assert pred.index.unique("instrument").str.fullmatch("[A-Z]{4}").all()
    assert pd.read_pickle(artifacts / "sig_analysis/ric.pkl").notna().all()


def test_the_factor_test_has_the_markets_pools(artifacts: Path) -> None:
    table = pd.read_csv(artifacts / "factor_test/summary.csv")
    assert table["pool"].tolist() == ["LARGE", "ALL"]
    excluded = pd.read_csv(artifacts / "factor_test/exclusions.csv").set_index("pool")
    assert not {"st", "limit_up"} & {*excluded.columns}
    assert excluded.loc["ALL", "suspended"] > 0


def test_the_enhancement_is_of_the_largest(artifacts: Path) -> None:
    table = pd.read_csv(artifacts / "index_enhancement/performance.csv")
    assert table["index"].tolist() == ["LARGE"] * 3
    assert table["turnover_limit"].tolist() == ["0.3", "0.5", "benchmark"]
    counts = pd.read_csv(artifacts / "index_enhancement/statistics.csv")
    assert (counts["n_failed"] == 0).all()
    assert (counts["n_orders"] > 20).all()
