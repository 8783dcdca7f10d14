"""The settings of a demo market: their ranges, and the one line that a wrong one gets."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from qlib_mfgru.demo import DemoSpec
from qlib_mfgru.errors import InputError


def test_the_default_market():
    assert DemoSpec().model_dump() == {
        "n_stocks": 200,
        "n_days": 978,
        "intraday_days": 484,
        "seed": 0,
        "daily_strength": 1.0,
        "intraday_strength": 1.0,
        "start": "2020-01-01",
        "session": "ashare",
    }


@pytest.mark.parametrize("start", ["2020-01-01", 20200101, pd.Timestamp("2020-01-01"), "2020/1/1"])
def test_a_start_is_kept_as_text(start: object):
    assert DemoSpec(start=start) == DemoSpec()


def test_every_purpose_has_random_numbers_of_its_own_and_the_seed_changes_them_all():
    draws = [
        DemoSpec(seed=seed).stream(*names).random()
        for seed, names in ((0, ("bars", 0)), (0, ("bars", 32)), (0, ("factors",)), (1, ("bars", 0)))
    ]
    assert len(set(draws)) == 4
    assert DemoSpec(n_stocks=20).stream("bars", 0).random() == draws[0]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_stocks": 5}, "n_stocks is 5: must be at least 20"),
        ({"n_stocks": 6001}, "n_stocks is 6001: must be at most 6000"),
        ({"n_stocks": 25.5}, "n_stocks is 25.5: must be a whole number"),
        ({"n_days": 10}, "n_days is 10: must be at least 60"),
        ({"n_days": 100, "intraday_days": 101}, "intraday_days is 101: must be at most n_days, which is 100"),
        ({"intraday_days": 0}, "intraday_days is 0: must be at least 1"),
        ({"daily_strength": 9}, "daily_strength is 9: must be at most 3"),
        ({"intraday_strength": -0.5}, "intraday_strength is -0.5: must be at least 0"),
        ({"intraday_strength": "strong"}, "intraday_strength is 'strong': must be a number"),
        ({"start": "soon"}, "start is 'soon': must be a date such as 2020-01-31"),
        ({"session": "uk"}, "session is 'uk': must be one of 'ashare', 'us', 'hk', 'crypto'"),
        ({"seed": -1}, "seed is -1: must be at least 0"),
        ({"stocks": 30}, "unknown setting 'stocks'; did you mean 'n_stocks'?"),
    ],
)
def test_a_wrong_setting_is_told_in_one_line(settings: dict[str, Any], message: str):
    with pytest.raises(InputError) as error:
        DemoSpec(**settings)
    assert str(error.value) == message
