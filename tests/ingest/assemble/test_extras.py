"""Members, weights, index levels, industry, size, special treatment and limit prices."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.errors import InputError

from .vendor import BARS, DAILY, make_bars, make_daily, run, spans, stored, write

DATES = ["2025-03-03", "2025-03-04", "2025-03-05", "2025-03-06"]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    bars = make_bars()
    return write(tmp_path / "in", bars, make_daily(bars))


def with_inputs(**content: Any) -> dict[str, Any]:
    return {"bars": BARS, "daily": DAILY, **content}


def csv(folder: Path, name: str, rows: Sequence[Mapping[str, object]]) -> str:
    pd.DataFrame(rows).to_csv(folder / name, index=False)
    return name


def text(folder: Path, name: str, content: str) -> str:
    (folder / name).write_text(content, encoding="utf-8")
    return name


MEMBERS = {"files": "m.txt", "names": ["symbol", "start", "end"]}


def test_back_to_back_spans_melt_into_one(source: Path, target: Path) -> None:
    # the second span of 600000 starts on the day after; the one of 000001 skips a trading day
    text(source, "m.txt", "SH600000\t2024-01-01\t2025-03-03\nSH600000\t2025-03-04\t2025-03-06\n"
         "SZ000001\t2025-03-03\t2025-03-03\nSZ000001\t2025-03-05\t2025-03-06\n")  # fmt: skip
    run(source, target, with_inputs(members={"csi300": MEMBERS}))
    assert spans(target, "csi300") == [
        ["SH600000", "2025-03-03", "2025-03-06"],
        ["SZ000001", "2025-03-03", "2025-03-03"],
        ["SZ000001", "2025-03-05", "2025-03-06"],
    ]


def test_a_weekend_between_two_spans_is_no_gap(tmp_path: Path, target: Path) -> None:
    bars = make_bars(days=pd.DatetimeIndex(["2025-03-06", "2025-03-07", "2025-03-10"]))
    source = write(tmp_path / "weekend", bars, make_daily(bars))
    text(source, "m.txt", "SH600000\t2025-03-06\t2025-03-07\nSH600000\t2025-03-10\t2025-03-10\n")
    run(source, target, with_inputs(members={"csi300": MEMBERS}))
    assert spans(target, "csi300") == [["SH600000", "2025-03-06", "2025-03-10"]]


@pytest.mark.parametrize(("carry", "last"), [(True, "2025-03-06"), (False, "2025-03-04")])
def test_members_are_carried_forward_as_an_option(source: Path, target: Path, carry: bool, last: str) -> None:
    text(source, "m.txt", "SH600000\t2025-03-03\t2025-03-04\nSZ000001\t2025-03-03\t2025-03-03\n")
    account = run(source, target, with_inputs(members={"csi300": MEMBERS}, carry_members=carry))
    assert spans(target, "csi300") == [["SH600000", "2025-03-03", last], ["SZ000001", "2025-03-03", "2025-03-03"]]
    assert ("carried forward unchanged" in " ".join(account.notes)) == carry
    assert "members.csi300: the list ends on 2025-03-04" in " ".join(account.notes)


def test_members_without_data_do_not_appear(source: Path, target: Path) -> None:
    text(source, "m.txt", "SH600000\t2025-03-03\t2025-03-06\nSH600999\t2025-03-03\t2025-03-06\n")
    account = run(source, target, with_inputs(members={"csi300": MEMBERS}))
    assert [line[0] for line in spans(target, "csi300")] == ["SH600000"]
    tally = account.warnings["members.csi300: members left out, because there are no data of them"]
    assert (tally.count, tally.examples) == (1, ["SH600999"])


def test_an_open_end_lasts(source: Path, target: Path) -> None:
    csv(source, "m.csv", [{"ts_code": "600000.SH", "in_date": "20250304", "out_date": ""}])
    run(source, target, with_inputs(members={"csi300": "m.csv"}))
    assert spans(target, "csi300") == [["SH600000", "2025-03-04", "2025-03-06"]]


def test_weights_move_with_prices_and_keep_their_total(source: Path, target: Path) -> None:
    csv(source, "w.csv", [
        {"date": 20250303, "con_code": "600000.SH", "weight": 30},
        {"date": 20250303, "con_code": "000001.SZ", "weight": 10},
        {"date": 20250303, "con_code": "600999.SH", "weight": 60},
        {"date": 20250305, "con_code": "600000.SH", "weight": 50},
    ])  # fmt: skip
    run(source, target, with_inputs(weights={"csi300": {"files": "w.csv", "carry": True}}))
    closes = {code: stored(target, code, "close")["2025-03-04"] / stored(target, code, "close")["2025-03-03"]
              for code in ("SH600000", "SZ000001")}  # fmt: skip
    moved = 0.3 * closes["SH600000"], 0.1 * closes["SZ000001"]
    weight = stored(target, "SH600000", "csi300_weight")
    assert weight["2025-03-03"] == pytest.approx(0.3)
    assert weight["2025-03-04"] == pytest.approx(0.4 * moved[0] / sum(moved), rel=1e-6)
    # alone in the provider from the 5th on
    assert weight[["2025-03-05", "2025-03-06"]].tolist() == [0.5, 0.5]
    other = stored(target, "SZ000001", "csi300_weight")
    assert other["2025-03-04"] == pytest.approx(0.4 * moved[1] / sum(moved), rel=1e-6)
    assert other.index[-1] == pd.Timestamp("2025-03-04")


def test_weights_end_with_what_is_known_unless_carried(source: Path, target: Path) -> None:
    rows = [{"date": day, "symbol": "600000", "weight": 0.5} for day in ("2025-03-03", "2025-03-05")]
    csv(source, "w.csv", rows)
    run(source, target, with_inputs(weights={"csi300": {"files": "w.csv", "unit": "fraction"}}))
    assert stored(target, "SH600000", "csi300_weight").index[-1] == pd.Timestamp("2025-03-05")


def test_a_stock_that_leaves_the_index_loses_its_weight(source: Path, target: Path) -> None:
    csv(source, "w.csv", [{"date": "2025-03-03", "symbol": code, "weight": 50} for code in ("600000", "000001")])
    text(source, "m.txt", "SH600000\t2025-03-03\t2025-03-06\nSZ000001\t2025-03-03\t2025-03-04\n")
    content = with_inputs(weights={"csi300": {"files": "w.csv", "carry": True}}, members={"csi300": MEMBERS})
    run(source, target, content)
    assert stored(target, "SZ000001", "csi300_weight").index[-1] == pd.Timestamp("2025-03-04")
    assert stored(target, "SH600000", "csi300_weight")["2025-03-05":].tolist() == [1, 1]


def test_weights_in_the_wrong_unit_are_an_error(source: Path, target: Path) -> None:
    csv(source, "w.csv", [{"date": "2025-03-03", "symbol": code, "weight": 50} for code in ("600000", "000001")])
    with pytest.raises(InputError, match=r"weights\.csi300: a date's weights add up to 100 with unit: fraction"):
        run(source, target, with_inputs(weights={"csi300": {"files": "w.csv", "unit": "fraction"}}))


def test_index_levels_lie_under_their_code_and_not_in_all(source: Path, target: Path) -> None:
    days = ["2025-03-03", "2025-03-04", "2025-03-05", "2025-03-06", "2025-03-07"]
    rows = [
        {"code": "000300", "date": day, "open": 1, "high": 3, "low": 1, "close": 2 + i} for i, day in enumerate(days)
    ]
    account = run(source, target, with_inputs(index=csv(source, "i.csv", rows)))
    assert stored(target, "SH000300", "close").tolist() == [2, 3, 4, 5]
    assert stored(target, "SH000300", "factor").tolist() == [1, 1, 1, 1]
    assert [line[0] for line in spans(target)] == ["SH600000", "SZ000001", "SZ300750"]
    assert account.inputs["index"].dropped["not in the stocks' calendar"].count == 1


@pytest.mark.parametrize(("level", "names"), [("name", ["A01农业", "C26化学", "C27医药"]), ("letter", ["A", "C"])])
def test_industries_are_numbers_with_names_aside(source: Path, target: Path, level: str, names: list[str]) -> None:
    rows = [("600000", "C26化学"), ("000001", "A01农业"), ("300750", "C27医药"), ("600999", "Z99其他")]
    csv(source, "i.csv", [{"symbol": code, "industry": name} for code, name in rows[:3]])
    account = run(source, target, with_inputs(industry={"files": "i.csv", "level": level}))
    table = pd.read_csv(target / "industries.csv").set_index("code")["name"]
    assert table.tolist() == names
    for code, name in zip(["SH600000", "SZ000001", "SZ300750"], [name for _, name in rows[:3]], strict=True):
        found = {table[number] for number in stored(target, code, "industry")}
        assert found == {name if level == "name" else name[0]}
    assert "industry: i.csv has no dates, taken as a snapshot that holds on all days" in account.notes


def test_market_cap_is_float_shares_times_raw_close(source: Path, target: Path) -> None:
    rows = [{"symbol": "600000", "float_shares": 1e9}, {"symbol": "000001", "float_shares": 2e9}]
    account = run(source, target, with_inputs(float_shares=csv(source, "f.csv", rows)))
    raw = stored(target, "SZ000001", "close") / 2
    np.testing.assert_allclose(stored(target, "SZ000001", "market_cap"), raw * 2e9, rtol=1e-6)
    assert stored(target, "SZ300750", "market_cap").isna().all()
    assert "float_shares: f.csv has no dates, taken as a snapshot that holds on all days" in account.notes


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


def closes(tmp_path: Path, raw: list[float], factor: list[float], code: str = "600000") -> Path:
    """A vendor folder with daily bars of two stocks: one flat that opens the calendar, one with the given closes."""
    days = pd.bdate_range("2025-03-03", periods=len(raw))
    flat = pd.DataFrame({"symbol": "000001", "date": days, "close": 10.0, "factor": 1.0})
    other = pd.DataFrame({"symbol": code, "date": days, "close": raw, "factor": factor}).dropna()
    daily = pd.concat([flat, other]).assign(volume=1000)
    for name in ("open", "high", "low"):
        daily[name] = daily["close"]
    (tmp_path / "in").mkdir()
    daily.to_csv(tmp_path / "in" / "daily.csv", index=False)
    return tmp_path / "in"


def test_derived_limits_refer_to_the_adjusted_previous_close(tmp_path: Path, target: Path) -> None:
    source = closes(tmp_path, [10.0, 10.05, 5.10], [1.0, 1.0, 2.0])
    account = run(source, target, {"daily": DAILY})
    nan = np.nan
    # 10.05 / 2 rounds up to 5.03; times 1.1 is 5.53, times 0.9 is 4.53; stored times the factor 2
    np.testing.assert_allclose(stored(target, "SH600000", "limit_up"), [nan, 11.0, 11.06], rtol=1e-6)
    np.testing.assert_allclose(stored(target, "SH600000", "limit_down"), [nan, 9.0, 9.06], rtol=1e-6)
    assert any("none given: derived from the boards' rules" in note for note in account.notes)
    assert any("special treatment is not known" in note for note in account.notes)


def test_a_new_share_has_no_limit_for_five_days(tmp_path: Path, target: Path) -> None:
    source = closes(tmp_path, [np.nan, *[20.0] * 7], [1.0] * 8)
    run(source, target, {"daily": DAILY})
    limits = stored(target, "SH600000", "limit_up")
    assert limits.index[0] == pd.Timestamp("2025-03-04")
    np.testing.assert_allclose(limits, [np.nan] * 5 + [22.0] * 2)


def test_closes_beyond_derived_limits_are_counted(tmp_path: Path, target: Path) -> None:
    account = run(closes(tmp_path, [10.0, 12.0, 12.0], [1.0] * 3), target, {"daily": DAILY})
    (text_, tally), *_ = [item for item in account.warnings.items() if "outside the derived limits" in item[0]]
    assert (tally.count, tally.examples) == (1, ["SH600000 2025-03-04"]), text_


def test_todays_st_name_holds_since_prices_allow_it(tmp_path: Path, target: Path) -> None:
    source = closes(tmp_path, [10.0, 10.8, 10.9, 11.0], [1.0] * 4)
    csv(source, "st.csv", [{"symbol": "600000", "name": "ST甲"}])
    account = run(source, target, {"daily": DAILY, "st": {"files": "st.csv", "from_name": True, "since": "prices"}})
    assert stored(target, "SH600000", "is_st").tolist() == [0, 0, 1, 1]
    np.testing.assert_allclose(stored(target, "SH600000", "limit_up")[1:], [11.0, 11.34, 11.45], rtol=1e-6)
    assert "$is_st: today's names, applied since the stock's last close beyond a 5 % limit" in account.notes


def test_given_limits_go_before_derived_ones(tmp_path: Path, target: Path) -> None:
    source = closes(tmp_path, [10.0, 10.0, 10.0], [2.0] * 3)
    csv(source, "l.csv", [{"ts_code": "600000.SH", "trade_date": "20250304", "up_limit": 10.5, "down_limit": 9.5}])
    account = run(source, target, {"daily": DAILY, "limits": "l.csv"})
    np.testing.assert_allclose(stored(target, "SH600000", "limit_up"), [np.nan, 21.0, 22.0])
    np.testing.assert_allclose(stored(target, "SH600000", "limit_down"), [np.nan, 19.0, 18.0])
    assert any("as given, where missing derived" in note for note in account.notes)
