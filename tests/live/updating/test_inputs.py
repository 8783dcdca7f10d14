"""Which files an update reads, what they are called, and what they may lack."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from ingest.vendor import BARS, DAILY, csv, make_bars, make_daily, spans, stored, text, write

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest import pipeline
from qlib_mfgru.ingest.mapping import IngestMapping
from qlib_mfgru.live import UpdateReport, update

from .evenings import differences

DAYS = pd.bdate_range("2025-03-03", periods=6)
LAST = "2025-03-07"


def until(folder: Path, n_days: int) -> Path:
    """Write bars and daily rows of the first days, files that grow."""
    bars = make_bars(days=DAYS)
    bars = bars[bars["datetime"] < DAYS[n_days - 1] + pd.Timedelta("1D")]
    return write(folder, bars, make_daily(bars))


def ingest(source: Path, target: Path, **content: Any) -> None:
    """Ingest bars and daily rows, and other inputs."""
    mapping = IngestMapping(**{"bars": BARS, "daily": DAILY, **content})
    pipeline.ingest(mapping, source, target, quiet=True, n_jobs=1)


def updated(target: Path, source: Path | None = None) -> UpdateReport:
    return update(target, source, quiet=True, n_jobs=1)


def members(path: Path, end: str = "") -> None:
    """Two members, of which the second leaves."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [{"symbol": "600000", "start": "2025-03-03", "end": ""},
            {"symbol": "000001", "start": "2025-03-03", "end": end}]  # fmt: skip
    csv(path.parent, path.name, rows)


