"""An evening whose rows are missing is told of as an ingest tells of it; one of almost no stock is refused."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.pipeline import ingest
from qlib_mfgru.ingest.state import State
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


def large(seed: int) -> Evenings:
    """The market with as many stocks again, under other codes."""
    market = Evenings.make(seed)
    for name in ("bars", "daily"):
        table = market.tables[name]
        codes = table["symbol"].str[:3] + "5" + table["symbol"].str[4:]
        market.tables[name] = pd.concat([table, table.assign(symbol=codes)], ignore_index=True)
    return market


def alone(market: Evenings, source: Path, day: str, name: str = "daily") -> Path:
    """Write the last row of a stock, or an index level, once more under a date of its own."""
    table = market.tables[name]
    row = table[table["index" if name == "index" else "symbol"].isin(["600000", "000300.SH"])].tail(1)
    (source / name).mkdir(parents=True, exist_ok=True)
    row.assign(date=pd.Timestamp(day)).to_csv(source / name / f"{day}.csv", index=False)
    return source


WRONG = "2025-12-31: 1 of the usual 15 stocks trade (SH600000), and no index has a level: a wrong date"


def test_a_lone_row_of_a_wrong_date_is_refused(tmp_path: Path) -> None:
    """By an update, which leaves the provider as it was, and by an ingest; without it the market goes on."""
    market = large(1)
    source, provider = market.write(tmp_path / "s", 0, 106), tmp_path / "p"
    ingest(market.mapping(), source, provider, quiet=True, n_jobs=1)
    before = (provider / "checksums.txt").read_bytes()
    alone(market, market.write(source, 106, 107), "2025-12-31")
    for run in (
        lambda: update(provider, quiet=True, n_jobs=1),
        lambda: ingest(market.mapping(), source, tmp_path / "q", quiet=True, n_jobs=1),
    ):
        with pytest.raises(InputError) as caught:
            run()
        assert str(caught.value).startswith(WRONG)
    assert (provider / "checksums.txt").read_bytes() == before
    assert not (tmp_path / "q").exists()
    (source / "daily/2025-12-31.csv").unlink()
    assert update(provider, quiet=True, n_jobs=1).days == (f"{market.days[106]:%Y-%m-%d}",)
    ingest(market.mapping(), source, tmp_path / "q", quiet=True, n_jobs=1)
    assert differences(provider, tmp_path / "q") == []


def test_a_day_with_a_level_is_one_of_the_market(tmp_path: Path) -> None:
    """A vendor that is late: the day is stored and told of, and what comes later is taken in."""
    market, late, source = large(1), large(1), tmp_path / "s"
    for name in ("bars", "daily"):
        for symbol in {*late.tables["daily"]["symbol"]} - {"600000"}:
            late.drop(name, symbol, [106])
    ingest(market.mapping(), market.write(source, 0, 106), tmp_path / "p", quiet=True, n_jobs=1)
    report = update(tmp_path / "p", late.write(tmp_path / "evening", 106, 107), quiet=True, n_jobs=1)
    assert report.warnings[SPARSE].examples == [f"{market.days[106]:%Y-%m-%d}: 1"]
    update(tmp_path / "p", market.write(source, 106, 107), quiet=True, n_jobs=1)
    ingest(market.mapping(), source, tmp_path / "q", quiet=True, n_jobs=1)
    assert differences(tmp_path / "p", tmp_path / "q") == []


def test_what_came_late_is_usual(tmp_path: Path) -> None:
    """Of each evening a quarter comes first, the others later: what is usual then is what an ingest of all counts."""
    market, source = large(1), tmp_path / "s"
    first = Evenings(market.way, market.days, dict(market.tables))
    for name in ("bars", "daily"):
        table = market.tables[name]
        first.tables[name] = table[table["symbol"].isin(sorted({*table["symbol"]})[::4])]
    ingest(market.mapping(), market.write(source, 0, 90), tmp_path / "p", quiet=True, n_jobs=1)
    for day in (90, 91):
        report = update(tmp_path / "p", first.write(source, day, day + 1), quiet=True, n_jobs=1)
        assert report.warnings[SPARSE].count == 1
        update(tmp_path / "p", market.write(source, day, day + 1), quiet=True, n_jobs=1)
    ingest(market.mapping(), source, tmp_path / "q", quiet=True, n_jobs=1)
    states = [State.read(tmp_path / name, market.mapping().session) for name in "pq"]
    assert states[0].n_trading == states[1].n_trading
