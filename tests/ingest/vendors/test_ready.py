"""Each vendor's ready mapping, and the one that --explain proposes, read the market out of that vendor's files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from qlib_mfgru.cli import main
from qlib_mfgru.ingest.explain import explain
from qlib_mfgru.ingest.mapping import VENDORS, IngestMapping, load_mapping, parse_mapping
from qlib_mfgru.ingest.pipeline import ingest
from qlib_mfgru.ingest.report import IngestReport

from ..vendor import stored
from .layouts import LAYOUTS
from .market import CODES, Market

WITHOUT_ST = {"tdx", "qmt", "akshare", "qlib"}
WITHOUT_LIMITS = {*WITHOUT_ST, "joinquant"}
"""Limits depend on special treatment; those of the first day on a previous close as well."""
DAILY_ONLY = {"xbx"}
FIELDS = ("open", "high", "low", "close", "vwap", "volume", "amount")


@pytest.fixture(scope="module")
def market() -> Market:
    return Market.make()


@pytest.fixture(scope="module")
def truth(market: Market, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return market.provider(tmp_path_factory.mktemp("market"))


def made(mapping: IngestMapping, folder: Path) -> IngestReport:
    return ingest(mapping, folder / "in", folder / "provider", quiet=True)


def assert_same(provider: Path, truth: Path, vendor: str) -> None:
    """All that the vendor's files tell is what the truth is, to float32."""
    special = () if vendor in WITHOUT_ST else ("is_st",)
    limits = () if vendor in WITHOUT_LIMITS else ("limit_up", "limit_down")
    for code in CODES.values():
        for name in (*FIELDS, "factor", *special, *limits):
            pd.testing.assert_series_equal(stored(provider, code, name), stored(truth, code, name), rtol=2e-6)
        for name in () if vendor in DAILY_ONLY else FIELDS:
            bars = stored(provider, code, name, "15min"), stored(truth, code, name, "15min")
            pd.testing.assert_series_equal(*bars, rtol=2e-6)


def assert_nothing_lost(report: IngestReport) -> None:
    lost = {why for rows in report.inputs.values() for why in rows.dropped} - {"suspended day"}
    assert not lost


@pytest.mark.parametrize("vendor", list(LAYOUTS))
def test_a_ready_mapping_makes_the_market(vendor: str, market: Market, truth: Path, tmp_path: Path) -> None:
    LAYOUTS[vendor](market, tmp_path / "in")
    report = made(load_mapping(vendor=vendor), tmp_path)
    assert report.facts["ready mapping"] == vendor
    assert_same(tmp_path / "provider", truth, vendor)
    assert_nothing_lost(report)


def test_a_provider_is_made_again(truth: Path, tmp_path: Path) -> None:
    mapping = parse_mapping({"vendor": "qlib", "bars": {"freq": "15min"}}, "own.yaml")
    ingest(mapping, truth, tmp_path / "provider", quiet=True)
    assert_same(tmp_path / "provider", truth, "qlib")


def proposed(folder: Path) -> dict[str, Any]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    content: dict[str, Any] = yaml.safe_load(explain(files, folder).mapping)
    return content


@pytest.mark.parametrize("vendor", list(LAYOUTS))
def test_the_proposed_mapping_makes_the_market(vendor: str, market: Market, truth: Path, tmp_path: Path) -> None:
    LAYOUTS[vendor](market, tmp_path / "in")
    report = made(parse_mapping(proposed(tmp_path / "in"), "proposed"), tmp_path)
    assert_same(tmp_path / "provider", truth, vendor)
    assert_nothing_lost(report)


@pytest.mark.parametrize("vendor", VENDORS)
def test_what_is_missing_is_said_with_the_command_that_helps(vendor: str, tmp_path: Path, capsys: Any) -> None:
    show = f"`mfgru ingest --vendor {vendor} --show`"
    folder, target = ["--source", str(tmp_path)], ["--target", str(tmp_path / "provider")]
    assert main(["ingest", "--vendor", vendor, *target]) == 2
    error = capsys.readouterr().err
    assert error == f"mfgru: give --source, the folder of the files; {show} prints its layout\n"
    assert main(["ingest", "--vendor", vendor, *folder]) == 2
    assert capsys.readouterr().err == f"mfgru: give --target, the provider's folder; {show} prints its layout\n"
    assert main(["ingest", "--vendor", vendor, *folder, *target]) == 2
    places = {"qlib": "neither calendars/1min.txt nor calendars/day.txt", "xbx": "no daily/*"}
    missing = places.get(vendor, "neither minutes/* nor daily/*")
    assert capsys.readouterr().err == (
        f"mfgru: {tmp_path}: {missing} is there; {show} says where its files are expected\n"
    )
