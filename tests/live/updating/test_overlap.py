"""Rows of stored days that come again, late, or changed."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.pipeline import ingest
from qlib_mfgru.live import update

from .evenings import N_DAYS, Evenings, differences

CUT = 104


@pytest.fixture
def market() -> Evenings:
    return Evenings.make(5)


def started(market: Evenings, folder: Path) -> Path:
    ingest(market.mapping(), market.write(folder / "s", 0, CUT), folder / "p", quiet=True, n_jobs=1)
    return folder / "p"


def test_the_same_rows_again_are_left_out(market: Evenings, tmp_path: Path) -> None:
    provider = started(market, tmp_path)
    again = market.write(tmp_path / "again", CUT - 40, CUT + 2)
    report = update(provider, again, quiet=True, n_jobs=1)
    assert report.input("daily").dropped["of stored days, the same"].count > 200
    whole = tmp_path / "q"
    ingest(market.mapping(), market.write(tmp_path / "s", CUT, CUT + 2), whole, quiet=True, n_jobs=1)
    assert differences(provider, whole) == []
    counts = json.loads((provider / "mfgru.json").read_text())["report"]["inputs"]
    assert counts["daily"] == json.loads((whole / "mfgru.json").read_text())["report"]["inputs"]["daily"]
    assert counts["bars"]["kept"] == json.loads((whole / "mfgru.json").read_text())["report"]["inputs"]["bars"]["kept"]


def test_other_rows_are_an_error_with_stock_date_and_field(market: Evenings, tmp_path: Path) -> None:
    provider = started(market, tmp_path)
    before = (provider / "checksums.txt").read_bytes()
    market.change("daily", "600000", CUT - 2, volume=1.5)
    again = market.write(tmp_path / "again", CUT - 5, CUT + 2)
    day = market.days[CUT - 2].date()
    with pytest.raises(InputError, match=rf"1 rows of stored days differ.*: SH600000 {day} volume: --revise"):
        update(provider, again, quiet=True, n_jobs=1)
    assert (provider / "checksums.txt").read_bytes() == before


def test_revised_rows_are_as_if_they_had_been_so_from_the_start(market: Evenings, tmp_path: Path) -> None:
    provider = started(market, tmp_path)
    market.change("daily", "600000", CUT - 2, amount=1.0001)
    market._change_bar("600519", CUT - 3, 4, ["close", "high"], 1.002)
    update(provider, market.write(tmp_path / "again", CUT - 5, CUT + 2), revise=True, quiet=True, n_jobs=1)
    whole = tmp_path / "q"
    ingest(market.mapping(), market.write(tmp_path / "t", 0, CUT + 2), whole, quiet=True, n_jobs=1)
    assert differences(provider, whole) == []


def test_rows_that_came_late_are_taken_in(market: Evenings, tmp_path: Path) -> None:
    late = Evenings.make(5)
    late.drop("daily", "600001", [CUT - 1])
    late.drop("bars", "600519", [CUT - 3])
    provider = started(late, tmp_path)
    report = update(provider, market.write(tmp_path / "again", CUT - 5, CUT + 2), quiet=True, n_jobs=1)
    assert report.warnings["daily: rows of stored days that came late, taken in"].count == 1
    assert report.warnings["bars: rows of stored days that came late, taken in"].count == 16
    for rows in json.loads((provider / "mfgru.json").read_text())["report"]["inputs"].values():
        assert rows["read"] == rows["kept"] + sum(tally["count"] for tally in rows["dropped"].values())
    ingest(market.mapping(), market.write(tmp_path / "t", 0, CUT + 2), tmp_path / "q", quiet=True, n_jobs=1)
    assert differences(provider, tmp_path / "q") == []


def test_what_is_too_old_to_change_is_an_error(market: Evenings, tmp_path: Path) -> None:
    provider = started(market, tmp_path)
    market.change("daily", "600000", CUT - 50, volume=1.5)
    again = market.write(tmp_path / "again", CUT - 60, CUT + 2)
    with pytest.raises(InputError, match=r"SH600000 .* volume: an update changes a stock's last days only"):
        update(provider, again, revise=True, quiet=True, n_jobs=1)


def test_prices_adjusted_to_the_newest_day_need_a_whole_ingest(tmp_path: Path) -> None:
    market = Evenings.make(5, "adjusted")
    provider = started(market, tmp_path)
    daily = market.tables["daily"]
    market.tables["daily"] = daily.assign(
        **{name: daily[name] / 2 for name in ("open", "high", "low", "close", "factor")}
    )
    with pytest.raises(InputError, match=r"0\.5 times what is stored: they are adjusted to the newest day"):
        update(provider, market.write(tmp_path / "again", CUT - 5, CUT + 2), revise=True, quiet=True, n_jobs=1)


def test_nothing_new(market: Evenings, tmp_path: Path) -> None:
    provider = started(market, tmp_path)
    before = {path: path.stat().st_mtime_ns for path in provider.rglob("*")}
    report = update(provider, quiet=True, n_jobs=1)
    assert str(report) == (
        f"nothing new: no file of bars or days below {tmp_path / 's'} is new or has changed; the provider ends on "
        f"{market.days[CUT - 1]:%Y-%m-%d}"
    )
    assert report.days == ()
    assert before == {path: path.stat().st_mtime_ns for path in provider.rglob("*")}


def test_days_between_stored_ones_need_a_whole_ingest(market: Evenings, tmp_path: Path) -> None:
    provider = started(market, tmp_path)
    rows = market.tables["daily"].tail(1).assign(date=pd.Timestamp("2024-01-06"))
    (tmp_path / "again/daily").mkdir(parents=True)
    (tmp_path / "again/bars").mkdir(parents=True)
    market.write(tmp_path / "again", CUT, CUT + 1)
    rows.assign(date=market.days[0] - pd.Timedelta("1D")).to_csv(tmp_path / "again/daily/x.csv", index=False)
    with pytest.raises(InputError, match="is not among the stored days"):
        update(provider, tmp_path / "again", quiet=True, n_jobs=1)


def test_a_code_that_changes_takes_its_history_along(tmp_path: Path) -> None:
    market = Evenings.make(5)
    renames = pd.DataFrame({"symbol": ["600001"], "renamed": ["600909"], "date": [market.days[CUT + 1]]})
    for table in market.tables.values():
        if "symbol" in table and table is not market.tables["members"]:
            when = table["datetime" if "datetime" in table else "date"]
            table.loc[(table["symbol"] == "600001") & (when >= market.days[CUT + 1]), "symbol"] = "600909"
    source, mapping = tmp_path / "s", market.mapping(renames={"files": "renames*.csv", "optional": True})
    market.write(source, 0, CUT)
    pd.DataFrame({"symbol": ["000099"], "renamed": ["000098"], "date": ["2020-01-01"]}).to_csv(
        source / "renames0.csv", index=False
    )
    ingest(mapping, source, tmp_path / "p", quiet=True, n_jobs=1)
    renames.to_csv(source / "renames1.csv", index=False)
    for day in range(CUT, N_DAYS):
        update(tmp_path / "p", market.write(source, day, day + 1), quiet=True, n_jobs=1)
    ingest(mapping, source, tmp_path / "q", quiet=True, n_jobs=1)
    assert (tmp_path / "p/features/sh600909").is_dir()
    assert differences(tmp_path / "p", tmp_path / "q") == []


def test_a_changed_code_whose_history_comes_under_it_as_well(tmp_path: Path) -> None:
    """Prices under a code that was not in use then are held against the days that are kept."""
    market = Evenings.make(5)
    change, more = market.days[CUT + 1], {}
    for name, stamp in (("bars", "datetime"), ("daily", "date")):
        table = market.tables[name]
        mine = table["symbol"] == "600001"
        more[name] = table[mine & (table[stamp] < change)].assign(symbol="600909")
        table.loc[mine & (table[stamp] >= change), "symbol"] = "600909"
    source, mapping = market.write(tmp_path / "s", 0, CUT), market.mapping(renames="renames*.csv")
    codes = pd.DataFrame({"symbol": ["000099"], "renamed": ["000098"], "date": ["2020-01-01"]})
    codes.to_csv(source / "renames0.csv", index=False)
    ingest(mapping, source, tmp_path / "p", quiet=True, n_jobs=1)
    codes.assign(symbol="600001", renamed="600909", date=change).to_csv(source / "renames1.csv", index=False)
    more["bars"].to_parquet(source / "bars/history.parquet")
    more["daily"].to_csv(source / "daily/history.csv", index=False)
    update(tmp_path / "p", market.write(source, CUT, CUT + 3), quiet=True, n_jobs=1)
    ingest(mapping, source, tmp_path / "q", quiet=True, n_jobs=1)
    assert (tmp_path / "p/features/sh600909").is_dir()
    assert differences(tmp_path / "p", tmp_path / "q") == []


def test_days_that_the_judge_refuses_wait_for_what_shows_them_right(market: Evenings, tmp_path: Path) -> None:
    market.change("daily", "600000", CUT, factor=[1.0])  # lost for a day: the next day shows that, and it is mended
    provider = started(market, tmp_path)
    report = update(provider, market.write(tmp_path / "s", CUT, CUT + 1), quiet=True, n_jobs=1)
    held = [tally for what, tally in report.warnings.items() if what.startswith("stocks whose new days are not stored")]
    assert [tally.examples for tally in held] == [["SH600000"]]
    update(provider, market.write(tmp_path / "s", CUT + 1, CUT + 3), quiet=True, n_jobs=1)
    ingest(market.mapping(), tmp_path / "s", tmp_path / "q", quiet=True, n_jobs=1)
    assert differences(provider, tmp_path / "q") == []


PRICED = ("open", "high", "low", "close", "amount")
SKIPPED = "rows of stored days that are not in a file with days before and after them; kept"


@pytest.mark.parametrize("n_days", [1, 3])
def test_a_correction_of_whole_days_is_no_adjustment(n_days: int, market: Evenings, tmp_path: Path) -> None:
    """All prices of a stock and of its bars times one number, after days that are the same."""
    provider = started(market, tmp_path)
    for day in range(CUT - 1 - n_days, CUT - 1):
        for name in ("daily", "bars"):
            market.change(name, "600000", day, **dict.fromkeys(PRICED, 1.01))
    again = market.write(tmp_path / "again", CUT - 6, CUT + 2)
    with pytest.raises(InputError, match=rf"^{17 * n_days} rows of stored days differ .*--revise takes the later"):
        update(provider, again, quiet=True, n_jobs=1)
    update(provider, again, revise=True, quiet=True, n_jobs=1)
    ingest(market.mapping(), market.write(tmp_path / "t", 0, CUT + 2), tmp_path / "q", quiet=True, n_jobs=1)
    assert differences(provider, tmp_path / "q") == []


def test_rows_that_a_file_has_no_more_are_counted(market: Evenings, tmp_path: Path) -> None:
    """Of one stock a day, of another its bars; not those before a file's first row."""
    provider, day = started(market, tmp_path), market.days[CUT - 3].date()
    market.drop("daily", "600000", [CUT - 3])
    market.drop("bars", "600519", [CUT - 3, CUT - 2])
    report = update(provider, market.write(tmp_path / "again", CUT - 5, CUT + 2), quiet=True, n_jobs=1)
    told = {what: tally for what, tally in report.warnings.items() if what.endswith(SKIPPED)}
    assert {what.split(":")[0]: tally.count for what, tally in told.items()} == {"daily": 1, "bars": 32}
    assert told[f"daily: {SKIPPED}"].examples == [f"SH600000 {day}"]


def test_files_of_single_days_skip_nothing(market: Evenings, tmp_path: Path) -> None:
    provider = started(market, tmp_path)
    for day in (CUT - 4, CUT - 1, CUT):
        market.write(tmp_path / "again", day, day + 1)
    report = update(provider, tmp_path / "again", quiet=True, n_jobs=1)
    assert not any(what.endswith(SKIPPED) for what in report.warnings)


def test_revising_what_is_too_old_has_taken_nothing(market: Evenings, tmp_path: Path) -> None:
    provider, day = started(market, tmp_path), market.days[10].date()
    market.change("daily", "600000", 10, volume=1.01)
    old = market.write(tmp_path / "old", 10, 11)
    expected = rf"^--revise has taken nothing: .* of bars .*; \d+ of daily \(e.g. \w+ {day}\): ingest all files again"
    with pytest.raises(InputError, match=expected):
        update(provider, old, revise=True, quiet=True, n_jobs=1)
    report = update(provider, market.write(old, CUT, CUT + 1), revise=True, quiet=True, n_jobs=1)
    assert report.warnings["daily: rows too old for --revise, not compared"].count > 3
