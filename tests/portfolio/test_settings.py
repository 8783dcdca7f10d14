"""The Huatai report's settings, and what is refused: in one line with the setting, its value and what is allowed."""

from __future__ import annotations

import copy
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.portfolio import (
    IndexEnhancementExchange,
    IndexEnhancementRecord,
    IndexEnhancementSettings,
    IndexEnhancementStrategy,
    Turnover,
)
from qlib_mfgru.portfolio.optimise import constraints as c
from qlib_mfgru.settings import UnknownSetting

NAN = float("nan")
FRACTION = "must be a fraction from 0 to 1"
TWO_SIDED = "must be a fraction from 0 to 2, buys plus sells"


@pytest.mark.parametrize(
    ("index", "floor", "deviation", "industry", "size", "benchmark"),
    [
        ("csi300", 0.8, 0.008, 0.0, 0.0, "SH000300"),
        ("csi500", 0.6, 0.008, 0.0, 0.0, "SH000905"),
        ("csi1000", 0.8, 0.008, 0.02, 0.2, "SH000852"),
        ("cni2000", 0.8, 0.010, 0.02, 0.2, "SZ399303"),
    ],
)
def test_an_index_alone_means_the_reports_settings(
    index: str, floor: float, deviation: float, industry: float, size: float, benchmark: str
) -> None:
    settings = IndexEnhancementSettings(index)
    assert (settings.turnovers, settings.benchmark) == ([0.3, 0.4, 0.5], benchmark)
    limits = {constraint.name: constraint for constraint in settings.limits(0.4)}
    assert limits["constituent_floor"] == c.ConstituentFloor(floor)
    assert limits["weight_deviation"] == c.WeightDeviation(deviation)
    assert limits["industry_exposure"] == c.IndustryExposure(industry)
    assert limits["market_cap_exposure"] == c.FactorExposure("market_cap", size)
    assert limits["turnover"] == Turnover(0.4)
    assert settings.buy_cost + settings.sell_cost == 0.004
    assert IndexEnhancementSettings(index.upper()) == settings
    assert IndexEnhancementSettings(index=index, industry_exposure=None, benchmark=None) == settings


def test_own_constraints_take_the_reports_place() -> None:
    own = [c.FullInvestment(), {"class": "LongOnly", "module_path": "qlib_mfgru.portfolio"}]
    settings = IndexEnhancementSettings("csi300", constraints=own, turnover_limits=[0.2])
    assert settings.limits(0.2) == [c.FullInvestment(), c.LongOnly(), Turnover(0.2)]


def test_what_may_be_written_in_other_ways() -> None:
    settings = IndexEnhancementSettings(
        "csi300",
        turnover_limits=[np.float64(0.3), 1, 2],
        blacklist=["sz300002", "300002", "600000.SH", 300750],
        benchmark="000905",
        exposures={"$beta": 1},
        deal_price="$open",
        start_time=20210104,
        end_time=pd.Timestamp("2021-02-01"),
    )
    assert settings.turnovers == [0.3, 1.0, 2.0]
    assert settings.blacklist == ("SZ300002", "SZ300002", "SH600000", "SZ300750")
    assert (settings.benchmark, settings.exposures, settings.deal_price) == ("SH000905", {"beta": 1.0}, "open")
    assert (settings.start_time, settings.end_time) == (pd.Timestamp("2021-01-04"), pd.Timestamp("2021-02-01"))


