"""The shipped enhancement YAMLs: the Huatai report's settings, and one goes through qrun twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from once import empty_store
from qlib.utils import init_instance_by_config
from shipped import load, qrun

from qlib_mfgru.demo import make_demo_market
from qlib_mfgru.model import IncrementalGRUModel, RecordedModel
from qlib_mfgru.portfolio import IndexEnhancementSettings
from qlib_mfgru.report.published import published

INDICES = ["csi300", "csi500", "csi1000", "cni2000"]


@pytest.mark.parametrize("market", ["demo", "astock"])
@pytest.mark.parametrize("index", INDICES)
def test_every_yaml_has_the_reports_settings(market: str, index: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which no YAML repeats."""
    monkeypatch.delenv("MFGRU_RECORDER", raising=False)
    task = load(f"{market}/enhance_{index}")["task"]
    assert isinstance(init_instance_by_config(task["model"]), IncrementalGRUModel)
    assert [record["class"] for record in task["record"]] == ["SignalRecord", "SigAnaRecord", "IndexEnhancementRecord"]
    kwargs = task["record"][-1]["kwargs"]
    assert kwargs.keys() <= {"index", "index_weights"}
    settings = IndexEnhancementSettings(**kwargs)
    table = published("enhancement_settings").set_index("index").loc[index.upper()]
    assert list(settings.turnover_limits) == [float(limit) for limit in table["turnover_limits"].split(";")]
    for name in ("min_constituent_weight", "max_weight_deviation", "industry_exposure"):
        assert getattr(settings, name) == table[name]
    assert settings.exposures == {"market_cap": table["size_exposure"]}
    assert settings.buy_cost + settings.sell_cost == pytest.approx(table["two_sided_cost"])
    assert settings.deal_price == table["deal_price"]
    monkeypatch.setenv("MFGRU_RECORDER", "0123abc")
    model = init_instance_by_config(load(f"{market}/enhance_{index}")["task"]["model"])
    assert isinstance(model, RecordedModel)
    assert model.recorder_id == "0123abc"


STOCK_RECORD = {
    "class": "PortAnaRecord",
    "module_path": "qlib.workflow.record_temp",
    "kwargs": {
        "config": {
            "strategy": {
                "class": "IndexEnhancementStrategy",
                "module_path": "qlib_mfgru.portfolio",
                "kwargs": {"signal": "<PRED>", "index": "csi500", "turnover_limit": 0.4},
            },
            "backtest": {
                "start_time": "2020-09-02",
                "end_time": "2020-09-30",
                "account": 100000000,
                "benchmark": "SH000905",
                "exchange_kwargs": {
                    "exchange": {"class": "IndexEnhancementExchange", "module_path": "qlib_mfgru.portfolio"}
                },
            },
        }
    },
}
"""qlib's own record with our strategy and exchange."""


def small(work: Path) -> dict[str, Any]:
    """The shipped CSI500 YAML on a small market."""
    config = load("demo/enhance_csi500")
    config["qlib_init"]["provider_uri"] = str(work / "provider")
    config["task"]["model"]["kwargs"] |= {"hidden_size": 4, "max_epochs": 2}
    data = config["task"]["dataset"]["kwargs"]
    data["segments"] = {"train": ["2020-01-01", "2020-08-31"], "test": ["2020-09-01", "2020-09-30"]}
    inputs = {"day": {"days": 10, "scale": "last"}, "15min": {"days": 2, "scale": "mean"}}
    data["handler"]["kwargs"] |= {"cache_dir": str(work / "panels"), "inputs": inputs}
    config["task"]["record"].append(STOCK_RECORD)
    return config


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("enhanced")
    make_demo_market(folder / "provider", 60, 200, intraday_days=190, seed=0)
    empty_store(folder / "mlruns.db")
    return folder


@pytest.fixture(scope="module")
def trained(work: Path) -> Path:
    """Artifacts of a run that trains."""
    return qrun(small(work), work)


def test_qrun_leaves_all_artifacts(trained: Path) -> None:
    folder = trained / "index_enhancement"
    assert {path.name for path in folder.iterdir()} == {
        *(
            "performance.csv",
            "yearly.csv",
            "comparison.csv",
            "yearly_comparison.csv",
            "statistics.csv",
            "exposures.csv",
        ),
        *(
            "relaxed.csv",
            "untradable.csv",
            "since_deal.csv",
            "index_holes.csv",
            "index_changes.csv",
            "rebalances.csv",
            "index_enhancement.md",
            "index_enhancement.html",
            "daily.pkl",
            "positions.pkl",
            "exposures.pkl",
            "result.pkl",
        ),
        *("net_value.png", "excess.png", "drawdown.png", "exposures.png", "turnover.png", "turnover_limits.png"),
    }
    table = pd.read_csv(folder / "performance.csv")
    assert list(table["turnover_limit"]) == ["0.3", "0.4", "0.5", "benchmark"]
    daily = pd.read_pickle(folder / "daily.pkl")
    assert list(daily.index.unique("turnover_limit")) == [0.3, 0.4, 0.5]
    days = daily.index.unique("datetime")
    # from the day after the first score to the day after the last, which holidays follow
    assert (f"{days[0]:%Y-%m-%d}", f"{days[-1]:%Y-%m-%d}", len(days)) == ("2020-09-02", "2020-10-08", 22)


def test_the_stock_record_runs_our_strategy_to_the_same_account(trained: Path) -> None:
    ours = pd.read_pickle(trained / "index_enhancement/daily.pkl").loc[0.4]
    stock = pd.read_pickle(trained / "portfolio_analysis/report_normal_1day.pkl")
    assert len(stock) == 21
    # with pandas 3 qlib's index returns are float64
    pd.testing.assert_frame_equal(stock.astype(ours.dtypes), ours.loc[stock.index], check_freq=False)


def test_a_recorders_prediction_gives_the_same_portfolios(trained: Path, work: Path) -> None:
    config = small(work)
    model = {
        "class": "RecordedModel",
        "module_path": "qlib_mfgru.model",
        "kwargs": {"recorder_id": trained.parent.name},
    }
    config["task"]["model"] = model
    again = qrun(config, work)
    for name in ("pred.pkl", "index_enhancement/daily.pkl"):
        pd.testing.assert_frame_equal(pd.read_pickle(again / name), pd.read_pickle(trained / name))
    page = (again / "index_enhancement/index_enhancement.md").read_text()
    assert page.startswith("# CSI500 enhancement with IncrementalGRUModel")
