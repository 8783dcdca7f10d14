"""Tables beside the prices that are garbage: a finding each, whatever is in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from foreign import Foreign

from qlib_mfgru.provider.check.check import check_provider
from qlib_mfgru.provider.check.table import Row

DAMAGED = "tables that are damaged"
BINARY = bytes(range(128, 256)) * 3


@pytest.fixture
def foreign(tmp_path: Path) -> Foreign:
    return Foreign(tmp_path / "cn_data")


def found(foreign: Foreign) -> dict[str, Row]:
    """Findings besides those that such a provider always has."""
    rows = {row.kind: row for row in check_provider(foreign.path, quiet=True)}
    for kind in ("stocks without $vwap", "stocks without $amount", "days with trade have no amount"):
        rows.pop(kind, None)
    return rows


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("industries.csv", b"number,industry\n0,Banks\n"),
        ("industries.csv", BINARY),
        ("industries.csv", b""),
        ("industries.csv", b"code,name\n0,Banks\n1,\n"),
        ("industries.csv", b"code,name\n0,Banks\n0,Food\n"),
        ("industries.csv", b"code,name\nzero,Banks\n"),
        ("industries.csv", b"code,name\n0\n"),
        ("industries.csv", b"code,name\n0,Banks\n\0\0\0\0"),
        ("coverage.csv", BINARY),
        ("coverage.csv", b""),
        ("coverage.csv", b"a,b\n1,2\n"),
        ("coverage.csv", b"market,date,members,weight\ncsi300,2025-03-03,many,few\n"),
        ("coverage.csv", b"market,date,members,weight\ncsi300,someday,1,1\n"),
        ("instruments/csi300.txt", BINARY),
        ("instruments/csi300.txt", b"code,start,end\n"),
        ("instruments/csi300.txt", b"SH600000\tfirst\tlast\n"),
    ],
)
def test_a_table_of_garbage_is_one_finding(foreign: Foreign, name: str, content: bytes) -> None:
    (foreign.path / "instruments" / "csi300.txt").write_text("SH600000\t2025-03-03\t2025-03-14\n")
    (foreign.path / name).write_bytes(content)
    rows = found(foreign)
    assert list(rows) == [DAMAGED]
    row = rows[DAMAGED]
    assert (row.severity, row.count) == ("error", 1)
    assert str(foreign.path / name) in row.cases[0]
    assert "\n" not in row.cases[0]


def test_stocks_are_judged_although_the_list_of_all_is_garbage(foreign: Foreign) -> None:
    (foreign.path / "instruments" / "all.txt").write_bytes(BINARY)
    foreign.change("SH600000", "close", 4, -5.0)
    rows = found(foreign)
    assert rows[DAMAGED].count == 1
    assert rows["days with trade but a price that is missing or not positive"].cases == ["SH600000 2025-03-07"]
    assert "stocks that instruments/all.txt does not list" not in rows


def test_a_number_of_an_industry_has_a_name(foreign: Foreign) -> None:
    for code, number in (("SH600000", 0), ("SZ000001", 1), ("SZ300750", 7)):
        foreign.write(code, "industry", np.full(10, number))
    assert found(foreign) == {}
    (foreign.path / "industries.csv").write_text('code,name\n0,"Banks, other"\n1,Food\n')
    row = found(foreign)["days with an $industry that industries.csv does not name"]
    assert (row.severity, row.count, row.judged, row.cases) == ("error", 10, 30, ["SZ300750 2025-03-03 .. 2025-03-14"])


def test_weights_are_fractions_of_the_index(foreign: Foreign) -> None:
    for code, weight in (("SH600000", 0.5), ("SZ000001", 0.3), ("SZ300750", 0.2)):
        foreign.write(code, "csi300_weight", np.full(10, weight))
    assert found(foreign) == {}
    foreign.change("SZ300750", "csi300_weight", 2, 0.3)
    total = found(foreign)["days on which the weights of an index add up to more than 1"]
    assert (total.severity, total.count, total.judged) == ("warning", 1, 10)
    assert total.cases == ["$csi300_weight 2025-03-05"]
    for wrong in (20.0, -0.2, np.inf):
        foreign.change("SZ300750", "csi300_weight", 2, wrong)
        rows = found(foreign)
        assert list(rows) == ["days with a weight in an index that is not between 0 and 1"]
        row = next(iter(rows.values()))
        assert (row.severity, row.count, row.cases) == ("error", 1, ["SZ300750 $csi300_weight 2025-03-05"])
