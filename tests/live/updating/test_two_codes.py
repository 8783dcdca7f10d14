"""One stock under two codes is told of once, on the evening on which it shows, in the words of an ingest."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from qlib_mfgru.ingest.pipeline import ingest
from qlib_mfgru.live import update
from qlib_mfgru.provider.check.check import check_provider
from qlib_mfgru.provider.judge.market.twins import TWINS

from .evenings import Evenings

CUT = 100
SUCCESSION = "pairs of codes of which one begins the day after the other's end, at its close"


def copied(market: Evenings, since: int) -> None:
    """The rows of a stock from a day on also under another code."""
    for name in ("bars", "daily"):
        table = market.tables[name]
        rows = table[(table["symbol"] == "600000") & (table.iloc[:, 1] >= market.days[since])]
        market.tables[name] = pd.concat([table, rows.assign(symbol="600888")], ignore_index=True)


@pytest.mark.parametrize(("way", "evening"), [("column", 2), ("adjusted", 2)])
def test_days_that_are_the_same_from_now_on(way: str, evening: int, tmp_path: Path) -> None:
    """Three identical days make a pair."""
    market, source = Evenings.make(3, way), tmp_path / "s"
    copied(market, CUT)
    ingest(market.mapping(), market.write(source, 0, CUT), tmp_path / "p", quiet=True, n_jobs=1)
    told = []
    for day in range(CUT, CUT + 5):
        report = update(tmp_path / "p", market.write(source, day, day + 1), quiet=True, n_jobs=1)
        told.append(TWINS in report.warnings)
    assert told == [day == evening for day in range(5)]
    whole = ingest(market.mapping(), source, tmp_path / "q", quiet=True, n_jobs=1)
    assert whole.warnings[TWINS].examples[0].startswith("SH600000 and SH600888, ")
    row = next(row for row in check_provider(tmp_path / "p", quiet=True) if row.kind == TWINS)
    assert (row.severity, row.cases) == ("warning", whole.warnings[TWINS].examples)


def test_a_whole_history_beside_a_stock_without_new_rows(tmp_path: Path) -> None:
    market, source = Evenings.make(3), tmp_path / "s"
    ingest(market.mapping(), market.write(source, 0, CUT), tmp_path / "p", quiet=True, n_jobs=1)
    copied(market, 0)
    for name in ("bars", "daily"):
        market.drop(name, "600000", range(CUT, CUT + 1))
        table = market.tables[name]
        market.tables[name] = table[(table["symbol"] == "600888") | (table.iloc[:, 1] >= market.days[CUT])]
    report = update(tmp_path / "p", market.write(tmp_path / "new", 0, CUT + 1), quiet=True, n_jobs=1)
    assert [case[:21] for case in report.warnings[TWINS].examples] == ["SH600000 and SH600888"]


def test_a_code_that_goes_on_at_the_last_close(tmp_path: Path) -> None:
    market, source = Evenings.make(3, "prev_close"), tmp_path / "s"
    for name in ("bars", "daily"):
        table = market.tables[name]
        table.loc[(table["symbol"] == "600000") & (table.iloc[:, 1] >= market.days[CUT]), "symbol"] = "600888"
    ingest(market.mapping(), market.write(source, 0, CUT), tmp_path / "p", quiet=True, n_jobs=1)
    told = []
    for day in range(CUT, CUT + 3):
        report = update(tmp_path / "p", market.write(source, day, day + 1), quiet=True, n_jobs=1)
        told.append([tally.examples for what, tally in report.warnings.items() if what.startswith(SUCCESSION)])
    last, first = (market.days[day].date() for day in (CUT - 1, CUT))
    assert told == [[[f"SH600000 ends on {last}, SH600888 begins on {first}"]], [], []]
