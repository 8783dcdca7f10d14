"""An evening whose rows are missing is told of as an ingest tells of it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from qlib_mfgru.ingest.pipeline import ingest
from qlib_mfgru.live import update

from .evenings import SYMBOLS, Evenings, differences

SPARSE = "days on which less than half as many stocks trade as on the 20 days before: are rows missing?"


def test_a_day_with_few_stocks_is_counted(tmp_path: Path) -> None:
    """Day 72 before the first update, day 77 in one of two days, day 80 alone, day 81 not."""
    market, source = Evenings.make(1), tmp_path / "s"
    for name in ("bars", "daily"):
        for symbol in SYMBOLS[2:]:
            market.drop(name, symbol, [72, 77, 80])
    ingest(market.mapping(), market.write(source, 0, 76), tmp_path / "p", quiet=True, n_jobs=1)
    told = []
    for since, until in pairwise([76, 78, 80, 81, 82]):
        report = update(tmp_path / "p", market.write(source, since, until), quiet=True, n_jobs=1)
        told.append(report.warnings[SPARSE].examples if SPARSE in report.warnings else [])
    assert told == [[f"{market.days[77]:%Y-%m-%d}: 2"], [], [f"{market.days[80]:%Y-%m-%d}: 2"], []]
    whole = ingest(market.mapping(), source, tmp_path / "q", quiet=True, n_jobs=1)
    assert whole.warnings[SPARSE].count == 3
    assert whole.warnings[SPARSE].examples[1:] == [*told[0], *told[2]]
    assert differences(tmp_path / "p", tmp_path / "q") == []
