"""What an update says: on a normal evening, with old days in the files, with bars that are not there, without news."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from qlib_mfgru.ingest.pipeline import ingest
from qlib_mfgru.live import UpdateReport, update

from .evenings import SYMBOLS, Evenings

CUT = 104


@pytest.fixture
def market() -> Evenings:
    return Evenings.make(5)


@pytest.fixture
def provider(market: Evenings, tmp_path: Path) -> Path:
    ingest(market.mapping(), market.write(tmp_path / "s", 0, CUT), tmp_path / "p", quiet=True, n_jobs=1)
    return tmp_path / "p"


def evening(market: Evenings, provider: Path, since: int, until: int, **settings: bool) -> UpdateReport:
    """The update by the days from one number to another, excluded, which come in a folder of their own."""
    source = market.write(provider.parent / f"{since}-{until}", since, until)
    return update(provider, source, quiet=True, n_jobs=1, **settings)


def line(report: UpdateReport, start: str) -> str:
    (found,) = [line for line in str(report).splitlines() if line.startswith(start)]
    return " ".join(found.split())


def of_days(market: Evenings, name: str, since: int, until: int) -> pd.DataFrame:
    """Rows with trade on some days."""
    table = market.tables[name]
    when = table["datetime"].dt.normalize() if "datetime" in table else table["date"]
    return table[when.isin(market.days[since:until]) & (table["volume"] > 0)]


def test_a_normal_evening_begins_with_the_day_and_how_many_stocks_trade(market: Evenings, provider: Path) -> None:
    report = evening(market, provider, CUT, CUT + 1)
    n_stocks = len(of_days(market, "daily", CUT, CUT + 1))
    assert str(report).splitlines()[0] == f"1 new day, {market.days[CUT]:%Y-%m-%d}: {n_stocks} stocks with trade"
    assert line(report, "bars rows") == f"bars rows {16 * n_stocks} new"
    assert line(report, "daily rows") == f"daily rows {n_stocks} new"
    assert repr(report) == str(report)


def test_days_that_are_stored_are_told_from_what_is_new(market: Evenings, provider: Path) -> None:
    report = evening(market, provider, CUT - 4, CUT + 2)
    first, last = (f"{day:%Y-%m-%d}" for day in market.days[CUT : CUT + 2])
    old, new = (len(of_days(market, "daily", *span)) for span in ((CUT - 4, CUT), (CUT, CUT + 2)))
    assert str(report).splitlines()[0] == f"2 new days, {first} .. {last}: {new} days of stocks with trade"
    assert line(report, "daily rows") == f"daily rows {new} new, {old} there already"
    assert line(report, "bars rows") == f"bars rows {16 * new} new, {16 * old} there already"
    assert "dropped" not in str(report)


def test_bars_that_a_new_day_lacks_are_counted_and_named(market: Evenings, provider: Path) -> None:
    """One stock has ten bars of sixteen, another none."""
    bars, day = market.tables["bars"], market.days[CUT]
    cut_off = (bars["symbol"] == "600001") & (bars["datetime"] > day + pd.Timedelta("13:30:00"))
    market.tables["bars"] = bars[~(cut_off & (bars["datetime"].dt.normalize() == day))]
    market.drop("bars", "601318", [CUT])
    report = evening(market, provider, CUT, CUT + 1)
    assert str(report).splitlines()[1] == (
        "bars missing, on days of stocks with trade: 1 with fewer than the stock has on most days "
        f"(SH600001 {day:%Y-%m-%d}), 1 without any (SH601318 {day:%Y-%m-%d})"
    )
    n_stocks = len(of_days(market, "daily", CUT, CUT + 1))
    assert line(report, "bars rows") == f"bars rows {16 * n_stocks - 22} new"
    assert "live days without bars" not in str(report).split("counted:")[-1]


def test_an_evening_of_few_stocks_is_said_before_the_rows(market: Evenings, provider: Path) -> None:
    """As of a collection that was interrupted."""
    for name in ("bars", "daily"):
        for symbol in SYMBOLS[2:]:
            market.drop(name, symbol, [CUT])
    report = evening(market, provider, CUT, CUT + 1)
    lines = str(report).splitlines()
    assert lines[0] == f"1 new day, {market.days[CUT]:%Y-%m-%d}: 2 stocks with trade"
    assert " ".join(lines[1].split()).startswith("1 days on which less than half as many stocks trade")
    assert lines[2].startswith("bars rows")
    assert str(report).count("less than half") == 1


def test_an_evening_on_which_no_bars_have_come_yet(market: Evenings, provider: Path) -> None:
    bars = market.tables["bars"]
    market.tables["bars"] = bars[bars["datetime"].dt.normalize() < market.days[CUT + 1]]
    report = evening(market, provider, CUT, CUT + 2)
    assert str(report).splitlines()[1] == f"no bars after {market.days[CUT]:%Y-%m-%d} yet"


def test_files_without_news(market: Evenings, provider: Path) -> None:
    report = evening(market, provider, CUT - 3, CUT)
    end = f"{market.days[CUT - 1]:%Y-%m-%d}"
    assert str(report).startswith(
        f"nothing new: all rows of bars and days were there already; the provider ends on {end}\nbars rows "
    )
    assert line(report, "bars rows").startswith("bars rows 0 new, ")


def test_rows_that_came_late_or_are_revised_are_no_new_day(market: Evenings, provider: Path) -> None:
    late = Evenings.make(5)
    late.drop("daily", "600001", [CUT])
    evening(late, provider, CUT, CUT + 1)
    market.change("daily", "600000", CUT - 1, amount=1.0001)
    report = evening(market, provider, CUT - 1, CUT + 1, revise=True)
    assert str(report).splitlines()[0] == (
        f"no new day, but stored ones have changed; the provider ends on {market.days[CUT]:%Y-%m-%d}"
    )
    n_same = len(of_days(market, "daily", CUT - 1, CUT + 1)) - 2
    words = f"daily rows 0 new, 1 late, of stored days, {n_same} there already, 1 in the place of stored ones"
    assert line(report, "daily rows") == words


def test_rows_that_came_late_are_no_stocks_of_the_new_day(market: Evenings, provider: Path) -> None:
    late = Evenings.make(5)
    for name in ("bars", "daily"):
        late.drop(name, "600001", [CUT])
    evening(late, provider, CUT, CUT + 1)
    report = evening(market, provider, CUT, CUT + 2)
    n_stocks = len(of_days(market, "daily", CUT + 1, CUT + 2))
    assert str(report).splitlines()[0] == f"1 new day, {market.days[CUT + 1]:%Y-%m-%d}: {n_stocks} stocks with trade"


def test_what_was_said_before_is_not_said_every_evening(market: Evenings, provider: Path) -> None:
    first = evening(market, provider, CUT, CUT + 1)
    assert first.notes
    again = evening(market, provider, CUT + 1, CUT + 2)
    assert set(again.notes) & set(again.before.notes)
    assert not [note for note in again.before.notes if note in str(again)]
