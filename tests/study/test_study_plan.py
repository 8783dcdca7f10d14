"""What a study's file makes: its parts, and the one line of a wrong setting."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from shipped import CONFIGS, load
from small_study import FAST, PARTS, StudyWorld

from qlib_mfgru.cli import main
from qlib_mfgru.errors import InputError
from qlib_mfgru.portfolio import IndexEnhancementRecord
from qlib_mfgru.settings import checked
from qlib_mfgru.study import run_study
from qlib_mfgru.study.plan import Part, plan
from qlib_mfgru.study.settings import StudySettings
from qlib_mfgru.study.source import StudySource

NOBODY = StudyWorld(Path("nowhere"))
LIGHTGBM = {"class": "LGBModel", "module_path": "qlib.contrib.model.gbdt"}


def parts_of(study: Any) -> dict[str, Part]:
    source = StudySource.read(study)
    return {part.name: part for part in plan(checked(StudySettings, "", source.content), source).parts}


def test_parts_in_order() -> None:
    parts = parts_of(NOBODY.study())
    assert list(parts) == PARTS
    task = parts["daily, csi300"].make({"daily": "an id"})
    assert task["model"]["kwargs"] == {"recorder_id": "an id"}
    assert task["record"][1]["kwargs"] == {"name": "daily", "index": "csi300", "turnover_limits": [0.5]}


def test_entries_reach_the_factor_tests_and_the_correlation() -> None:
    """The correlation leaves out the same stocks, and compares nothing."""
    settings = {"pools": ["all"], "entry": "next_open", "compare_entries": ["same_close"]}
    parts = parts_of(NOBODY.study(factor_test=settings))
    test = parts["bars, factor test"].make({"bars": "an id"})["record"][1]["kwargs"]
    assert test == {"name": "bars", **settings}
    correlation = parts["correlation"].make({"bars": "1", "daily": "2"})["record"][1]["kwargs"]
    assert correlation["entry"] == "next_open"
    assert "compare_entries" not in correlation


@pytest.mark.parametrize("left_out", ["factor_test", "correlation", "enhancements", "page"])
def test_any_part_may_be_left_out(left_out: str) -> None:
    study = NOBODY.study()
    del study[left_out]
    names = {"factor_test": "factor test", "correlation": "correlation", "enhancements": "csi300", "page": "page"}
    assert list(parts_of(study)) == [name for name in PARTS if names[left_out] not in name]


def test_rolling_makes_an_ensemble_of_the_seeds() -> None:
    model = parts_of(NOBODY.study(rolling={"retrain": "1M", "n_jobs": 2}, seeds=[3, 4]))["daily"].make({})["model"]
    assert model["class"] == "RollingEnsembleModel"
    inner = model["kwargs"].pop("model")
    assert model["kwargs"] == {"retrain": "1M", "n_jobs": 2, "seeds": [3, 4]}
    assert (inner["class"], inner["kwargs"]["freq"]) == ("GRUModel", "day")
    assert parts_of(NOBODY.study(seeds=[5]))["daily"].make({})["model"]["kwargs"]["seed"] == 5


def test_a_rolling_ensemble_by_any_name_is_not_rolled_again() -> None:
    """Each unit would be a whole rolling run."""
    inner = {"class": "GRUModel", "module_path": "qlib_mfgru.model"}
    for name in ("qlib_mfgru.rolling.RollingEnsembleModel", "qlib_mfgru.rolling.model.RollingEnsembleModel"):
        study = NOBODY.study(rolling={"retrain": "1M"}, models={"own": {}}, enhancements=None)
        study["task"]["model"] = {"class": name, "kwargs": {"model": inner, "retrain": "3M"}}
        model = parts_of(study)["own"].make({})["model"]
        assert (model["class"], model["kwargs"]) == (name, {"model": inner, "retrain": "3M"})


def test_an_expression_has_nothing_to_retrain() -> None:
    reversal = {"class": "ExpressionModel", "module_path": "qlib_mfgru.model", "kwargs": {"expression": "1 - $close"}}
    study = NOBODY.study(rolling={"retrain": "1M"}, seeds=[3, 4], models={"daily": {}, "reversal": {}})
    study["task"]["model"] = reversal
    assert parts_of(study)["reversal"].make({})["model"] == reversal


@pytest.mark.parametrize("name", ["ExpressionModel", "qlib_mfgru.model.ExpressionModel"])
def test_an_expression_stands_beside_models_without_their_settings(name: str) -> None:
    expression = {"class": name, "kwargs": {"expression": "1 - $close"}}
    parts = parts_of(NOBODY.study(models={"daily": {}, "reversal": expression}))
    assert parts["reversal"].make({})["model"] == {"module_path": "qlib_mfgru.model", **expression}


def test_yamls_of_the_same_base_begin_with_the_study() -> None:
    """One of another base, or of none, is taken whole: LightGBM with Alpha158, which trains once."""
    study = load("astock/daily")
    study |= {
        "BASE_CONFIG_PATH": str(CONFIGS / "astock/astock_base.yaml"),
        "models": {"daily": "astock/daily", "lightgbm": "astock/lightgbm.yaml"},
        "rolling": {},
    }
    study["task"]["model"] = {"kwargs": {"lr": 0.5}}
    parts = parts_of(study)
    daily, lightgbm = (parts[name].make({}) for name in ("daily", "lightgbm"))
    assert daily["model"]["kwargs"]["model"]["kwargs"] == {"batch_size": 1000, "seed": 0, "lr": 0.5, "freq": "day"}
    assert lightgbm["model"] == load_alone("astock/lightgbm")["task"]["model"]
    assert lightgbm["dataset"]["kwargs"]["handler"]["class"] == "Alpha158"


OWN_MODULE = """from qlib_mfgru.model import GRUModel


