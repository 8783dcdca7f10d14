"""How prices are meant: raw with a factor, adjusted, or unadjusted."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.assemble.conventions import Calendars, Conventions
from qlib_mfgru.ingest.mapping import IngestMapping
from qlib_mfgru.ingest.read.spool import Registry, Spool
from qlib_mfgru.ingest.report import IngestReport

from ..vendor import BARS, make_daily, run, stored, write


def test_raw_prices_without_a_factor_are_an_error(bars: pd.DataFrame, tmp_path: Path, target: Path) -> None:
    source = write(tmp_path / "in", bars, make_daily(bars).drop(columns="factor"))
    with pytest.raises(InputError, match="raw prices need a factor"):
        run(source, target)
    content = {"bars": BARS | {"prices": "unadjusted"}, "daily": {"files": "daily.csv", "prices": "unadjusted"}}
    report = run(source, target, content)
    assert stored(target, "SZ000001", "factor").tolist() == [1, 1, 1, 1]
    assert "no factor: prices are stored as they came (unadjusted)" in report.notes


def conventions(fields: tuple[str, ...] = (), **content: Any) -> Conventions:
    """The conventions of a mapping whose daily files have these fields."""
    report = IngestReport()
    report.input("daily").fields.update(fields)
    return Conventions.of(IngestMapping(**content), report)


def test_conventions_come_from_the_mapping_and_from_what_the_daily_files_have() -> None:
    plain = conventions(("factor", "is_st"), bars=BARS, daily="d.csv")
    assert (plain.factorless, plain.raw_known, plain.special_treatment, plain.given_limits) == (
        False,
        True,
        True,
        False,
    )
    assert list(plain.notes()) == [
        "$limit_up, $limit_down: none given: derived from the boards' rules and the previous raw close"
    ]
    table = conventions((), bars=BARS, factors="f.csv", limits="l.csv", missing_vwap="nan")
    assert (table.has_daily, table.factorless, table.typical_vwap, table.vwap_stand_in) == (False, False, False, "NaN")
    assert list(table.notes())[-1] == "daily bars: made from the intraday bars"


def test_adjusted_prices_without_a_factor_have_no_raw_prices() -> None:
    adjusted = {"files": "d.csv", "prices": "adjusted"}
    assert not conventions((), daily=adjusted).raw_known
    assert conventions(("factor",), daily=adjusted).raw_known
    assert "no factor: prices are stored as they came (adjusted)" in conventions((), daily=adjusted).notes()
    with pytest.raises(InputError, match="raw prices need a factor"):
        conventions((), bars=BARS | {"prices": "unadjusted"}, daily=adjusted)


def test_bars_lie_in_an_unbroken_run_of_the_days(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", 1, Registry())
    spool.days |= {14, 10, 11, 12, 13}
    spool.bar_days |= {11, 13}
    calendars = Calendars.of(spool)
    assert calendars.days.tolist() == [10, 11, 12, 13, 14]
    assert calendars.bar_days.tolist() == [11, 12, 13]
    assert calendars.bar_span == slice(1, 4)
    assert str(calendars.dates[0].date()) == "1970-01-11"
    spool.bar_days.clear()
    assert Calendars.of(spool).bar_span == slice(0, 0)
