"""Settings in general: what may be written, and the one line that anything else gets.

In literal messages; the tests of each room hold its own settings to them.
"""

from __future__ import annotations

import pickle
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.settings import (
    Count,
    Distinct,
    Flag,
    Folder,
    Fraction,
    Le,
    Len,
    Listed,
    Names,
    NonNegative,
    Number,
    Positive,
    Seed,
    Settings,
    Stamp,
    Text,
    UnknownSetting,
    Whole,
    checked,
    refuse_unknown,
    shown,
)


class Window(Settings):
    days: Count
    scale: Literal["mean", "last"]


class Experiment(Settings):
    windows: dict[Text, Window] = {}  # noqa: RUF012
    rate: Number = 0.1
    clip: Positive | None = None
    seeds: Annotated[tuple[Seed, ...], Listed, Len(1), Distinct] = (0,)


NAN, INF = float("nan"), float("inf")

REFUSED = [
    (Whole, 2.5, "x is 2.5: must be a whole number"),
    (Whole, 2.0, "x is 2.0: must be a whole number"),
    (Whole, "2", "x is '2': must be a whole number"),
    (Whole, True, "x is True: must be a whole number"),
    (Whole, None, "x is None: must be a whole number"),
    (Count, 0, "x is 0: must be at least 1"),
    (Count, -5, "x is -5: must be at least 1"),
    (Seed, -1, "x is -1: must be at least 0"),
    (Seed, 2**64, "x is 18446744073709551616: must be below 1.84467e+19"),
    (Number, "0.001", "x is '0.001': must be a number (without quotes: 0.001)"),
    (Number, "1e-3", "x is '1e-3': must be a number (without quotes: 0.001)"),
    (Number, "quick", "x is 'quick': must be a number"),
    (Number, NAN, "x is nan: must be a finite number"),
    (Number, INF, "x is inf: must be a finite number"),
    (Number, True, "x is True: must be a number"),
    (Number, [1.0], "x is [1.0]: must be a number"),
    (Positive, 0, "x is 0: must be above 0"),
    (NonNegative, -1e-9, "x is -1e-09: must be at least 0"),
    (Annotated[Number, Le(3)], 4, "x is 4: must be at most 3"),
    (Fraction, 80, "x is 80: must be a fraction from 0 to 1; 80 percent is 0.8"),
    (Fraction, np.int64(40), "x is 40: must be a fraction from 0 to 1; 40 percent is 0.4"),
    (Fraction, -0.01, "x is -0.01: must be at least 0"),
    (Fraction, NAN, "x is nan: must be a finite number"),
    (Flag, "no", "x is 'no': must be true or false"),
    (Flag, 1, "x is 1: must be true or false"),
    (Text, "", "x is '': must not be empty"),
    (Text, 3, "x is 3: must be text"),
    (Names, "day", "x is 'day': must be a list"),
    (Names, 3, "x is 3: must be a list"),
    (Names, {"day": 1}, "x is {'day': 1}: must be a list"),
    (Names, ["day", 3], "x[1] is 3: must be text"),
    (Annotated[Names, Len(1)], [], "x is []: must not be empty"),
    (Annotated[Names, Distinct], ["a", "b", "a"], "x is ['a', 'b', 'a']: must not name 'a' twice"),
    (Literal["sample", "date"], "week", "x is 'week': must be one of 'sample', 'date'"),
    (Literal["a", "b", "c"], None, "x is None: must be one of 'a', 'b', 'c'"),
    (Stamp, "soon", "x is 'soon': must be a date such as 2020-01-31"),
    (Stamp, 2021, "x is 2021: must be a date such as 2020-01-31"),
    (Stamp, 20211301, "x is 20211301: must be a date such as 2020-01-31"),
    (Stamp, "2020-01", "x is '2020-01': must be a date such as 2020-01-31"),
    (Stamp, "03/04/2020", "x is '03/04/2020': must be a date such as 2020-01-31"),
    (Stamp, True, "x is True: must be a date such as 2020-01-31"),
    (Stamp, NAN, "x is nan: must be a date such as 2020-01-31"),
    (Stamp, pd.NaT, "x is NaT: must be a date such as 2020-01-31"),
    (Stamp, "2020-01-02T10:00+08:00", "x is '2020-01-02T10:00+08:00': must be a date without a time zone"),
    (Folder, 3, "x is 3: must be a path"),
    (Folder, "", "x is '': must be a path"),
    (Window, 40, "x is 40: must be a mapping with days, scale"),
    (Window, {"days": 40}, "x.scale is missing"),
    (dict[Text, Window], "40d", "x is '40d': must be a mapping"),
    (dict[Text, Window], {"15min": {"days": 0, "scale": "mean"}}, "x.15min.days is 0: must be at least 1"),
    (Text | Names, 3, "x is 3: must be text or a list"),
]