class OwnGRU(GRUModel):
    pass
"""


@pytest.fixture
def searched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders in which Python is told to look for modules are forgotten."""
    monkeypatch.setattr(sys, "path", [*sys.path])


@pytest.mark.usefixtures("searched")
def test_modules_beside_the_yaml_of_a_model_are_found(tmp_path: Path) -> None:
    (tmp_path / "beside_a_model.py").write_text(OWN_MODULE)
    model = {"class": "OwnGRU", "module_path": "beside_a_model"}
    workflow = {"sys": {"rel_path": "."}, "task": {"model": model, "dataset": NOBODY.study()["task"]["dataset"]}}
    (tmp_path / "own.yaml").write_text(json.dumps(workflow))
    study = NOBODY.study(models={"own": f"{tmp_path}/own"}, enhancements=None)
    assert parts_of(study)["own"].make({})["model"] == model
    (tmp_path / "own.yaml").write_text(json.dumps(workflow | {"sys": 5}))
    with pytest.raises(InputError, match=rf"^{tmp_path}/own.yaml: sys is 5: must be a mapping"):
        parts_of(study)


@pytest.mark.usefixtures("searched")
def test_modules_that_a_base_names_are_found(tmp_path: Path) -> None:
    """From the folder of the study, as in qrun."""
    (tmp_path / "beside_a_study.py").write_text(OWN_MODULE)
    (tmp_path / "bases").mkdir()
    (tmp_path / "bases/own_base.yaml").write_text(json.dumps({"sys": {"rel_path": "."}}))
    models = {"own": {"class": "OwnGRU", "module_path": "beside_a_study"}}
    study = NOBODY.study(BASE_CONFIG_PATH="bases/own_base.yaml", models=models, enhancements=None)
    (tmp_path / "study.yaml").write_text(json.dumps(study))
    model = parts_of(tmp_path / "study.yaml")["own"].make({})["model"]
    assert (model["class"], model["kwargs"]) == ("OwnGRU", FAST)