def test_what_is_written_while_an_ingest_reads_is_new_to_an_update(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, write_provider = until(tmp_path / "in", 4), pipeline._write_provider

    def later(*arguments: Any) -> None:
        until(source, 5)
        write_provider(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "_write_provider", later)
        ingest(source, tmp_path / "p")
    assert updated(tmp_path / "p").days == (LAST,)
    ingest(source, tmp_path / "q")
    assert differences(tmp_path / "p", tmp_path / "q") == []


@pytest.mark.parametrize("elsewhere", [False, True])
@pytest.mark.parametrize("table", ["~/data/m.csv", "{}/data/m*.csv"])
def test_whole_paths_name_the_same_file_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, elsewhere: bool, table: str
) -> None:
    """A member that leaves is none any more: its table is not read beside an older copy."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    source = until(tmp_path / "data", 4)
    members(source / "m.csv")
    content = {
        "bars": BARS | {"files": f"{source}/bars/*"},
        "daily": f"{source}/daily.csv",
        "members": {"csi300": table.format(tmp_path)},
    }
    ingest(Path(), tmp_path / "p", **content)
    members(until(source, 5) / "m.csv", "2025-03-05")
    (tmp_path / "elsewhere").mkdir()
    assert updated(tmp_path / "p", tmp_path / "elsewhere" if elsewhere else None).days == (LAST,)
    assert spans(tmp_path / "p", "csi300") == [
        ["SH600000", "2025-03-03", LAST], ["SZ000001", "2025-03-03", "2025-03-05"],
    ]  # fmt: skip
    ingest(Path(), tmp_path / "q", **content)
    assert differences(tmp_path / "p", tmp_path / "q") == []


@pytest.mark.parametrize("n_up", [1, 4])
def test_copies_of_tables_above_the_folder_stay_in_the_provider(tmp_path: Path, n_up: int) -> None:
    source, target, table = until(tmp_path / "a/b/c/in", 4), tmp_path / "p", f"{'../' * n_up}lists/m.csv"
    members(source / table)
    content = {"members": {"csi300": table}}
    for _ in range(2):  # the second time in the place of the first
        ingest(source, target, **content)
    copy = target / "state/tables/members.csi300" / f"{'_/' * n_up}lists/m.csv"
    assert copy.read_bytes() == (source / table).read_bytes()
    updated(target, until(tmp_path / "x/evening", 5))  # where no such table is
    assert [end for _, _, end in spans(target, "csi300")] == [LAST, LAST]
    members(source / table, "2025-03-05")
    updated(target, until(source, 6))
    assert [end for _, _, end in spans(target, "csi300")] == ["2025-03-10", "2025-03-05"]
    assert copy.read_bytes() == (source / table).read_bytes()


def test_a_small_table_without_a_row_takes_nothing_away(tmp_path: Path) -> None:
    """It is given whole: a file that holds its header alone is refused, as by an ingest."""
    source = until(tmp_path / "in", 4)
    rows = [
        {"index": "000300.SH", "date": f"{day:%Y-%m-%d}", **dict.fromkeys(("open", "high", "low", "close"), 4000.0 + n)}
        for n, day in enumerate(DAYS)
    ]
    ingest(source, tmp_path / "p", index=csv(source, "levels.csv", rows))
    until(source, 5)
    text(source, "levels.csv", ",".join(rows[0]) + "\n")
    with pytest.raises(InputError, match=r"levels\.csv: the file has no rows"):
        updated(tmp_path / "p")
    csv(source, "levels.csv", rows)
    assert updated(tmp_path / "p").days == (LAST,)
    assert stored(tmp_path / "p", "SH000300", "close").tolist() == [4000, 4001, 4002, 4003, 4004]


@pytest.mark.parametrize("where", [{}, {"kind": "split"}])
def test_a_new_table_may_have_no_row(tmp_path: Path, where: dict[str, str]) -> None:
    """An evening on which nothing happens; a new file of prices has rows."""
    source = until(tmp_path / "in", 4)
    (source / "factors").mkdir()
    (source / "days").mkdir()
    header = "symbol,date,factor,kind\n"
    text(source, "factors/a.csv", f"{header}600000,2025-03-05,1.0,split\n000001,2025-03-05,1.0,split\n")
    daily = make_daily(make_bars(days=DAYS)).drop(columns="factor")
    for number, day in enumerate(DAYS[:5]):
        daily[daily["date"] == day].to_csv(source / "days" / f"{number}.csv", index=False)
    last = (source / "days/4.csv").rename(source / "4.csv")
    factors = {"files": "factors/*.csv", "before_first": "one", **({"where": where} if where else {})}
    content = {"daily": "days/*.csv", "factors": factors}
    ingest(source, tmp_path / "p", **content)
    text(source, "factors/b.csv", header + (f"600000,{LAST},2.0,dividend\n" if where else ""))
    until(source, 5)
    (source / "days/4.csv").write_text("".join(last.read_text().splitlines(keepends=True)[:1]))
    with pytest.raises(InputError, match=r"4\.csv: the file has no rows"):
        updated(tmp_path / "p")
    last.replace(source / "days/4.csv")
    report = updated(tmp_path / "p")
    assert report.days == (LAST,)
    what = "rows that are not as where asks" if where else "files without a row, left out"
    assert report.warnings[f"factors: {what}"].count == 1
    ingest(source, tmp_path / "q", **content)
    assert differences(tmp_path / "p", tmp_path / "q") == []


@pytest.mark.parametrize(
    "volume",
    [
        {"*_a.csv": "lots", "*": "shares"},
        {"*": "shares", "*_a.csv": "lots"},
        {"*": "lots", "*_b.csv": "shares"},
        {"*_a.csv": "lots", "*_b.csv": "shares"},
    ],
)
def test_units_by_the_name_of_the_file_are_those_of_an_ingest(tmp_path: Path, volume: dict[str, str]) -> None:
    daily, source = make_daily(make_bars(days=DAYS)), tmp_path / "in"
    source.mkdir()
    late = daily["date"] >= DAYS[3]
    daily[~late].assign(volume=daily["volume"] / 100).to_csv(source / "d_a.csv", index=False)
    daily[late & (daily["date"] < DAYS[4])].to_csv(source / "d1_b.csv", index=False)
    content: dict[str, Any] = {"bars": None, "daily": {"files": "d*.csv", "volume": volume}}
    ingest(source, tmp_path / "p", **content)
    daily[late & (daily["date"] >= DAYS[4])].to_csv(source / "d2_b.csv", index=False)
    assert len(updated(tmp_path / "p").days) == 2
    expected = daily.loc[daily["symbol"] == "600000", "volume"] / 2
    assert stored(tmp_path / "p", "SH600000", "volume").tolist() == pytest.approx(expected.tolist())
    ingest(source, tmp_path / "q", **content)
    assert differences(tmp_path / "p", tmp_path / "q") == []


def test_flags_of_a_table_that_ends_early_hold_until_it_goes_on(tmp_path: Path) -> None:
    source, target = until(tmp_path / "in", 4), tmp_path / "p"
    content = {"st": {"wide": {"is_st": "is_st.csv"}}}
    flags = pd.DataFrame({"date": DAYS, "600000": [0, 1, 1, 1, 0, 0], "000001": 0})
    flags[:4].to_csv(source / "is_st.csv", index=False)
    ingest(source, target, **content)
    report = updated(target, until(source, 5))
    assert stored(target, "SH600000", "is_st").tolist() == [0, 1, 1, 1, 1]
    tally = report.warnings["st: live days without a flag, taken as the one before"]
    assert (tally.count, tally.examples) == (2, [f"SH600000 {LAST}", f"SZ000001 {LAST}"])
    ingest(source, tmp_path / "q", **content)
    assert differences(target, tmp_path / "q") == []
    flags.to_csv(source / "is_st.csv", index=False)
    updated(target, until(source, 6))
    assert stored(target, "SH600000", "is_st").tolist() == [0, 1, 1, 1, 0, 0]
    ingest(source, tmp_path / "q", **content)
    assert differences(target, tmp_path / "q") == []
