"""Settings of a handler: what is refused, in which words, and before anything is read."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from small_market import CODES, LABEL

from qlib_mfgru.data import MultiFreqHandler
from qlib_mfgru.errors import InputError
from qlib_mfgru.settings import UnknownSetting

MakeHandler = Callable[..., MultiFreqHandler]

MAPPING = "must be a mapping such as {day: {days: 40, scale: last}}"
EXPRESSION = "must be one qlib expression, as text, [text] or ([text], [name])"
AHEAD = "must look at least one whole day ahead, as Ref($close, -1) does"
KNOWN = (
    "must be one of open, high, low, close, vwap, volume, amount, limit_up, limit_down, factor, market_cap, is_st, or "
    "declared: {name: $pe, kind: price | quantity | level, scale: own | none}"
)
STOCKS = "must be a market, a list of codes, or what D.instruments returns"

HANDLER = [
    ({"inputs": "40d"}, f"inputs is '40d': {MAPPING}"),
    ({"inputs": ["day", "15min"]}, f"inputs is ['day', '15min']: {MAPPING}"),
    ({"inputs": {}}, f"inputs is {{}}: {MAPPING}"),
    ({"inputs": {"day": 40}}, "inputs.day is 40: must be a mapping with days, scale, fields"),
    ({"inputs": {"day": "40d"}}, "inputs.day is '40d': must be a mapping with days, scale, fields"),
    ({"inputs": {"day": [40, "last"]}}, "inputs.day is [40, 'last']: must be a mapping with days, scale, fields"),
    ({"inputs": {"15min": {"days": "x", "scale": "mean"}}}, "inputs.15min.days is 'x': must be a whole number"),
    ({"inputs": {"day": {"days": 0, "scale": "last"}}}, "inputs.day.days is 0: must be at least 1"),
    ({"inputs": {"day": {"days": 2.5, "scale": "last"}}}, "inputs.day.days is 2.5: must be a whole number"),
    ({"inputs": {"day": {"days": 5, "scale": "max"}}}, "inputs.day.scale is 'max': must be one of 'mean', 'last'"),
    ({"inputs": {"day": {"days": 5}}}, "inputs.day.scale is missing"),
    ({"inputs": {"day": {"dyas": 5}}}, "unknown setting 'inputs.day.dyas'; did you mean 'days'?"),
    ({"inputs": {"day": {"days": 5, "scale": "last", "fields": "close"}}}, "inputs.day.fields is 'close': must be a "
     "list"),
    ({"inputs": {"day": {"days": 5, "scale": "last", "fields": []}}}, "inputs.day.fields is []: must not be empty"),
    ({"inputs": {"day": {"days": 5, "scale": "last", "fields": ["$pe"]}}}, f"inputs.day.fields[0] is '$pe': {KNOWN}"),
    ({"clip": 0}, "clip is 0: must be above 0"),
    ({"clip": -3}, "clip is -3: must be above 0"),
    ({"clip": float("nan")}, "clip is nan: must be a finite number"),
    ({"clip": "3"}, "clip is '3': must be a number (without quotes: 3.0)"),
    ({"min_traded": 2}, "min_traded is 2: must be a fraction from 0 to 1; 2 percent is 0.02"),
    ({"min_traded": 80}, "min_traded is 80: must be a fraction from 0 to 1; 80 percent is 0.8"),
    ({"min_traded": -0.1}, "min_traded is -0.1: must be at least 0"),
    ({"min_traded": None}, "min_traded is None: must be a number"),
    ({"start_time": 2021}, "start_time is 2021: must be a date such as 2020-01-31"),
    ({"end_time": "soon"}, "end_time is 'soon': must be a date such as 2020-01-31"),
    ({"start_time": "2024-03-01", "end_time": 20240201}, "start_time 2024-03-01 is after end_time 2024-02-01"),
    ({"instruments": 300}, f"instruments is 300: {STOCKS}"),
    ({"instruments": None}, f"instruments is None: {STOCKS}"),
    ({"instruments": []}, f"instruments is []: {STOCKS}"),
    ({"instruments": ["SH600000", 600001]}, f"instruments is ['SH600000', 600001]: {STOCKS}"),
    ({"cache_dir": 3}, "cache_dir is 3: must be a path"),
    ({"instrument": "all"}, "unknown setting 'instrument'; did you mean 'instruments'?"),
    ({"label": ""}, f"label is '': {EXPRESSION}"),
    ({"label": None}, f"label is None: {EXPRESSION}"),
    ({"label": ["$open", "$close"]}, f"label is ['$open', '$close']: {EXPRESSION}"),
    ({"label": "$close / Ref($close, 1) - 1"}, f"label is '$close / Ref($close, 1) - 1': {AHEAD}"),
    ({"label": "$close"}, f"label is '$close': {AHEAD}"),
    ({"label": "Ref($close, -1.5)"}, "label is 'Ref($close, -1.5)': Ref is over -1.5 days: must be whole days, back or "
     "negative, and not 0"),
    ({"label": "Rfe($close, -2)"}, "label is 'Rfe($close, -2)': qlib cannot read it (The operator [Rfe] is not "
     "registered)"),
    ({"label": "Ref(close, -2)"}, "label is 'Ref(close, -2)': qlib cannot read it (name 'close' is not defined)"),
    ({"label": "Ref($close, -2"}, "label is 'Ref($close, -2': qlib cannot read it ('(' was never closed (<string>, "
     "line 1))"),
    ({"label": "Ref($close@15min, -2) / $close"}, "label is 'Ref($close@15min, -2) / $close': qlib cannot read it "
     "(invalid decimal literal (<string>, line 1))"),
    ({"label": "1 + 1"}, "label is '1 + 1': must be a qlib expression over fields such as $close"),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "message"), HANDLER, ids=[message[:50] for _, message in HANDLER])
def test_a_handler_refuses(make_handler: MakeHandler, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as refused:
        make_handler(**settings)
    assert str(refused.value) == message


def test_a_field_that_the_provider_lacks(make_handler: MakeHandler, provider: Path) -> None:
    with pytest.raises(InputError) as refused:
        make_handler(label="Ref($clse, -2) / $close - 1")
    assert str(refused.value) == (
        f"label is 'Ref($clse, -2) / $close - 1': the provider {provider} has no $clse at day"
    )


BEFORE_INIT = """
import sys, qlib
from qlib_mfgru.data import MultiFreqHandler
from qlib_mfgru.errors import InputError
handlers = [MultiFreqHandler(label=label, cache_dir=sys.argv[2]) for label in ("Ref($clse, -2)", "Rfe($close, -2)")]
try:
    MultiFreqHandler(clip=0)
