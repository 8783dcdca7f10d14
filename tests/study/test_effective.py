"""A part is known by the settings that it has, however they are written."""

from __future__ import annotations

from typing import Any

import pytest
from small_study import StudyWorld
from test_study_plan import NOBODY, parts_of

from qlib_mfgru.data import MultiFreqHandler
from qlib_mfgru.factor.settings import FactorTestSettings
from qlib_mfgru.portfolio.settings import IndexEnhancementSettings
from qlib_mfgru.study.effective import effective, least
from qlib_mfgru.study.identity import part_keys

LIMITS = [{"class": name, "module_path": "qlib_mfgru.portfolio.optimise.constraints"} for name in ("LongOnly", "NoST")]


def lasting(study: dict[str, Any]) -> dict[str, str]:
    """The key of each part, whose recorders stand for themselves."""
    parts = parts_of(study).items()
    return {name: part_keys(part.make({model: model for model in part.needs}), "content")[0] for name, part in parts}


def in_dataset(world: StudyWorld, **kwargs: Any) -> dict[str, Any]:
    study = world.study()
    study["task"]["dataset"]["kwargs"] |= kwargs
    return study


def index(**settings: Any) -> dict[str, Any]:
    return {"models": ["daily"], "indices": {"csi300": settings}, "turnover_limits": [0.5]}


@pytest.mark.parametrize(
    "changes",
    [
        {"factor_test": {"pools": ["all"], "n_layers": 5, "freq": "week", "winsorize": "mad", "start_time": None}},
        {"factor_test": {"pools": ["all"], "n_layers": 5, "neutralize": ["$industry", "Market_Cap"]}},
        {"factor_test": {"pools": ["all"], "n_layers": 5, "deal_price": "vwap", "horizons": [1, 2, 3, 5, 10, 15, 20]}},
        {"correlation": {"pool": "all"}},
        {"enhancements": index(buy_cost=0.002, account=100_000_000, benchmark="000300", index_weights="drifted")},
        {"enhancements": index(max_weight_deviation=0.008, exposures={"$market_cap": 0})},
        {"models": {"bars": {"kwargs": {"freq": "15min"}}, "daily": {"kwargs": {"freq": "day"}}}},
    ],
)
def test_a_default_that_is_written_out_changes_no_key(changes: dict[str, Any]) -> None:
    assert lasting(NOBODY.study(**changes)) == lasting(NOBODY.study())


def test_nor_one_of_the_dataset() -> None:
    assert lasting(in_dataset(NOBODY, sample_step=5, valid_ratio=0.2)) == lasting(NOBODY.study())
    assert not lasting(in_dataset(NOBODY, sample_step=4)).items() & lasting(NOBODY.study()).items()


def test_nor_one_of_rolling() -> None:
    plain = lasting(NOBODY.study(rolling={}))
    assert lasting(NOBODY.study(rolling={"retrain": "6M", "window": "expanding"}, seeds=[0, 1, 2])) == plain
    assert lasting(NOBODY.study(rolling={"retrain": "3M"}))["daily"] != plain["daily"]
    assert lasting(NOBODY.study(rolling={}, seeds=[0, 1]))["daily"] != plain["daily"]


class Own:
    """A class of one's own, whose settings happen to be called as some of ours that change no result."""

    def __init__(self, backend: str = "a", n_jobs: int = 1) -> None:
        self.settings = backend, n_jobs


class OwnHandler(MultiFreqHandler):
    """One that only adds to ours."""


def key(name: str, **kwargs: Any) -> str:
    return part_keys({"model": {"class": name, "module_path": __name__, "kwargs": kwargs}}, "content")[0]


def test_names_of_ours_mean_other_things_in_a_class_of_ones_own() -> None:
    assert len({key("Own"), key("Own", backend="b"), key("Own", n_jobs=2)}) == 3
    assert key("OwnHandler", cache_dir="here", instruments="all") == key("OwnHandler", instruments="all")


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"factor_test": {"pools": ["all"]}}, "bars, factor test"),
        ({"factor_test": {"pools": ["all"], "n_layers": 5, "freq": "month"}}, "bars, factor test"),
        ({"correlation": {"pool": "csi300"}}, "correlation"),
        ({"enhancements": index(buy_cost=0.003)}, "daily, csi300"),
        ({"enhancements": index(turnover_limits=[0.3])}, "daily, csi300"),
    ],
)
def test_any_other_value_is_another_part(changes: dict[str, Any], part: str) -> None:
    assert lasting(NOBODY.study(**changes))[part] != lasting(NOBODY.study())[part]


def test_the_fewest_settings() -> None:
    of_index = {
        "index": "CSI300",
        "turnover_limits": [0.3, 0.4, 0.5],
        "min_constituent_weight": 0.8,
        "unfilled": "carry",
    }
    assert least(IndexEnhancementSettings, of_index) == {"index": "csi300", "unfilled": "carry"}
    own = {"index": "csi300", "constraints": LIMITS}
    assert least(IndexEnhancementSettings, own) == own, "objects have no other spelling"
    assert least(FactorTestSettings, {"deal_price": "close", "n_layers": 10}) == {"entry": "next_close"}


def test_what_the_report_lacks_cannot_be_left_out() -> None:
    needed = {
        "index": "csi800",
        "benchmark": "SH000906",
        "turnover_limits": (0.5,),
        "min_constituent_weight": 0.8,
        "max_weight_deviation": 0.008,
        "industry_exposure": 0.0,
        "exposures": {"market_cap": 0.0},
    }
    assert least(IndexEnhancementSettings, {**needed, "cost_aversion": 0.0}) == needed


def test_what_is_no_config_stays() -> None:
    assert effective({"class": "relu", "kwargs": 3, "days": [1, {"a": None}]}) == {
        "class": "relu",
        "kwargs": 3,
        "days": [1, {"a": None}],
    }
