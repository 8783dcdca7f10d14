from pathlib import Path
from typing import Any

import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import load_mapping, parse_mapping

BARS = {"files": "b/*.csv", "freq": "5min", "stamps": "end"}


def test_defaults_are_filled_in() -> None:
    mapping = parse_mapping({"bars": BARS, "industry": "i.csv", "weights": {"CSI300": "w.csv"}}, "m.yaml")
    assert mapping.bars is not None
    assert (mapping.bars.files, mapping.bars.volume, mapping.bars.prices) == (("b/*.csv",), "shares", "raw")
    assert mapping.industry is not None
    assert mapping.industry.level == "name"
    assert mapping.weights["csi300"].unit == "percent"
    assert (mapping.carry_members, mapping.missing_vwap, mapping.max_dropped) == (False, "typical", 0.05)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, r"m\.yaml: give bars, daily, or both"),
        ({"bars": BARS, "dayly": "d.csv"}, r"m\.yaml: unknown key dayly; known are bars, daily"),
        ({"bars": BARS | {"unit": "lots"}}, r"m\.yaml: bars: unknown key unit; known are files"),
        ({"bars": BARS | {"volume": "hands"}}, r"m\.yaml: bars: volume: 'hands' is none of shares, lots"),
        ({"bars": {"files": "b.csv", "freq": "5min"}}, r"m\.yaml: bars: say stamps"),
        ({"bars": BARS | {"files": []}}, r"m\.yaml: bars: no files given"),
        ({"bars": BARS, "weights": {"csi300": {"files": "w", "unit": "shares"}}}, r"weights\.csi300: unit: 'shares'"),
        ({"bars": BARS, "members": "m.txt"}, r"m\.yaml: members: expected market names"),
        ({"bars": BARS, "max_dropped": 5}, r"m\.yaml: max_dropped: 5 is no fraction"),
    ],
)
def test_a_wrong_mapping_says_what_is_known(content: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_mapping(content, "m.yaml")


@pytest.mark.parametrize("text", ["bars: [unclosed", "- a\n- b", ""])
def test_what_is_no_mapping_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "m.yaml").write_text(text)
    with pytest.raises(InputError, match=r"m\.yaml"):
        load_mapping(tmp_path / "m.yaml")


def test_the_shipped_mapping_is_valid() -> None:
    mapping = load_mapping(Path(__file__).parents[2] / "workflow_configs" / "astock_mapping.yaml")
    assert set(mapping.members) == {"csi300", "csi500", "csi1000"}
    assert mapping.carry_members
