"""Rows repeated in files that are read again: what an ingest of all files keeps is held against what is stored."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from ingest.vendor import csv, stored

from qlib_mfgru.ingest.pipeline import ingest
from qlib_mfgru.live import update

from .evenings import Evenings, differences

CUT = 100
WHOLE = ("daily", "float_shares")
"""Tables that come in one file, which is written anew every evening."""


def deliver(market: Evenings, source: Path, since: int, until: int) -> Path:
    """Write what comes on some days, and all rows so far of the tables in one file."""
    market.write(source, since, until)
    for name in WHOLE:
        table = market.tables[name]
        table[table["date"] < market.days[until]].to_csv(source / f"{name}.csv", index=False)
    return source


def repeat(market: Evenings, name: str, day: int, keep: str, **values: float) -> None:
    """Give a row of a stock once more, multiplied, on the side on which it is not kept."""
    table = market.tables[name]
    rows = table[(table["symbol"] == "600000") & (table["date"] == market.days[day])]
    wrong = rows.assign(**{column: rows[column] * by for column, by in values.items()})
    market.tables[name] = pd.concat([table, wrong] if keep == "first" else [wrong, table], ignore_index=True)


def counted(provider: Path) -> dict[str, Any]:
    report = json.loads((provider / "mfgru.json").read_text())["report"]
    daily = report["inputs"]["daily"]
    dropped = {reason: tally["count"] for reason, tally in daily["dropped"].items()}
    warned = {what: tally["count"] for what, tally in report["warnings"].items() if "repeated with another" in what}
    return {"read": daily["read"], "kept": daily["kept"], "dropped": dropped, "warned": warned}


@pytest.mark.parametrize("keep", ["first", "last"])
def test_a_correction_below_or_above_the_row_that_it_corrects(keep: str, tmp_path: Path) -> None:
    """Within the open days, before them, and on a day that is new: evening by evening it is as an ingest has it."""
    market, source = Evenings.make(5), tmp_path / "s"
    for day in (60, CUT - 4, CUT + 1):
        repeat(market, "daily", day, keep, amount=1.0001)
    repeat(market, "float_shares", 95, keep, float_shares=1.5)
    content = {name: {"files": f"{name}.csv", "keep": keep} for name in WHOLE}
    mapping = market.mapping(**content)
    ingest(mapping, deliver(market, source, 0, CUT), tmp_path / "p", quiet=True, n_jobs=1)
    for day in range(CUT, CUT + 3):
        update(tmp_path / "p", deliver(market, source, day, day + 1), quiet=True, n_jobs=1)
    ingest(mapping, source, tmp_path / "q", quiet=True, n_jobs=1)
    assert differences(tmp_path / "p", tmp_path / "q") == []
    assert counted(tmp_path / "p") == counted(tmp_path / "q")
    assert counted(tmp_path / "p")["dropped"][f"repeated with other values, the {keep} kept"] == 3
    assert list(counted(tmp_path / "p")["warned"].values()) == [1]


def test_a_later_flag_takes_the_place_of_the_stored_one_where_the_last_is_kept(tmp_path: Path) -> None:
    """The input's `keep` counts, whatever its values are called."""
    market, source = Evenings.make(5), tmp_path / "s"
    market.tables["daily"] = market.tables["daily"].drop(columns="is_st")
    mapping = market.mapping(st={"files": "flags.csv", "keep": "last"})
    days, flags = [f"{day:%Y-%m-%d}" for day in market.days[CUT - 4 : CUT]], []
    for until, values in ((CUT, [0, 1, 1, 0]), (CUT + 1, [0, 1, 0, 0])):
        rows = [{"symbol": "600000", "date": day, "is_st": flag} for day, flag in zip(days, values, strict=True)]
        csv(market.write(source, until - 1 if until > CUT else 0, until), "flags.csv", rows)
        if until == CUT:
            ingest(mapping, source, tmp_path / "p", quiet=True, n_jobs=1)
        else:
            update(tmp_path / "p", quiet=True, n_jobs=1)
        flags.append(stored(tmp_path / "p", "SH600000", "is_st")[days].tolist())
    assert flags == [[0, 1, 1, 0], [0, 1, 0, 0]]
    ingest(mapping, source, tmp_path / "q", quiet=True, n_jobs=1)
    assert differences(tmp_path / "p", tmp_path / "q") == []
