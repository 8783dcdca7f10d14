"""Industry, size and special treatment."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.read.values.treatment import has_st_name

from ..vendor import csv, run, stored, text, with_inputs


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


@pytest.mark.parametrize("blank", ["", "None", "--", "nan"])
def test_an_empty_industry_is_unknown_and_no_fault(source: Path, target: Path, blank: str) -> None:
    rows = [{"symbol": "600000", "industry": "银行"}, {"symbol": "000001", "industry": blank}]
    report = run(source, target, with_inputs(industry=csv(source, "i.csv", rows)))
    assert stored(target, "SH600000", "industry").tolist() == [0, 0, 0, 0]
    assert stored(target, "SZ000001", "industry").isna().all()
    assert pd.read_csv(target / "industries.csv")["name"].tolist() == ["银行"]
    assert (report.inputs["industry"].kept, report.inputs["industry"].dropped) == (2, {})
    assert "industry: rows without an industry: unknown" not in report.warnings, "counted once, as a stock"
    tally = report.warnings["industry: stocks without any industry: unknown"]
    assert (tally.count, sorted(tally.examples)) == (2, ["SZ000001", "SZ300750"])


def test_a_dated_row_without_an_industry_is_counted(source: Path, target: Path) -> None:
    rows = [{"symbol": "600000", "date": "2025-03-03", "industry": "银行"},
            {"symbol": "600000", "date": "2025-03-04", "industry": ""}]  # fmt: skip
    report = run(source, target, with_inputs(industry=csv(source, "i.csv", rows)))
    assert stored(target, "SH600000", "industry").tolist() == [0, 0, 0, 0]
    tally = report.warnings["industry: rows without an industry: unknown"]
    assert (tally.count, tally.examples) == (1, ["i.csv row 2: 600000 2025-03-04"])


def test_market_cap_by_date(source: Path, target: Path) -> None:
    """As given on its day; else float shares times the close; a table alone holds until the next value."""
    caps = [{"symbol": "000001", "date": "2025-03-04", "circ_mv": 5.0}]
    cap = {"files": csv(source, "c.csv", caps), "unit": "hundred_million"}
    run(source, target, with_inputs(market_cap=cap))
    np.testing.assert_allclose(stored(target, "SZ000001", "market_cap"), [np.nan, 5e8, 5e8, 5e8], rtol=1e-6)
    assert stored(target, "SH600000", "market_cap").isna().all()
    shares = csv(source, "f.csv", [{"symbol": "000001", "float_shares": 2e9}])
    report = run(source, target, with_inputs(market_cap=cap, float_shares=shares))
    raw = stored(target, "SZ000001", "close") / 2
    expected = np.where([False, True, False, False], 5e8, raw * 2e9)
    np.testing.assert_allclose(stored(target, "SZ000001", "market_cap"), expected, rtol=1e-6)
    assert "$market_cap: as given on a day, else float shares times the close" in report.notes


def test_market_cap_is_float_shares_times_raw_close(source: Path, target: Path) -> None:
    rows = [{"symbol": "600000", "float_shares": 1e9}, {"symbol": "000001", "float_shares": 2e9}]
    report = run(source, target, with_inputs(float_shares=csv(source, "f.csv", rows)))
    raw = stored(target, "SZ000001", "close") / 2
    np.testing.assert_allclose(stored(target, "SZ000001", "market_cap"), raw * 2e9, rtol=1e-6)
    assert stored(target, "SZ300750", "market_cap").isna().all()
    assert "float_shares: f.csv has no dates, taken as a snapshot that holds on all days" in report.notes


def test_stocks_and_days_without_a_size_are_counted(source: Path, target: Path) -> None:
    rows = [
        {"symbol": "600000", "date": "2025-03-03", "float_shares": 1e9},
        {"symbol": "000001", "date": "2025-03-05", "float_shares": 2e9},
    ]
    report = run(source, target, with_inputs(float_shares=csv(source, "f.csv", rows)))
    stocks = report.warnings["stocks without any market capitalisation"]
    assert (stocks.count, stocks.examples) == (1, ["SZ300750"])
    days = report.warnings["live days without a market capitalisation"]
    n_live = stored(target, "SZ300750", "close").notna().sum()
    n_before = stored(target, "SZ000001", "close")[:"2025-03-04"].notna().sum()
    assert days.count == n_live + n_before > n_live
    assert days.examples[0] == "SZ000001 2025-03-03"


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
        ([{"symbol": "600000", "date": "2025-03-04", "isST": 1}, {"symbol": "000001", "date": "2025-03-04", "isST": 0}],
         {}, [0, 1, 1, 1]),
        ([{"symbol": "600000", "date": "2025-03-04", "isST": 1}, {"symbol": "600000", "date": "2025-03-05", "isST": ""},
          {"symbol": "000001", "date": "2025-03-04", "isST": 0}], {}, [0, 1, 1, 1]),
        ([{"symbol": "600000", "date": "2025-03-04", "isST": 1},
          {"symbol": "600000", "date": "2025-03-05", "isST": ""}], {}, [0, 1, 0, 0]),
        ([{"symbol": "600000", "name": "*ST浦发"}], {"from_name": True}, [1, 1, 1, 1]),
        ([{"symbol": "600000", "name": "ST浦发"}], {"from_name": True, "since": "2025-03-05"}, [0, 0, 1, 1]),
        ([{"symbol": "600000", "name": "浦发银行"}], {"from_name": True}, [0, 0, 0, 0]),
        ([{"symbol": "600000", "start": "2025-03-03", "end": "2025-03-04"},
          {"symbol": "600000", "start": "2025-03-05", "end": "2025-03-05"}], {}, [1, 1, 1, 0]),
        ([{"symbol": "600000", "start": "2025-03-03", "end": "2025-03-06"},
          {"symbol": "600000", "start": "2025-03-04", "end": "2025-03-04"}], {}, [1, 1, 1, 1]),
        ([{"ts_code": "600000.SH", "name": "ST浦发", "start_date": 20250303, "end_date": 20250304},
          {"ts_code": "600000.SH", "name": "*ST浦发", "start_date": 20250305, "end_date": 20250305},
          {"ts_code": "600000.SH", "name": "浦发银行", "start_date": 20250306, "end_date": ""}],
         {"from_name": True}, [1, 1, 1, 0]),
        ([{"symbol": "600000", "name": "ST浦发", "start": "2025-03-04"},
          {"symbol": "600000", "name": "浦发银行", "start": "2025-03-06"}], {"from_name": True}, [0, 1, 1, 0]),
        ([{"symbol": "600000", "name": "*ST浦发", "start": "2025-03-04", "end": ""},
          {"symbol": "600000", "name": "浦发银行", "start": "2025-03-06", "end": ""}],
         {"from_name": True}, [0, 1, 1, 0]),
        ([{"symbol": "600000", "name": "浦发银行", "start": "2025-03-05", "end": ""},
          {"symbol": "600000", "name": "ST浦发", "start": "2025-03-03", "end": "2025-03-05"}],
         {"from_name": True}, [1, 1, 0, 0]),
        ([{"symbol": "600000", "name": "浦发银行", "start": "2010-01-01", "end": "2025-03-04"},
          {"symbol": "600000", "name": "ST浦发", "start": "2025-03-04", "end": "2099-12-31"}],
         {"from_name": True}, [0, 1, 1, 1]),
        ([{"symbol": "600000", "name": "ST浦发", "start": "2025-03-03", "end": ""},
          {"symbol": "600000", "name": "*ST浦发", "start": "2025-03-04", "end": "2025-03-04"},
          {"symbol": "600000", "name": "浦发银行", "start": "2025-03-06", "end": ""}],
         {"from_name": True}, [1, 1, 1, 0]),
        ([{"symbol": "600000", "name": "XDST浦发", "date": "2025-03-04"},
          {"symbol": "600000", "name": "浦发银行", "date": "2025-03-06"}], {"from_name": True}, [0, 1, 1, 0]),
        ([{"symbol": "600000", "name": "ST浦发", "date": "2025-03-04"},
          {"symbol": "600000", "name": "", "date": "2025-03-05"}], {"from_name": True}, [0, 1, 1, 1]),
        ([{"symbol": "600000", "name": "ST浦发", "date": "2025-03-04"},
          {"symbol": "600000", "name": " -- ", "date": "2025-03-05"}], {"from_name": True}, [0, 1, 1, 1]),
        ([{"symbol": "600000", "name": "ST浦发", "start": "2025-03-04"},
          {"symbol": "600000", "name": "", "start": "2025-03-05"}], {"from_name": True}, [0, 1, 1, 1]),
        ([{"symbol": "600000", "name": "ST浦发", "start": "2025-03-03", "end": "2025-03-06"},
          {"symbol": "600000", "name": "None", "start": "2025-03-04", "end": "2025-03-05"}],
         {"from_name": True}, [1, 1, 1, 1]),
        ([{"symbol": "600000", "is_st": 1, "start": "2025-03-03", "end": "2025-03-06"},
          {"symbol": "600000", "is_st": "", "start": "2025-03-04", "end": "2025-03-05"}], {}, [1, 1, 1, 1]),
    ],
)  # fmt: skip
def test_special_treatment(
    source: Path, target: Path, rows: list[dict[str, object]], options: dict[str, object], expected: list[int]
) -> None:
    run(source, target, with_inputs(st={"files": csv(source, "st.csv", rows), **options}))
    assert stored(target, "SH600000", "is_st").tolist() == expected
    assert stored(target, "SZ000001", "is_st").tolist() == [0, 0, 0, 0]


def test_rows_without_a_name_are_counted(source: Path, target: Path) -> None:
    rows = [{"symbol": "600000", "date": "2025-03-04", "name": "ST浦发"},
            {"symbol": "600000", "date": "2025-03-05", "name": ""}]  # fmt: skip
    report = run(source, target, with_inputs(st={"files": csv(source, "st.csv", rows), "from_name": True}))
    tally = report.warnings["st: rows without a name or a flag: they say nothing"]
    assert (tally.count, tally.examples) == (1, ["st.csv row 2: 600000 2025-03-05"])
    assert (report.inputs["st"].kept, report.inputs["st"].dropped) == (2, {})


def test_flags_hold_on_days_that_their_table_does_not_reach(source: Path, target: Path) -> None:
    text(source, "is_st.csv", "date,600000,000001\n2025-03-03,False,False\n2025-03-04,True,False\n")
    report = run(source, target, with_inputs(st={"wide": {"is_st": "is_st.csv"}}))
    assert stored(target, "SH600000", "is_st").tolist() == [0, 1, 1, 1]
    span = stored(target, "SH600000", "limit_up") / stored(target, "SH600000", "limit_down")
    np.testing.assert_allclose(span.iloc[1:], 1.05 / 0.95, atol=5e-3)
    tally = report.warnings["st: live days without a flag, taken as the one before"]
    assert (tally.count, tally.examples[:2]) == (4, ["SH600000 2025-03-05", "SH600000 2025-03-06"])


@pytest.mark.parametrize(
    ("name", "is_st"),
    [
        ("ST浦发", True), ("*ST浦发", True), ("S*ST浦发", True), ("SST浦发", True), ("＊ＳＴ浦发", True),
        ("XDST浦发", True), ("XR*ST浦发", True), ("DR*ST浦发", True), ("NST浦发", True), ("GST浦发", True),
        ("ＳＴ浦发", True), ("*ST TCL", True), ("ST TCL", True), (" *ST 浦发", True), ("*STTCL", True),
        ("* st 浦发", True), ("st浦发", True), ("ST股份", True), ("N*ST浦发", True), ("stone", False), ("NSTAR", False),
        ("BEST", False), ("STEEL", False), ("Steel", False), ("浦发ST", False), ("S浦发", False), ("XD浦发", False),
        ("浦发银行", False), ("退市浦发", False), ("浦发退", False), ("*ST浦退", False), ("", False), ("N浦发", False),
    ],
)  # fmt: skip
def test_names_that_say_special_treatment(name: str, is_st: bool) -> None:
    assert has_st_name(name) is is_st


def test_since_is_of_names_without_a_date(source: Path, target: Path) -> None:
    rows = [{"symbol": "600000", "name": "ST浦发", "date": "2025-03-04"}]
    st = {"files": csv(source, "st.csv", rows), "from_name": True, "since": "2025-03-05"}
    with pytest.raises(InputError, match=r"the names have dates: leave out st\.since"):
        run(source, target, with_inputs(st=st))
    with pytest.raises(InputError, match="st: since is of today's names: it needs from_name: true"):
        run(source, target, with_inputs(st={"files": "st.csv", "since": "prices"}))


def test_an_industry_twice_is_said_without_a_date_that_is_none(source: Path, target: Path) -> None:
    rows = [{"symbol": "600000", "industry": name} for name in ("银行", "钢铁")]
    report = run(source, target, with_inputs(industry=csv(source, "i.csv", rows)))
    tally = report.warnings["industry: repeated with another industry, the first kept"]
    assert tally.examples == ["i.csv: SH600000 on all days"]
