"""An update refuses what an ingest of all files refuses, and nothing else: shares are those of the whole history."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.pipeline import ingest
from qlib_mfgru.live import update

from .evenings import SYMBOLS, Evenings, differences

CUT, END = 104, 107
TRADED = [SYMBOLS[place] for place in (0, 1, 3)]
"""Stocks that trade on all of the last days."""


def cheap(market: Evenings, cases: list[tuple[str, int]]) -> None:
    """Amounts that are 30 % too low for the volume at any price of the day."""
    for symbol, day in cases:
        market.change("daily", symbol, day, amount=0.7)
        market.change("bars", symbol, day, amount=0.7)


def message(run: Callable[[], object]) -> str:
    with pytest.raises(InputError) as error:
        run()
    return str(error.value).splitlines()[0]


@pytest.mark.parametrize(("n_old", "n_new", "is_refused"), [(0, 8, False), (8, 1, True), (2, 7, True), (5, 3, False)])
def test_shares_are_those_of_the_whole_history(n_old: int, n_new: int, is_refused: bool, tmp_path: Path) -> None:
    """1 % of the 843 stock-days is 8; of the last 26 days alone it is 2."""
    market = Evenings.make(1)
    cheap(market, [(TRADED[number % 3], 41 + 2 * number) for number in range(n_old)])
    cheap(market, [(TRADED[number % 3], CUT + number // 3) for number in range(n_new)])
    mapping, source = market.mapping(max_inconsistent=0.01), tmp_path / "s"
    updated, whole = tmp_path / "p", tmp_path / "q"
    ingest(mapping, market.write(source, 0, CUT), updated, quiet=True, n_jobs=1)
    market.write(source, CUT, END)
    if is_refused:
        first = message(lambda: ingest(mapping, source, whole, quiet=True, n_jobs=1))
        assert first.startswith(f"inconsistent beyond max_inconsistent = 1.0%: {n_old + n_new} of ")
        assert message(lambda: update(updated, quiet=True, n_jobs=1)).startswith(first.split(" (")[0])
    else:
        update(updated, quiet=True, n_jobs=1)
        ingest(mapping, source, whole, quiet=True, n_jobs=1)
        assert differences(updated, whole) == []


def test_most_of_the_last_days_are_not_most_of_a_stocks(tmp_path: Path) -> None:
    """Volumes that disagree with the bars on 20 days in a row are kept, as a whole ingest keeps them."""
    market = Evenings.make(1)
    for day in range(CUT - 18, END):
        market.change("bars", "600000", day, volume=0.9, amount=0.9)
    source = tmp_path / "s"
    ingest(market.mapping(), market.write(source, 0, CUT), tmp_path / "p", quiet=True, n_jobs=1)
    report = update(tmp_path / "p", market.write(source, CUT, END), quiet=True, n_jobs=1)
    assert not [what for what in report.warnings if what.startswith("stocks whose new days are not stored")]
    ingest(market.mapping(), source, tmp_path / "q", quiet=True, n_jobs=1)
    assert differences(tmp_path / "p", tmp_path / "q") == []


@pytest.mark.parametrize(("n_old", "is_refused"), [(0, False), (52, True)])
def test_bad_rows_are_those_of_all_that_were_read(n_old: int, is_refused: bool, tmp_path: Path) -> None:
    """Two of an evening's ten days are bad, which is 20 % of them; 5 % of all 900 are 45."""
    market = Evenings.make(1)
    for day in [*range(n_old), CUT]:
        market.change("daily", TRADED[day % 2], day, close=[-1.0])
    market.change("daily", "600519", CUT, close=[-1.0])
    mapping, source = market.mapping(max_dropped=0.05, max_inconsistent=1.0), tmp_path / "s"
    lenient = market.mapping(max_dropped=0.5, max_inconsistent=1.0)
    ingest(lenient, market.write(source, 0, CUT), tmp_path / "p", quiet=True, n_jobs=1)
    market.write(source, CUT, CUT + 1)
    for run in (
        lambda: ingest(mapping, source, tmp_path / "q", quiet=True, n_jobs=1),
        lambda: update(tmp_path / "p", mapping=mapping, quiet=True, n_jobs=1),
    ):
        if is_refused:
            assert "rows are bad, more than max_dropped = 5.0%" in message(run)
        else:
            run()