@pytest.mark.parametrize(("kind", "value", "message"), REFUSED, ids=[message[:60] for *_, message in REFUSED])
def test_what_is_refused(kind: Any, value: Any, message: str) -> None:
    with pytest.raises(InputError) as refused:
        checked(kind, "x", value)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (Whole, np.int64(3), 3),
        (Number, 3, 3.0),
        (Number, np.float32(0.5), 0.5),
        (Fraction, 1, 1.0),
        (Flag, False, False),
        (Names, np.array(["a", "b"]), ("a", "b")),
        (Stamp, 20210104, pd.Timestamp("2021-01-04")),
        (Stamp, "20210104", pd.Timestamp("2021-01-04")),
        (Stamp, "2021/1/4", pd.Timestamp("2021-01-04")),
        (Stamp, "2021-01-04 15:00:00", pd.Timestamp("2021-01-04 15:00")),
        (Stamp, date(2021, 1, 4), pd.Timestamp("2021-01-04")),
        (Stamp, datetime(2021, 1, 4, 15), pd.Timestamp("2021-01-04 15:00")),
        (Stamp, np.datetime64("2021-01-04"), pd.Timestamp("2021-01-04")),
        (Stamp, pd.Timestamp("2021-01-04"), pd.Timestamp("2021-01-04")),
        (Folder, "~/units", Path("~/units")),
        (Window, {"days": 3, "scale": "last"}, Window(days=3, scale="last")),
        (Window, Window(days=3, scale="last"), Window(days=3, scale="last")),
    ],
)
def test_what_is_taken(kind: Any, value: Any, expected: Any) -> None:
    taken = checked(kind, "x", value)
    assert taken == expected
    assert type(taken) is type(expected)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"rate": "a", "seeds": [0, -1]}, "rate is 'a': must be a number; seeds[1] is -1: must be at least 0"),
        ({"windows": {"day": {"days": "x", "scale": "max"}}}, "windows.day.days is 'x': must be a whole number; "
         "windows.day.scale is 'max': must be one of 'mean', 'last'"),
        ({"clip": 0}, "clip is 0: must be above 0"),
    ],
)  # fmt: skip
def test_all_slips_of_a_record_stand_in_one_line(values: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as refused:
        Experiment(**values)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"sedes": [1]}, "unknown setting 'sedes'; did you mean 'seeds'?"),
        ({"epochs": 3}, "unknown setting 'epochs'; known are windows, rate, clip, seeds"),
        ({"sedes": [1], "cilp": 2, "rate": "a"}, "unknown setting 'sedes'; did you mean 'seeds'?; unknown setting "
         "'cilp'; did you mean 'clip'?"),
        ({"windows": {"day": {"dyas": 3}}}, "unknown setting 'windows.day.dyas'; did you mean 'days'?"),
    ],
)  # fmt: skip
def test_an_unknown_name_is_refused_with_the_nearest(values: dict[str, Any], message: str) -> None:
    """As a TypeError too, which qrun expects of a record that takes no `model`."""
    with pytest.raises(UnknownSetting) as refused:
        Experiment(**values)
    assert str(refused.value) == message
    assert isinstance(refused.value, TypeError)
    assert isinstance(refused.value, InputError)


def test_names_without_a_record() -> None:
    refuse_unknown(["segments"], ["segments", "handler"])
    with pytest.raises(UnknownSetting, match=r"^unknown setting 'segment'; did you mean 'segments'\?$"):
        refuse_unknown(["segments", "segment"], ["segments", "handler"])


def test_a_message_is_one_line_however_long_the_value() -> None:
    assert "\n" not in shown(pd.DataFrame({"a": range(1000)}))
    text = shown(list(range(1000)))
    assert len(text) == 160
    assert text.endswith(" ...")


def test_a_record_is_immutable_and_changes_are_checked() -> None:
    settings = Experiment(clip=3)
    with pytest.raises(ValueError, match="frozen"):
        settings.clip = 4.0  # type: ignore[misc]
    assert settings.changed(clip=4).clip == 4.0
    assert settings.clip == 3.0
    with pytest.raises(InputError, match=r"^clip is -1: must be above 0$"):
        settings.changed(clip=-1)


def test_a_record_pickles_small() -> None:
    settings = Experiment(windows={"day": Window(days=3, scale="last")}, clip=3)
    pickled = pickle.dumps(settings)
    assert pickle.loads(pickled) == settings
    assert len(pickled) < 600