REFUSED = [
    ({"turnover_limits": [40]}, rf"turnover_limits\[0\] is 40: {TWO_SIDED}; 40 percent is 0.4"),
    ({"turnover_limits": [0.3, NAN]}, r"turnover_limits\[1\] is nan: must be a finite number"),
    ({"turnover_limits": [-0.1]}, r"turnover_limits\[0\] is -0.1: must be at least 0"),
    ({"turnover_limits": ["0.3"]}, r"turnover_limits\[0\] is '0.3': must be a number \(without quotes: 0.3\)"),
    ({"turnover_limits": 0.3}, "turnover_limits is 0.3: must be a list"),
    ({"turnover_limits": []}, r"turnover_limits is \[\]: must not be empty"),
    ({"turnover_limits": [0.3, 0.3]}, r"turnover_limits is \[0.3, 0.3\]: must not name 0.3 twice"),
    ({"min_constituent_weight": 80}, f"min_constituent_weight is 80: {FRACTION}; 80 percent is 0.8"),
    ({"max_weight_deviation": -0.01}, "max_weight_deviation is -0.01: must be at least 0"),
    ({"max_weight_deviation": NAN}, "max_weight_deviation is nan: must be a finite number"),
    ({"industry_exposure": -1}, "industry_exposure is -1: must be at least 0"),
    ({"industry_exposure": 2}, f"industry_exposure is 2: {FRACTION}; 2 percent is 0.02"),
    ({"exposures": {"market_cap": -0.1}}, "exposures.market_cap is -0.1: must be at least 0"),
    ({"exposures": ["market_cap"]}, r"exposures is \['market_cap'\]: must be a mapping"),
    ({"buy_cost": -1}, "buy_cost is -1: must be at least 0"),
    ({"buy_cost": 2}, f"buy_cost is 2: {FRACTION}; 2 percent is 0.02"),
    ({"sell_cost": NAN}, "sell_cost is nan: must be a finite number"),
    ({"account": -1e8}, "account is -100000000.0: must be above 0"),
    ({"risk_degree": 99}, f"risk_degree is 99: {FRACTION}; 99 percent is 0.99"),
    ({"risk_degree": 0}, "risk_degree is 0: must be above 0"),
    ({"blacklist": "SZ300002"}, "blacklist is 'SZ300002': must be a list"),
    ({"blacklist": ["SZ30000"]}, r"blacklist\[0\] is 'SZ30000': must be a code such as SH600000"),
    ({"blacklist": [True]}, r"blacklist\[0\] is True: must be a code such as SH600000"),
    ({"benchmark": "large"}, "benchmark is 'large': must be a code such as SH000300"),
    ({"benchmark": "CSI300"}, "benchmark is 'CSI300': must be a code such as SH000300"),
    ({"deal_price": "high"}, "deal_price is 'high': must be one of 'vwap', 'close', 'open'"),
    ({"unfilled": "retry"}, "unfilled is 'retry': must be one of 'drop', 'carry'"),
    ({"index_weights": "equal"}, "index_weights is 'equal': must be one of 'drifted', 'market_cap'"),
    ({"start_time": 2021}, "start_time is 2021: must be a date such as 2020-01-31"),
    ({"end_time": "soon"}, "end_time is 'soon': must be a date such as 2020-01-31"),
    ({"start_time": "2021-02-01", "end_time": 20210104}, "start_time 2021-02-01 is after end_time 2021-01-04"),
    ({"cost_aversion": -1}, "cost_aversion is -1: must be at least 0"),
    ({"relaxation": "no_st"}, "relaxation is 'no_st': must be a list"),
    ({"relaxation": ["size"]}, "relaxation names 'size'; those that can give way are full_investment, "),
    ({"relaxation": ["turnover"]}, "relaxation names 'turnover', which never gives way; those that can are full_"),
    ({"relaxation": ["no_st", "no_st"]}, "relaxation names 'no_st' twice"),
    ({"index": 300}, "index is 300: must be text"),
    ({"index": "sse50"}, "the Huatai report has csi300, csi500, csi1000, cni2000, not sse50: set "),
]
OF_THE_RECORD = [
    ({"index": "sse50"}, ".* set turnover_limits, benchmark, min_constituent_weight, max_weight_deviation, indus"),
    ({"constraints": []}, r"constraints is \(\): must not be empty"),
    ({"constraints": c.LongOnly()}, r"constraints is LongOnly\(\): must be a list"),
    ({"constraints": [c.Turnover(0.3)]}, r"several constraints have the same name: \['turnover', 'turnover'\]"),
    (
        {"constraints": [c.LongOnly()], "industry_exposure": 0, "blacklist": ["SZ300002"]},
        "constraints take the place of industry_exposure, blacklist: write these as constraints too",
    ),
    (
        {"constraints": [{"class": "LongOnli", "module_path": "qlib_mfgru.portfolio"}]},
        r"constraints\[0\].class is 'LongOnli': no such class",
    ),
    (
        {"constraints": [{"class": "Turnover", "module_path": "qlib_mfgru.portfolio", "kwargs": {"limit": 40}}]},
        rf"constraints\[0\]: Turnover.limit is 40: {TWO_SIDED}; 40 percent is 0.4",
    ),
]


@pytest.mark.parametrize(("settings", "message"), [*REFUSED, *OF_THE_RECORD])
def test_what_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=f"^{message}") as caught:
        IndexEnhancementSettings(**{"index": "csi300", **settings})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("settings", "message"), [row for row in REFUSED if "turnover_limits" not in row[0]])