@pytest.mark.parametrize("model", [None, "qlib_mfgru.model.GRUModel"])
def test_a_workflow_whose_model_is_no_config(model: str | None, tmp_path: Path) -> None:
    task = {**NOBODY.study()["task"], "model": model}
    (tmp_path / "own.yaml").write_text(json.dumps({"task": task}))
    (tmp_path / "study.yaml").write_text(json.dumps(NOBODY.study(models={"bars": "own"}, enhancements=None)))
    with pytest.raises(InputError) as error:
        parts_of(tmp_path / "study.yaml")
    assert str(error.value) == f"models.bars: own has the model {model!r}: must be a config with class, module_path"


def load_alone(name: str) -> Any:
    return StudySource.read(CONFIGS / f"{name}.yaml").content


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"modles": {}}, "unknown setting 'modles'; did you mean 'models'?"),
        ({"models": {}}, "models is {}: must not be empty"),
        ({"models": {"a=b": {}}}, "must have no `=` in its name"),
        ({"models": {"a\nb": {}}}, "must have no line breaks, tabs or the like in its name"),
        (
            {"models": {"bars": {}, "correlation": {"kwargs": {"freq": "day"}}}},
            "models.correlation: another part of the study is called correlation: call the model otherwise",
        ),
        (
            {"models": {"bars": {}, "bars, factor test": {"recorder": "1"}}},
            "models.bars, factor test: another part of the study is called bars, factor test: ",
        ),
        (
            {"models": {"bars": {"kwargs": {"lr": 0.01, "weight_decay": 100.0}}}},
            "models.bars: weight_decay is 100: every step takes lr * weight_decay of each weight, here 1; must",
        ),
        ({"models": {"bars": {"kwargs": {"smooth_epochs": 10**20}}}}, "models.bars: smooth_epochs is 1"),
        ({"models": {"bars": {"kwargs": {"lr": 1e300}}}}, "models.bars: lr is 1e+300: must be at most 1e+30"),
        ({"models": {"bars": {"kwargs": {"hidden_size": 2**62}}}}, "must be at most 10000"),
        (
            {"models": {"bars": {"kwargs": {"loss": {"class": "Loss", "module_path": "qlib_mfgru.nn"}}}}},
            "loss: Loss needs forward(scores, label) of its own",
        ),
        ({"models": {"bars": {"kwargs": {"lr": -1.0}}}}, "models.bars: lr is -1.0: must be at least 0"),
        ({"models": {"bars": "no_such"}}, "there is no no_such.yaml in "),
        ({"models": {"bars": {"recorder": "1", "lr": 2}}}, "models.bars: a recorder is named by its id alone"),
        ({"factor_test": {"n_layer": 4}}, "factor_test: unknown setting 'n_layer'; did you mean 'n_layers'?"),
        ({"factor_test": {"deal_price": "foo"}}, "factor_test: deal_price is 'foo': must be vwap, close or open"),
        ({"factor_test": {"deal_price": "vwap", "entry": "next_vwap"}}, "factor_test: deal_price and entry are the "),
        ({"factor_test": {"entry": "close"}}, "factor_test: entry is 'close': must be one of 'next_vwap'"),
        ({"enhancements": {"indices": []}}, "enhancements.indices is "),
        ({"enhancements": {"indices": ["csi300"], "models": ["gru"]}}, "enhancements.models names gru, which is none"),
        (
            {"enhancements": {"indices": {"csi300": {"blacklist": 3}}}},
            "mfgru: enhancements.indices.csi300: blacklist is 3: must be a list",
        ),
        (
            {"enhancements": {"indices": {"csi300": {"cost_averson": 1}}}},
            "mfgru: enhancements.indices.csi300: unknown setting 'cost_averson'; did you mean 'cost_aversion'?",
        ),
        (
            {"enhancements": {"indices": ["csi300"], "turnover_limits": [30]}},
            "mfgru: enhancements.turnover_limits[0] is 30: must be a fraction from 0 to 2, buys plus sells; 30 percent",
        ),
        ({"enhancements": {"indices": ["csi300"], "models": []}}, "enhancements.models is []: must not be empty"),
        ({"enhancements": {"indices": ["csi300", "csi300"]}}, "must not name 'csi300' twice"),
        (
            {"enhancements": {"indices": {"csi1000": {"index": "csi300"}}}},
            "enhancements.indices.csi1000: has a setting index",
        ),
        ({"rolling": {"model": {}}}, "rolling: has model: write them beside it, under models"),
        ({"rolling": {"seeds": [1]}}, "rolling: has seeds: write them beside it, under seeds"),
        ({"rolling": {"retrian": "6M"}}, "mfgru: rolling: unknown setting 'retrian'; did you mean 'retrain'?"),
        ({"rolling": {"lr": 0.1}}, "mfgru: rolling: unknown setting 'lr'; known are retrain, train_start, n_jobs, "),
        ({"BASE_CONFIG_PATH": 5}, "BASE_CONFIG_PATH is 5: must be the name of a file"),
        ({"sys": 5}, "sys is 5: must be a mapping"),
        ({"sys": {"path": 5}}, "sys.path is 5: must be text or a list"),
        ({"models": {"bars": {"class": None}}}, "models.bars.class is None: must be text or a class"),
        ({"models": {"bars": {**LIGHTGBM, "kwargs": {"loss": "hinge"}}}}, "models.bars: LGBModel cannot be made with"),
        ({"task": {"dataset": {}, "mdoel": {}}}, "mfgru: task: unknown setting 'mdoel'; did you mean 'model'?"),
        ({"seeds": [0, 1]}, "seeds are several and rolling is left out"),
        ({"rolling": {"retrain": "5M"}}, "mfgru: rolling: retrain is '5M': must be a number of months"),
        ({"page": {"out": "study.pdf"}}, "page.out is "),
        ({"task": {}}, "task.dataset is missing"),
        ({"qlib_init": {"provider_uri": "/no/such"}}, "there is no provider folder /no/such: name "),
    ],
)
def test_a_wrong_setting_is_one_line(
    changes: dict[str, Any], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "study.yaml"
    file.write_text(json.dumps(StudyWorld(tmp_path).study(**{"enhancements": None, **changes})))
    assert main(["study", str(file)]) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("mfgru: ")]
    assert len(lines) == 1
    assert message in lines[0]