except InputError as error:
    print(error)
qlib.init(provider_uri=sys.argv[1], region="cn", kernels=1, logging_level=40)
for handler in handlers:
    try:
        handler.panels
    except InputError as error:
        print(error)
qlib.log.get_module_logger("mfgru").error("qlib logs again")
"""


def test_before_qlib_is_initialised_the_label_is_left_to_the_opening(provider: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", BEFORE_INIT, str(provider), str(tmp_path)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert run.stdout.splitlines() == [
        "clip is 0: must be above 0",
        f"label is 'Ref($clse, -2)': the provider {provider} has no $clse at day",
        "label is 'Rfe($close, -2)': qlib cannot read it (The operator [Rfe] is not registered)",
    ]
    (logged,) = run.stderr.splitlines()  # qlib would show a traceback of what it cannot read
    assert logged.endswith("qlib logs again")
    assert not list(tmp_path.iterdir()), "a panel was made before the label was looked at"


def test_settings_of_a_handler_are_its_attributes(make_handler: MakeHandler) -> None:
    handler = make_handler(start_time=20240201, end_time="2024-04-01", clip=3)
    assert handler.start_time == handler.settings.start_time == pd.Timestamp("2024-02-01")
    assert handler.panels.days[0] == pd.Timestamp("2024-02-01")
    assert {freq: (spec.days, spec.scale) for freq, spec in handler.inputs.items()} == {
        "day": (10, "last"),
        "15min": (5, "mean"),
    }
    assert (handler.label.expression, handler.clip, handler.min_traded) == (LABEL, 3.0, 0.8)


def test_changed_settings_of_a_handler_are_checked(handler: MultiFreqHandler) -> None:
    before = handler.panels
    with pytest.raises(InputError, match=r"^end_time is 2024: must be a date such as 2020-01-31$"):
        handler.config(end_time=2024)
    with pytest.raises(UnknownSetting, match=r"^unknown setting 'end_tme'; did you mean 'end_time'\?$"):
        handler.config(end_tme="2024-03-01")
    with pytest.raises(UnknownSetting, match=r"^unknown setting 'init_tpye'; did you mean 'init_type'\?$"):
        handler.setup_data(init_tpye="load_state")
    assert handler.panels is before, "what was refused has changed the handler"
    handler.config(instruments=CODES[:3], clip=2, dump_all=False)
    assert handler.panels.members.any(axis=0).sum() == 3
    assert handler.panels.windows["day"].source.clip == 2.0
