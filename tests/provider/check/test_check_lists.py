"""Lists of instruments against what is stored: nothing is judged in silence where a list, or files, were lost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from foreign import CODES, Foreign

from qlib_mfgru.provider.check import peers
from qlib_mfgru.provider.check.check import check_provider
from qlib_mfgru.provider.check.table import Row
from qlib_mfgru.provider.storage.files import ProviderFiles


@pytest.fixture
def foreign(tmp_path: Path) -> Foreign:
    return Foreign(tmp_path / "cn_data", minutes=True)


def found(path: Path) -> dict[str, Row]:
    return {row.kind: row for row in check_provider(path, quiet=True)}


def write_list(path: Path, *lines: str, market: str = "all") -> None:
    (path / "instruments" / f"{market}.txt").write_text("".join(f"{line}\n" for line in lines))


UNLISTED = "stocks that instruments/all.txt does not list"


@pytest.mark.parametrize("content", [None, ""])
def test_a_list_that_is_missing_or_empty_is_an_error_and_all_is_judged(foreign: Foreign, content: str | None) -> None:
    file = foreign.path / "instruments" / "all.txt"
    file.unlink() if content is None else file.write_text(content)
    foreign.change("SH600000", "close", 4, -5.0)
    rows = found(foreign.path)
    row = rows["lists of instruments that are missing or empty"]
    assert (row.severity, row.cases) == ("error", ["instruments/all.txt"])
    assert (rows[UNLISTED].severity, rows[UNLISTED].count, rows[UNLISTED].judged) == ("error", 3, 3)
    assert "days with trade but a price that is missing or not positive" in rows


@pytest.mark.parametrize(("n_listed", "severity"), [(2, "warning"), (1, "error")])
def test_stocks_that_are_in_no_list_are_counted(foreign: Foreign, n_listed: int, severity: str) -> None:
    write_list(foreign.path, *(f"{code}\t2025-03-03\t2025-03-14" for code in CODES[:n_listed]))
    row = found(foreign.path)[UNLISTED]
    assert (row.severity, row.count, row.cases) == (severity, 3 - n_listed, list(CODES[n_listed:]))


def test_a_file_beside_the_stocks_folders_is_no_stock(foreign: Foreign) -> None:
    (foreign.path / "features" / ".DS_Store").write_bytes(b"\0")
    assert ProviderFiles(foreign.path).stored == CODES
    assert not {"stocks without any data", UNLISTED} & found(foreign.path).keys()


def test_spans_that_are_turned_or_beyond_the_calendar(foreign: Foreign) -> None:
    spans = ("2025-03-14\t2025-03-03", "2005-03-03\t2099-03-03", "2025-03-03\t2025-03-14")
    write_list(foreign.path, *(f"{code}\t{span}" for code, span in zip(CODES, spans, strict=True)))
    rows = found(foreign.path)
    turned = rows["spans that end before they start"]
    assert (turned.severity, turned.judged) == ("error", 3)
    assert turned.cases == ["instruments/all.txt: SH600000 2025-03-14 .. 2025-03-03"]
    beyond = rows["spans in all.txt that reach beyond the calendar"]
    assert (beyond.severity, beyond.cases) == ("warning", ["SZ000001 2005-03-03 .. 2099-03-03"])


def test_data_outside_the_span_are_said(foreign: Foreign) -> None:
    write_list(foreign.path, *(f"{code}\t2025-03-05\t2025-03-14" for code in CODES))
    row = found(foreign.path)["stocks with daily data outside their span in all.txt"]
    assert (row.severity, row.count) == ("warning", 3)
    assert row.cases[0] == "SH600000 2025-03-03 .. 2025-03-14 of 2025-03-05 .. 2025-03-14"


def test_a_list_of_strangers_is_an_error(foreign: Foreign) -> None:
    write_list(foreign.path, "SH600519\t2025-03-03\t2025-03-14", market="csi300")
    rows = found(foreign.path)
    row = rows["lists of instruments none of which is stored"]
    assert (row.severity, row.cases) == ("error", ["instruments/csi300.txt"])
    assert (rows["stocks without any data"].severity, rows["stocks without any data"].cases) == (
        "warning",
        ["SH600519"],
    )


def test_most_stocks_without_data_are_an_error(foreign: Foreign) -> None:
    for file in (foreign.path / "features").rglob("*.bin"):
        file.unlink()
    row = found(foreign.path)["stocks without any data"]
    assert (row.severity, row.count, row.judged) == ("error", 3, 3)


@pytest.mark.parametrize(("is_ours", "severity"), [(True, "error"), (False, "warning")])
def test_days_that_were_cut_off_are_said(foreign: Foreign, is_ours: bool, severity: str) -> None:
    """The spans of our own providers are exact."""
    if is_ours:
        (foreign.path / "mfgru.json").write_text('{"made_by": "mfgru ingest"}')
    for name in ("open", "high", "low", "close", "volume", "factor"):
        foreign.write("SH600000", name, np.full(8, 20.0))
    row = found(foreign.path)["stocks whose daily data do not fill their span in all.txt"]
    assert (row.severity, row.cases) == (severity, ["SH600000 2025-03-03 .. 2025-03-12 of 2025-03-03 .. 2025-03-14"])


def test_files_that_only_some_stocks_lack_are_said(foreign: Foreign) -> None:
    for code in CODES:
        foreign.write(code, "vwap", np.full(10, 20.0))
        foreign.write(code, "is_st", np.zeros(10))
    foreign.file("SH600000", "vwap").unlink()
    foreign.file("SZ300750", "is_st").unlink()
    for file in (foreign.path / "features" / "SZ000001").glob("*.60min.bin"):
        file.unlink()
    foreign.file("SH600000", "close", "60min").unlink()
    rows = found(foreign.path)
    lost = rows["files that most stocks have and these lack"]
    assert (lost.severity, lost.cases) == ("error", ["SH600000 vwap.day"])
    assert rows["further files that most stocks have"].cases == ["SZ300750 is_st.day"]
    bars = rows["stocks that trade on days with 60min bars and have none"]
    assert (bars.severity, bars.cases) == ("warning", ["SZ000001"])
    assert (rows["60min fields that are missing"].severity, rows["60min fields that are missing"].cases) == (
        "error",
        ["SH600000 $close"],
    )


def test_a_new_share_that_no_table_names_yet_is_a_note_with_what_to_do(
    foreign: Foreign, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A share of three days has no industry: nothing is lost. One of four days, and a lost vwap, are not so."""
    monkeypatch.setattr(peers, "_NEW_DAYS", 3)
    others = [f"60000{number}" for number in range(1, 6)]
    for code in (*CODES, *(f"SH{other}" for other in others)):
        for name in ("open", "high", "low", "close", "volume", "factor", "vwap", "industry"):
            foreign.write(code, name, np.full(10, 20.0))
    for code, first in (("SH600000", 7), ("SZ000001", 6)):
        for name in ("open", "high", "low", "close", "volume", "factor", "vwap"):
            foreign.change(code, name, slice(first), np.nan)
        foreign.change(code, "industry", slice(None), np.nan)
    foreign.change("SH600000", "vwap", slice(None), np.nan)
    rows = found(foreign.path)
    new = rows["fields of most stocks that shares of the last 3 days have not yet"]
    assert (new.severity, new.cases) == ("note", ["SH600000 industry.day"])
    assert "mfgru update takes them in once a newer table does" in new.cause
    lost = rows["fields of most stocks without any value"]
    assert (lost.severity, lost.cases) == ("warning", ["SH600000 vwap.day", "SZ000001 industry.day"])