def test_no_such_file_and_no_yaml(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.yaml: cannot be read"):
        run_study(tmp_path / "absent.yaml")
    (tmp_path / "odd.yaml").write_text("models: [")
    with pytest.raises(InputError, match=r"odd\.yaml: no YAML"):
        run_study(tmp_path / "odd.yaml")
    (tmp_path / "odd.yaml").write_text("task: {dataset: [2023-02-30, 2023-03-31]}")
    with pytest.raises(InputError, match=r"odd\.yaml: no YAML \(day is out of range for month\)"):
        run_study(tmp_path / "odd.yaml")
    (tmp_path / "odd.yaml").write_text("BASE_CONFIG_PATH: base.yaml")
    (tmp_path / "base.yaml").write_bytes("# 参数\n".encode("gbk"))
    with pytest.raises(InputError, match=r"base\.yaml: cannot be read \('utf-8' codec can't decode"):
        run_study(tmp_path / "odd.yaml")


@pytest.mark.parametrize(
    ("study", "n_parts"),
    [
        ("demo/study", 17),
        ("astock/study", 18),
        ("ashare_daily/study", 16),
        ("ashare_daily/best", 5),
        ("ashare_daily/others", 10),
    ],
)
def test_the_shipped_studies(study: str, n_parts: int) -> None:
    assert len(parts_of(CONFIGS / f"{study}.yaml")) == n_parts


@pytest.mark.parametrize("study", ["astock/study", "ashare_daily/study", "ashare_daily/best", "ashare_daily/others"])
def test_shipped_portfolios_ask_for_weights_that_are_ingested(study: str) -> None:
    file = CONFIGS / f"{study}.yaml"
    ingested = set(YAML(typ="safe", pure=True).load((file.parent / "mapping.yaml").read_text())["weights"])
    asked = [
        settings["index"]
        for part in parts_of(file).values()
        for kind, settings in part.records
        if kind is IndexEnhancementRecord and settings.get("index_weights", "drifted") == "drifted"
    ]
    assert set(asked) == ingested == {"csi300"}
