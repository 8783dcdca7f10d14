"""A user's keys over a vendor's ready mapping, and inputs whose files are not there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from qlib_mfgru.cli import main
from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import VENDORS, IngestMapping, load_mapping, ready_text

from ..vendor import make_bars, make_daily, run, stored, write
from .layouts import LAYOUTS
from .market import CODES, Market


def over(vendor: str, **own: Any) -> IngestMapping:
    return IngestMapping.of(vendor=vendor, **own)


def test_every_vendor_has_a_mapping_whose_inputs_are_all_optional() -> None:
    assert set(VENDORS) == {*LAYOUTS, "qlib"}
    for vendor in VENDORS:
        mapping = load_mapping(vendor=vendor)
        assert mapping.vendor == vendor
        assert all(source.optional for source in mapping.inputs().values())
        assert ready_text(vendor).startswith("#")


def test_keys_go_over_the_vendors_one_by_one() -> None:
    mapping = over("tushare", bars={"freq": "1min"}, max_dropped=0.2)
    assert mapping.bars is not None
    assert mapping.daily is not None
    assert (mapping.bars.freq, mapping.bars.files, mapping.bars.optional) == ("1min", ("minutes/*",), True)
    assert (mapping.daily.volume_units, mapping.max_dropped) == ({"*": "lots"}, 0.2)


def test_a_section_with_files_of_its_own_keeps_the_vendors_units_and_has_to_be_there() -> None:
    mapping = over("tushare", daily={"files": "d.csv"}, factors="f.csv", weights={"CSI300": "w.csv"}, st=None)
    assert mapping.daily is not None
    assert mapping.factors is not None
    assert (mapping.daily.files, mapping.daily.volume_units, mapping.daily.optional) == (
        ("d.csv",),
        {"*": "lots"},
        False,
    )
    assert (mapping.factors.files, mapping.factors.optional) == (("f.csv",), False)
    assert mapping.st is None
    assert {market: weights.files for market, weights in mapping.weights.items()} == {
        "csi300": ("w.csv",), "csi500": ("index_weight/csi500*",), "csi1000": ("index_weight/csi1000*",),
    }  # fmt: skip
    assert not mapping.weights["csi300"].optional


def test_a_database_takes_the_place_of_files() -> None:
    mapping = over("baostock", daily={"sql": "select * from d", "url": "sqlite:///d.db"})
    assert mapping.daily is not None
    assert (mapping.daily.files, mapping.daily.sql) == (None, "select * from d")


@pytest.mark.parametrize(
    ("own", "vendor", "message"),
    [
        ("", "tushar", "vendor: no ready mapping of 'tushar'; did you mean 'tushare'?"),
        ("vendor: qlib", "tushare", "vendor is 'qlib', but 'tushare' is asked for"),
        ("vendor: wind", None, "vendor: no ready mapping of 'wind'; known are akshare, baostock"),
        ("bars: {freq: 2min}", "qmt", "bars.freq is '2min': must be one of"),
    ],
)
def test_a_wrong_vendor_or_key_is_told_in_one_line(tmp_path: Path, own: str, vendor: str | None, message: str) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(own or "max_dropped: 0.1")
    with pytest.raises(InputError, match=re.escape(message)) as refusal:
        load_mapping(path, vendor=vendor)
    assert "\n" not in str(refusal.value)


def test_inputs_that_are_not_there_are_left_out_and_said(tmp_path: Path) -> None:
    bars = make_bars()
    source = write(tmp_path / "in", bars, make_daily(bars))
    optional = {"files": "no/*", "optional": True}
    content = {
        "bars": {"files": "bars/*", "freq": "15min", "stamps": "end"}, "daily": "daily.csv", "limits": optional,
        "members": {"csi300": optional}, "weights": {"csi300": optional},
    }  # fmt: skip
    report = run(source, tmp_path / "provider", content)
    assert "not there, so left out: limits (no/*), members.csi300 (no/*), weights.csi300 (no/*)" in report.notes
    assert sorted(path.name for path in (tmp_path / "provider" / "instruments").iterdir()) == ["all.txt"]
    with pytest.raises(InputError, match=re.escape("limits: no file 'no/*'")):
        run(source, tmp_path / "other", {**content, "limits": "no/*"})


def test_without_bars_and_daily_the_layout_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=re.escape("neither minutes/* nor daily/* is there; `mfgru ingest --vendor")):
        run(tmp_path, tmp_path / "provider", {"vendor": "tushare"})


def test_by_vendor_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    market = Market.make()
    LAYOUTS["tushare"](market, tmp_path / "in")
    (tmp_path / "own.yaml").write_text("st: ~\n")
    places = ["--source", str(tmp_path / "in"), "--target", str(tmp_path / "provider"), "--quiet"]
    assert main(["ingest", "--vendor", "tushare", str(tmp_path / "own.yaml"), *places]) == 0
    printed = capsys.readouterr().out
    assert re.search(r"ready mapping +tushare\n", printed)
    assert "left out: limits (stk_limit/*), index (index_daily/*)" in printed
    kept = json.loads((tmp_path / "provider" / "mfgru.json").read_text())
    assert (kept["mapping"]["vendor"], kept["report"]["facts"]["ready mapping"]) == ("tushare", "tushare")
    daily = market.daily[market.daily["symbol"] == "600000"]
    closes = stored(tmp_path / "provider", CODES["600000"], "close")
    np.testing.assert_allclose(closes, daily["close"] * daily["factor"], rtol=1e-6)


@pytest.mark.parametrize("arguments", [["--vendor", "qmt", "--show"], ["--vendor", "qmt"]])
def test_a_ready_mapping_is_shown(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ingest", *arguments]) == 0
    printed = capsys.readouterr().out
    assert printed == ready_text("qmt")
    assert yaml.safe_load(printed)["daily"]["factor"] == "from_prev_close"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give a mapping file, or --vendor NAME; --explain FILE proposes a mapping"),
        (["--show"], "--show needs --vendor NAME, one of akshare,"),
        (["--vendor", "tushare", "--source", "."], "give --target, the provider's folder"),
        (["--vendor", "tusahre", "--show"], "no ready mapping of 'tusahre'; did you mean 'tushare'?"),
        (["--explain", "no.csv"], "no.csv: no such file (--explain)"),
    ],
)
def test_what_is_missing_is_told_in_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ingest", *arguments]) == 2
    printed = capsys.readouterr().err
    assert message in printed
    assert printed.count("\n") == 1
