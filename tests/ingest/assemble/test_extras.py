"""Industry, size and special treatment."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ..vendor import csv, run, stored, with_inputs


@pytest.mark.parametrize(("level", "names"), [("name", ["A01农业", "C26化学", "C27医药"]), ("letter", ["A", "C"])])
def test_industries_are_numbers_with_names_aside(source: Path, target: Path, level: str, names: list[str]) -> None:
    rows = [("600000", "C26化学"), ("000001", "A01农业"), ("300750", "C27医药"), ("600999", "Z99其他")]
    csv(source, "i.csv", [{"symbol": code, "industry": name} for code, name in rows[:3]])
    report = run(source, target, with_inputs(industry={"files": "i.csv", "level": level}))
    table = pd.read_csv(target / "industries.csv").set_index("code")["name"]
    assert table.tolist() == names
    for code, name in zip(["SH600000", "SZ000001", "SZ300750"], [name for _, name in rows[:3]], strict=True):
        found = {table[number] for number in stored(target, code, "industry")}
        assert found == {name if level == "name" else name[0]}
    assert "industry: i.csv has no dates, taken as a snapshot that holds on all days" in report.notes


def test_market_cap_is_float_shares_times_raw_close(source: Path, target: Path) -> None:
    rows = [{"symbol": "600000", "float_shares": 1e9}, {"symbol": "000001", "float_shares": 2e9}]
    report = run(source, target, with_inputs(float_shares=csv(source, "f.csv", rows)))
    raw = stored(target, "SZ000001", "close") / 2
    np.testing.assert_allclose(stored(target, "SZ000001", "market_cap"), raw * 2e9, rtol=1e-6)
    assert stored(target, "SZ300750", "market_cap").isna().all()
    assert "float_shares: f.csv has no dates, taken as a snapshot that holds on all days" in report.notes


def test_dated_float_shares_hold_until_the_next(source: Path, target: Path) -> None:
    rows = [("2025-03-04", 1e5), ("2025-03-06", 3e5)]
    csv(source, "f.csv", [{"ts_code": "000001.SZ", "trade_date": day, "float_share": n} for day, n in rows])
    run(source, target, with_inputs(float_shares={"files": "f.csv", "unit": "ten_thousand"}))
    ratio = stored(target, "SZ000001", "market_cap") / (stored(target, "SZ000001", "close") / 2)
    np.testing.assert_allclose(ratio, [np.nan, 1e9, 1e9, 3e9], rtol=1e-6)


@pytest.mark.parametrize(
    ("rows", "options", "expected"),
    [
        ([{"symbol": "600000", "start": "2025-03-04", "end": "2025-03-05"}], {}, [0, 1, 1, 0]),
        ([{"symbol": "600000", "start": "2025-03-05", "end": ""}], {}, [0, 0, 1, 1]),
        ([{"symbol": "600000", "date": "2025-03-05"}], {}, [0, 0, 1, 0]),
        ([{"symbol": "600000", "date": "2025-03-04", "isST": 1}, {"symbol": "600000", "date": "2025-03-05", "isST": 0}],
         {}, [0, 1, 0, 0]),
        ([{"symbol": "600000", "name": "*ST浦发"}], {"from_name": True}, [1, 1, 1, 1]),
        ([{"symbol": "600000", "name": "ST浦发"}], {"from_name": True, "since": "2025-03-05"}, [0, 0, 1, 1]),
        ([{"symbol": "600000", "name": "浦发银行"}], {"from_name": True}, [0, 0, 0, 0]),
    ],
)  # fmt: skip
def test_special_treatment(
    source: Path, target: Path, rows: list[dict[str, object]], options: dict[str, object], expected: list[int]
) -> None:
    run(source, target, with_inputs(st={"files": csv(source, "st.csv", rows), **options}))
    assert stored(target, "SH600000", "is_st").tolist() == expected
    assert stored(target, "SZ000001", "is_st").tolist() == [0, 0, 0, 0]