def test_bad_rows_of_a_file_that_is_read_again_are_counted_once(tmp_path: Path) -> None:
    """22 of some 650 rows, two of them without a date: 3.4 %, and twice as many would be refused."""
    market, source = Evenings.make(1), tmp_path / "s"
    for day in range(20):
        market.change("daily", TRADED[day % 2], 4 * day, close=[-1.0])
    daily = market.tables["daily"]
    undated = daily["symbol"].isin(TRADED[:2]) & (daily["date"] == market.days[50])
    dates = daily["date"].dt.strftime("%Y-%m-%d").mask(undated, "unknown")
    mapping = market.mapping(daily={"files": "daily.csv"}, max_dropped=0.05, max_inconsistent=1.0)

    def deliver(since: int, until: int) -> None:
        market.write(source, since, until)
        daily.assign(date=dates)[daily["date"] < market.days[until]].to_csv(source / "daily.csv", index=False)

    def counts(provider: Path) -> tuple[dict[str, int], list[int]]:
        rows = json.loads((provider / "mfgru.json").read_text())["report"]["inputs"]["daily"]
        return {reason: tally["count"] for reason, tally in rows["dropped"].items()}, [rows["read"], rows["kept"]]

    deliver(0, 80)
    ingest(mapping, source, tmp_path / "p", quiet=True, n_jobs=1)
    for until in (81, 82, 83):
        deliver(until - 1, until)
        report = update(tmp_path / "p", quiet=True, n_jobs=1)
        assert report.input("daily").dropped["of stored days, left out again"].count == 22
    ingest(mapping, source, tmp_path / "q", quiet=True, n_jobs=1)
    assert counts(tmp_path / "p") == counts(tmp_path / "q")
    assert counts(tmp_path / "p")[0]["unparsable stamp"] == 2
    assert differences(tmp_path / "p", tmp_path / "q") == []


def test_bad_bars_of_a_day_whose_daily_rows_were_there_are_new(tmp_path: Path) -> None:
    """They came a day later: no earlier update has counted them."""
    market, source = Evenings.make(1), tmp_path / "s"
    for symbol in SYMBOLS:
        market.change("bars", symbol, 90, close=-1.0)
    mapping = market.mapping(max_dropped=0.009)  # of 91 days one is bad
    ingest(mapping, market.write(source, 0, 90), tmp_path / "p", quiet=True, n_jobs=1)
    market.write(source, 90, 91)
    late = next(iter((source / "bars").glob(f"{market.days[90]:%Y%m%d}*"))).rename(source / "late.parquet")
    update(tmp_path / "p", quiet=True, n_jobs=1)
    late.rename(source / "bars" / "late.parquet")
    market.write(source, 91, 92)
    said = message(lambda: ingest(mapping, source, tmp_path / "q", quiet=True, n_jobs=1))
    assert message(lambda: update(tmp_path / "p", quiet=True, n_jobs=1)).split(":")[0] == said.split(":")[0]
    assert "bars" in said


def test_what_only_a_later_day_shows_counts_as_in_an_ingest(tmp_path: Path) -> None:
    """Adjusted daily prices of the last day, 30 % too high: a jump, once the next day is there."""
    market, source = Evenings.make(119, "adjusted"), tmp_path / "s"
    market.change("daily", "600001", 90, open=1.3, high=1.3, low=1.3, close=1.3)
    mapping = market.mapping(max_inconsistent=0.01)
    ingest(mapping, market.write(source, 0, 88), tmp_path / "p", quiet=True, n_jobs=1)
    update(tmp_path / "p", market.write(source, 88, 91), quiet=True, n_jobs=1)
    market.write(source, 91, 92)
    jump = "stocks have days on which the price jumps beyond any limit and stays there"
    whole = message(lambda: ingest(mapping, source, tmp_path / "q", quiet=True, n_jobs=1))
    evening = message(lambda: update(tmp_path / "p", quiet=True, n_jobs=1))
    assert jump in whole
    assert evening.split(jump)[0] == whole.split(jump)[0]  # as many stocks, of as many
