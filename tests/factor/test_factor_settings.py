"""Settings of the factor test: what is refused, and in which words."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.factor import FactorTestSettings
from qlib_mfgru.factor.exclusions import FIELDS

FREQ = "must be 'day', 'week', 'month' or a positive number of trading days"
ENTRIES = "must be one of 'next_vwap', 'next_close', 'next_open', 'same_close'"
RULES = "must be one of 'st', 'suspended', 'limit_up'"


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("pools", "all", "pools is 'all': must be a list"),
        ("pools", None, "pools is None: must be a list"),
        ("pools", [], "pools is []: must not be empty"),
        ("pools", [300], "pools[0] is 300: must be text"),
        ("pools", ["all", "all"], "pools is ['all', 'all']: must not name 'all' twice"),
        ("n_layers", 1, "n_layers is 1: must be at least 2"),
        ("n_layers", 2.5, "n_layers is 2.5: must be a whole number"),
        ("n_layers", "10", "n_layers is '10': must be a whole number"),
        ("freq", "year", f"freq is 'year': {FREQ}"),
        ("freq", 0, f"freq is 0: {FREQ}"),
        ("freq", -5, f"freq is -5: {FREQ}"),
        ("freq", 2.5, f"freq is 2.5: {FREQ}"),
        ("freq", True, f"freq is True: {FREQ}"),
        ("freq", None, f"freq is None: {FREQ}"),
        ("winsorize", "3sigma", "winsorize is '3sigma': must be one of 'mad', 'quantile', None"),
        ("winsorize", 5, "winsorize is 5: must be one of 'mad', 'quantile', None"),
        ("neutralize", None, "neutralize is None: must be a list"),
        ("neutralize", "industry", "neutralize is 'industry': must be a list"),
        ("exclude", None, "exclude is None: must be a list"),
        ("exclude", ["st", "bst"], f"exclude[1] is 'bst': {RULES}"),
        ("exclude", ["st", "st"], "exclude is ['st', 'st']: must not name 'st' twice"),
        ("entry", "next_high", f"entry is 'next_high': {ENTRIES}"),
        ("entry", None, f"entry is None: {ENTRIES}"),
        ("deal_price", "high", "deal_price is 'high': must be vwap, close or open; better set entry"),
        ("compare_entries", "same_close", "compare_entries is 'same_close': must be a list"),
        ("compare_entries", ["close"], f"compare_entries[0] is 'close': {ENTRIES}"),
        (
            "compare_entries",
            ["next_open"] * 2,
            "compare_entries is ['next_open', 'next_open']: must not name 'next_open' twice",
        ),
        ("compare_entries", ["next_vwap"], "compare_entries names 'next_vwap', which is the entry itself"),
        ("horizons", 5, "horizons is 5: must be a list"),
        ("horizons", [], "horizons is []: must not be empty"),
        ("horizons", [5, 0], "horizons[1] is 0: must be at least 1"),
        ("horizons", [2.5], "horizons[0] is 2.5: must be a whole number"),
        (
            "start_time",
            "2021-01-01T00:00+08:00",
            "start_time is '2021-01-01T00:00+08:00': must be a date without a time zone",
        ),
        ("start_time", 5, "start_time is 5: must be a date such as 2020-01-31"),
        ("end_time", "soon", "end_time is 'soon': must be a date such as 2020-01-31"),
    ],
)
def test_a_bad_value_gets_one_line(setting: str, value: Any, message: str) -> None:
    with pytest.raises(InputError) as error:
        FactorTestSettings(**{setting: value})
    assert str(error.value) == message


def test_several_slips_stand_in_one_line() -> None:
    with pytest.raises(InputError) as error:
        FactorTestSettings(n_layers=1, horizons=5)
    assert str(error.value) == "n_layers is 1: must be at least 2; horizons is 5: must be a list"


def test_a_time_that_ends_before_it_starts() -> None:
    with pytest.raises(InputError) as error:
        FactorTestSettings(start_time=20230501, end_time="2023-04-28")
    assert str(error.value) == "start_time 2023-05-01 is after end_time 2023-04-28"


def test_an_unknown_setting_is_a_type_error_that_offers_the_nearest() -> None:
    with pytest.raises(TypeError) as error:
        FactorTestSettings(n_layer=5)
    assert str(error.value) == "unknown setting 'n_layer'; did you mean 'n_layers'?"
    assert isinstance(error.value, InputError)


def test_what_yaml_and_numpy_hand_over() -> None:
    settings = FactorTestSettings(pools=["all"], freq=np.int64(5), neutralize=[], start_time=20210101)
    assert settings.pools == ("all",)
    assert (settings.freq, type(settings.freq)) == (5, int)
    assert settings.start_time == pd.Timestamp("2021-01-01")
    assert settings.exclude == tuple(FIELDS)


def test_fields_may_be_written_in_any_case_but_once() -> None:
    assert FactorTestSettings(neutralize=["Industry", "$Market_Cap"]).neutralize == ("industry", "market_cap")
    with pytest.raises(InputError, match=r"neutralize is .*: must not name 'industry' twice"):
        FactorTestSettings(neutralize=["industry", "Industry"])


def test_the_old_name_of_the_entry() -> None:
    """In configs, and in results that were kept when it was `deal_price`."""
    assert FactorTestSettings(deal_price="close") == FactorTestSettings(entry="next_close")
    with pytest.raises(InputError, match="deal_price and entry are the same setting: leave deal_price out"):
        FactorTestSettings(deal_price="close", entry="next_close")
    kept = FactorTestSettings(entry="next_close", n_layers=5)
    state = kept.__getstate__()
    values = {name: value for name, value in state["__dict__"].items() if name not in ("entry", "compare_entries")}
    read = FactorTestSettings.__new__(FactorTestSettings)
    read.__setstate__({**state, "__dict__": {**values, "deal_price": "close"}})
    assert read == kept
    assert pickle.loads(pickle.dumps(kept)) == kept


def test_the_entries_that_are_compared_have_all_other_settings() -> None:
    settings = FactorTestSettings(n_layers=5, freq=3, compare_entries=["same_close", "next_open"])
    assert settings.compared == (
        FactorTestSettings(n_layers=5, freq=3, entry="same_close"),
        FactorTestSettings(n_layers=5, freq=3, entry="next_open"),
    )
