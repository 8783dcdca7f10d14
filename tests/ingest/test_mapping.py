"""The mapping file: its defaults, its short forms, and what a wrong one is told."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import IngestMapping, load_mapping, parse_mapping
from qlib_mfgru.ingest.mapping.prices import amount_scale, volume_scale
from qlib_mfgru.provider.session import ASHARE, SESSIONS, Session
from qlib_mfgru.settings import UnknownSetting

BARS = {"files": "b/*.csv", "freq": "5min", "stamps": "end"}
ROW_KEYS = (
    "files, wide, sql, url, provider, columns, where, sep, names, skip_rows, day_first, encoding, keep, max_dropped, "
    "optional"
)
NO_SECTION = f"must be a path, a list of paths, or a mapping with {ROW_KEYS}"


def test_defaults_are_filled_in() -> None:
    mapping = IngestMapping(bars=BARS, industry="i.csv", weights={"CSI300": "w.csv"})
    assert mapping.bars is not None
    assert (mapping.bars.files, mapping.bars.volume, mapping.bars.prices) == (("b/*.csv",), None, "raw")
    assert (mapping.bars.volume_units, mapping.bars.amount) == ({"*": "shares"}, {"*": "yuan"})
    assert mapping.industry is not None
    assert (mapping.industry.files, mapping.industry.level) == (("i.csv",), "name")
    assert mapping.weights["csi300"].unit == "percent"
    assert (mapping.carry_members, mapping.missing_vwap, mapping.max_dropped) == (False, "typical", 0.05)
    assert list(mapping.inputs()) == ["bars", "industry", "weights.csi300"]


@pytest.mark.parametrize(
    ("freq", "store", "stored"),
    [
        ("1min", None, ("15min",)),
        ("15min", None, ("15min",)),
        ("30min", None, ("30min",)),
        ("60min", None, ("60min",)),
        ("1min", "5min", ("5min",)),
        ("5min", ["60min", "5min", "15min"], ("5min", "15min", "60min")),
    ],
)
def test_the_provider_holds_15_minutes_or_what_the_mapping_says_finest_first(
    freq: str, store: object, stored: tuple[str, ...]
) -> None:
    mapping = IngestMapping(bars={"files": "b", "freq": freq, "stamps": "end", "store": store})
    assert mapping.bars is not None
    assert mapping.bars.store == stored


def test_a_session_has_a_name_or_is_a_table() -> None:
    assert IngestMapping(bars=BARS).session is ASHARE
    assert IngestMapping(bars=BARS, session="us").session is SESSIONS["us"]
    table = {"hours": ["09:00-13:30"], "zone": "Asia/Taipei", "lot": 1000}
    assert IngestMapping(bars=BARS, session=table).session == Session(
        hours=("09:00-13:30",), zone="Asia/Taipei", lot=1000
    )


def test_units_say_their_scale() -> None:
    mapping = IngestMapping(
        daily={"files": "d.csv", "volume": "lots", "amount": "ten_thousand"},
        float_shares={"files": ["a.csv", "b.csv"], "unit": "ten_thousand"},
    )
    assert mapping.daily is not None
    assert mapping.float_shares is not None
    assert (mapping.daily.volume, mapping.daily.amount) == ({"*": "lots"}, {"*": "ten_thousand"})
    assert [volume_scale("lots", SESSIONS[name]) for name in ("ashare", "us")] == [100.0, 1.0]
    assert (amount_scale("ten_thousand"), mapping.float_shares.scale) == (1e4, 1e4)
    assert mapping.float_shares.files == ("a.csv", "b.csv")


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        ("prices", "prices"),
        ("2020-01-31", pd.Timestamp("2020-01-31")),
        (pd.Timestamp("2020-01-31").date(), pd.Timestamp("2020-01-31")),
        (20200131, pd.Timestamp("2020-01-31")),
        (None, None),
    ],
)
def test_special_treatment_begins_on_a_date_or_when_prices_allow_it(since: object, expected: object) -> None:
    mapping = IngestMapping(daily="d.csv", st={"files": "s.csv", "from_name": True, "since": since})
    assert mapping.st is not None
    assert mapping.st.since == expected


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "give bars, daily, or both"),
        ({"bars": BARS | {"volume": "hands"}}, "bars.volume.* is 'hands': must be one of 'shares', 'lots', "
            "'ten_thousand', 'adjusted'"),
        ({"bars": BARS | {"stamps": "begin"}}, "bars.stamps is 'begin': must be one of 'end', 'start'"),
        ({"bars": {"files": "b.csv", "freq": "5min"}}, "bars: stamps is missing: end or start"),
        ({"bars": "b.csv"}, "bars.freq is missing"),
        ({"daily": {}}, "daily: rows come from files, wide, sql or provider: give one of them"),
        ({"daily": {"files": "d.csv", "sql": "select 1", "url": "sqlite://"}},
         "daily: rows come from files, wide, sql or provider: give not files and sql"),
        ({"daily": {"sql": "select 1"}}, "daily: a database needs both sql and url"),
        ({"bars": BARS | {"files": []}}, "bars.files is []: must not be empty"),
        ({"bars": BARS | {"files": 3}}, "bars.files is 3: must be a path or a list of paths"),
        ({"bars": BARS | {"store": ["15min", "1min"]}},
         "bars.store is ['15min', '1min']: must not be finer than the vendor's freq, 5min"),
        ({"bars": BARS | {"store": "7min"}},
         "bars.store[0] is '7min': must be one of '1min', '5min', '15min', '30min', '60min'"),
        ({"bars": BARS | {"store": []}}, "bars.store is []: must not be empty"),
        ({"bars": BARS | {"store": ["5min", "5min"]}}, "bars.store is ['5min', '5min']: must not name '5min' twice"),
        ({"bars": BARS | {"store": 5}}, "bars.store is 5: must be a list"),
        ({"bars": BARS, "session": "nyse"},
         "session is 'nyse': must be one of ashare, us, hk, crypto, or a table with hours and zone"),
        ({"bars": BARS, "session": {"hours": ["09:30-16:00"]}}, "session.zone is missing"),
        ({"bars": BARS, "session": "us", "st": "s.csv"}, "st: the session has no special_treatment"),
        ({"bars": BARS, "session": "hk", "limits": "l.csv"}, "limits: the session has no price_limits"),
        ({"daily": {"files": "d.csv", "volume": "lots"}, "session": "crypto"},
         "daily.volume is 'lots': the session has no lot"),
        ({"bars": BARS, "session": {"hours": ["09:00-13:30"], "zone": "Asia/Taipei", "special_treatment": True},
          "st": {"files": "s.csv", "from_name": True, "since": "prices"}},
         "st.since is 'prices': the session has no boards whose limits would show it"),
        ({"bars": BARS | {"names": "symbol"}}, "bars.names is 'symbol': must be a list"),
        ({"bars": BARS | {"encoding": "klingon"}},
         "bars.encoding is 'klingon': must be an encoding such as utf-8-sig or gb18030"),
        ({"bars": BARS | {"columns": {"clse": "last"}}},
         "bars.columns is {'clse': 'last'}: 'clse' is no field; did you mean 'close'?"),
        ({"bars": BARS | {"columns": {"close": 5}}}, "bars.columns.close is 5: must be text"),
        ({"bars": 5}, f"bars is 5: {NO_SECTION}, volume, amount, prices, freq, stamps, store"),
        ({"bars": BARS, "limits": True}, f"limits is True: {NO_SECTION}"),
        ({"bars": BARS, "weights": {"csi300": {"files": "w", "unit": "shares", "carry": 1}}},
         "weights.csi300.unit is 'shares': must be one of 'percent', 'fraction'; "
         "weights.csi300.carry is 1: must be true or false"),
        ({"bars": BARS, "members": "m.txt"},
         "members is 'm.txt': must be a mapping of market names, e.g. csi300, each with its files"),
        ({"bars": BARS, "members": {"csi300": 300}},
         f"members.csi300 is 300: {NO_SECTION}"),
        ({"bars": BARS, "members": {"../x": "m.txt"}},
         "members is {'../x': 'm.txt'}: cannot name a market '../x': use up to 64 of a-z, 0-9, _, and not `all`"),
        ({"bars": BARS, "members": {"m" * 65: "m.txt"}},
         f"members is {{'{'m' * 65}': 'm.txt'}}: cannot name a market '{'m' * 65}': "
         "use up to 64 of a-z, 0-9, _, and not `all`"),
        ({"bars": BARS, "members": {"沪深300": "m.txt"}},
         "members is {'沪深300': 'm.txt'}: cannot name a market '沪深300': use up to 64 of a-z, 0-9, _, and not `all`"),
        ({"bars": BARS, "members": {"ALL": "m.txt"}},
         "members is {'ALL': 'm.txt'}: cannot name a market 'ALL': use up to 64 of a-z, 0-9, _, and not `all`"),
        ({"bars": BARS, "weights": {"csi300": "a.csv", "CSI300": "b.csv"}},
         "weights is {'csi300': 'a.csv', 'CSI300': 'b.csv'}: must not name 'csi300' twice"),
        ({"bars": BARS | {"encoding": "base64"}},
         "bars.encoding is 'base64': must be an encoding such as utf-8-sig or gb18030"),
        ({"bars": BARS, "carry_members": "no"}, "carry_members is 'no': must be true or false"),
        ({"bars": BARS, "missing_vwap": None}, "missing_vwap is None: must be one of 'typical', 'nan'"),
        ({"bars": BARS, "max_dropped": 5}, "max_dropped is 5: must be a fraction from 0 to 1; 5 percent is 0.05"),
        ({"bars": BARS, "max_dropped": -0.1}, "max_dropped is -0.1: must be at least 0"),
        ({"bars": BARS, "max_dropped": True}, "max_dropped is True: must be a number"),
        ({"bars": BARS, "st": {"files": "s.csv", "from_name": 1}}, "st.from_name is 1: must be true or false"),
        ({"bars": BARS, "st": {"files": "s.csv", "since": "garbage"}},
         "st.since is 'garbage': must be 'prices' or a date such as 2020-01-31"),
        ({"bars": BARS, "st": {"files": "s.csv", "since": 2020}},
         "st.since is 2020: must be 'prices' or a date such as 2020-01-31"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_told_in_one_line_with_file_section_and_what_is_allowed(
    content: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError) as error:
        parse_mapping(content, "my.yaml")
    assert str(error.value) == f"my.yaml: {message}"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"bars": BARS, "dayly": "d.csv"}, "unknown setting 'dayly'; did you mean 'daily'?"),
        ({"bars": BARS | {"stamp": "end"}}, "unknown setting 'bars.stamp'; did you mean 'stamps'?"),
        ({"bars": BARS, "weights": {"csi300": {"files": "w", "carri": True}}},
         "unknown setting 'weights.csi300.carri'; did you mean 'carry'?"),
        ({"bars": BARS, "limits": {"files": "l.csv", "zzz": 1}},
         f"unknown setting 'limits.zzz'; known are {ROW_KEYS}"),
    ],
)  # fmt: skip
def test_an_unknown_key_is_told_with_the_nearest_of_its_section(content: dict[str, Any], message: str) -> None:
    with pytest.raises(UnknownSetting) as error:
        parse_mapping(content, "my.yaml")
    assert str(error.value) == f"my.yaml: {message}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("bars: [unclosed", "not a YAML file: while parsing a flow sequence"),
        ("- a\n- b", "expected keys such as bars, daily, members"),
        ("", "expected keys such as bars, daily, members"),
        ("daily: d.csv\ncarry_members: 'no'", "carry_members is 'no': must be true or false"),
    ],
)
def test_a_wrong_file_is_told_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as error:
        load_mapping(path)
    assert str(error.value).startswith(f"{path}: {message}")
    assert "\n" not in str(error.value)


def test_a_mapping_that_is_not_there_is_told_by_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.yaml: cannot be read: No such file"):
        load_mapping(tmp_path / "absent.yaml")
    with pytest.raises(InputError, match="a folder, not a mapping's YAML file"):
        load_mapping(tmp_path)


@pytest.mark.parametrize("name", ["astock", "ashare_daily"])
def test_the_shipped_mappings_are_valid(name: str) -> None:
    mapping = load_mapping(Path(__file__).parents[2] / "workflow_configs" / name / "mapping.yaml")
    assert set(mapping.members) == {"csi300", "csi500", "csi1000"}
    assert mapping.carry_members == (name == "astock")
    assert mapping.weights["csi300"].carry
    assert mapping.industry is not None
    assert mapping.industry.level == "letter"