def test_the_strategy_refuses_the_same(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=f"^{message}"):
        IndexEnhancementStrategy(signal=None, **{"index": "csi300", "turnover_limit": 0.4, **settings})


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"turnover_limit": 40}, InputError, f"turnover_limit is 40: {TWO_SIDED}; 40 percent is 0.4"),
        ({"turnover_limit": NAN}, InputError, "turnover_limit is nan: must be a finite number"),
        ({}, InputError, "turnover_limit is missing"),
        (
            {"turnover_limits": [0.4]},
            UnknownSetting,
            "unknown setting 'turnover_limits'; did you mean 'turnover_limit'",
        ),
        ({"turnover_limit": 0.4, "topk": 50}, UnknownSetting, "unknown setting 'topk'; known are deal_price"),
    ],
)
def test_the_strategys_own_settings(settings: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"^{message}"):
        IndexEnhancementStrategy(signal=None, index="csi300", **settings)


EXCHANGE = ("buy_cost", "sell_cost", "deal_price", "start_time", "end_time")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        *(row for row in REFUSED if set(row[0]) <= set(EXCHANGE)),
        ({"min_cost": -5}, "min_cost is -5: must be at least 0"),
        ({"impact_cost": 10}, f"impact_cost is 10: {FRACTION}; 10 percent is 0.1"),
        ({"trade_unit": 0}, "trade_unit is 0: must be at least 1"),
        ({"volume_threshold": "$volume"}, "volume_threshold is '\\$volume': must be a list or a mapping"),
        ({"volume_threshold": ["now", "$volume"]}, r"volume_threshold\[0\] is 'now': must be one of 'cum', 'current'"),
    ],
)
def test_what_the_exchange_refuses(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=f"^{message}"):
        IndexEnhancementExchange(**settings)


def test_unknown_settings_are_type_errors_as_qrun_needs_them() -> None:
    for kind in (IndexEnhancementSettings, partial(IndexEnhancementRecord, None)):
        with pytest.raises(TypeError, match=r"^unknown setting 'turnover'; did you mean 'turnover_limits'"):
            kind(index="csi300", turnover=0.3)
        with pytest.raises(InputError, match=r"^index is missing$"):
            kind()
    with pytest.raises(UnknownSetting, match=r"^unknown setting 'codes'"):
        IndexEnhancementExchange(codes="csi300")


def test_own_constraints_need_no_limits_of_another_index() -> None:
    own = {"constraints": [c.FullInvestment()], "turnover_limits": [0.3]}
    with pytest.raises(InputError, match=r"not sse50: set benchmark$"):
        IndexEnhancementSettings("sse50", **own)
    assert IndexEnhancementSettings("sse50", benchmark="SH000016", **own).benchmark == "SH000016"


def test_codes_of_other_markets_stay_as_they_are() -> None:
    settings = IndexEnhancementSettings("csi300", benchmark="LARGE", blacklist=["AAPL", "BRK.B", "HK00001", "^GSPC"])
    assert (settings.benchmark, settings.blacklist) == ("LARGE", ("AAPL", "BRK.B", "HK00001", "^GSPC"))


def test_numbers_are_codes_of_the_market_that_has_them() -> None:
    """Also of settings that are made from others, or copied."""
    settings = IndexEnhancementSettings("csi300", blacklist=["00700", "2330"])
    assert settings.blacklist == ("00700", "SZ002330")
    for each in (settings, settings.changed(cost_aversion=1.0), copy.deepcopy(settings)):
        each.check_blacklist(["00700", "2330"])
        each.check_blacklist(["00700", "SZ002330"])
        with pytest.raises(InputError, match=r"^blacklist names 00700: the provider's market `all` has no such stock$"):
            each.check_blacklist(["700", "2330"])


def test_fields_and_codes_may_be_written_in_any_case_but_once() -> None:
    settings = IndexEnhancementSettings("csi300", exposures={"$Market_Cap": 0.1}, blacklist=[np.int64(300002)])
    assert (settings.exposures, settings.blacklist) == ({"market_cap": 0.1}, ("SZ300002",))
    with pytest.raises(InputError, match=r"exposures is .*: must not name 'market_cap' twice"):
        IndexEnhancementSettings("csi300", exposures={"market_cap": 0, "$market_cap": 0.5})


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"folder": "../x"}, "folder is '../x': must be a folder's name such as with_costs"),
        ({"folder": "/etc"}, "folder is '/etc': must be a folder's name such as with_costs"),
        ({"folder": 5}, "folder is 5: must be text"),
        ({"skip_existing": "no"}, "skip_existing is 'no': must be true or false"),
        ({"name": ["a"]}, "name is ['a']: must be text"),
    ],
)
def test_a_records_own_keywords_are_checked(keywords: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as error:
        IndexEnhancementRecord(None, index="csi300", **keywords)
    assert str(error.value).startswith(message)


def test_a_folder_may_lie_in_another() -> None:
    record = IndexEnhancementRecord(None, index="csi300", folder="2023/with-costs")
    assert record.artifact_path == "index_enhancement/2023/with-costs"
