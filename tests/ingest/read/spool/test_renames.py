"""A stock whose code changed: one stock under its last code, whatever the vendor's history is filed under."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from qlib_mfgru.errors import InputError

from ...vendor import BARS, csv, make_bars, make_daily, run, spans, stored, with_inputs, write

OLD, NEW, LAST = "000022", "001872", "001999"
CHANGE = {"symbol": OLD, "new_code": NEW, "date": "2025-03-05"}
FIELDS = ("close", "volume", "amount", "vwap")


@pytest.fixture
def truth(tmp_path: Path) -> tuple[pd.DataFrame, Path]:
    """Bars of two stocks, and the provider in which the first one always had its new code."""
    bars = make_bars((NEW, "600000"))
    run(write(tmp_path / "plain", bars, make_daily(bars)), tmp_path / "truth")
    return bars, tmp_path / "truth"


def same(target: Path, truth: Path, code: str = "SZ001872") -> None:
    for name in FIELDS:
        for freq in ("day", "15min"):
            pd.testing.assert_series_equal(stored(target, code, name, freq), stored(truth, "SZ001872", name, freq))


def test_a_history_in_two_parts_becomes_one(truth: tuple[pd.DataFrame, Path], tmp_path: Path, target: Path) -> None:
    bars, provider = truth
    early = (bars["symbol"] == NEW) & (bars["datetime"] < "2025-03-05")
    parts = bars.assign(symbol=bars["symbol"].mask(early, OLD))
    source = write(tmp_path / "in", parts, make_daily(parts))
    report = run(source, target, with_inputs(renames=csv(source, "r.csv", [CHANGE])))
    same(target, provider)
    assert [line[0] for line in spans(target)] == ["SH600000", "SZ001872"]
    assert "renames: 1 codes are read as those that they became" in report.notes


def test_a_code_that_begins_where_another_ends_is_reported(tmp_path: Path, target: Path) -> None:
    bars = make_bars((NEW, "600000"))
    daily = make_daily(bars, 1.0)
    daily["prev_close"] = daily.groupby("symbol")["close"].shift()
    for rows, day in ((bars, "datetime"), (daily, "date")):
        rows["symbol"] = rows["symbol"].mask((rows["symbol"] == NEW) & (rows[day] < "2025-03-05"), OLD)
    source = write(tmp_path / "in", bars, daily)
    what = (
        "pairs of codes of which one begins the day after the other's end, at its close: perhaps one stock (renames "
        "makes it one)"
    )
    pairs = run(source, target).warnings[what]
    assert (pairs.count, pairs.examples) == (1, ["SZ000022 ends on 2025-03-04, SZ001872 begins on 2025-03-05"])
    assert what not in run(source, target, with_inputs(renames=csv(source, "r.csv", [CHANGE]))).warnings


def test_a_history_under_both_codes_is_read_once(
    truth: tuple[pd.DataFrame, Path], tmp_path: Path, target: Path
) -> None:
    bars, provider = truth
    both = pd.concat([bars, bars[bars["symbol"] == NEW].assign(symbol=OLD)])
    source = write(tmp_path / "in", both, make_daily(both))
    report = run(source, target)
    twins = report.warnings["pairs of codes with identical days, one stock under two codes (renames makes it one)"]
    assert (twins.count, twins.examples) == (1, ["SZ000022 and SZ001872, 2025-03-03 .. 2025-03-06"])

    report = run(source, target, with_inputs(renames=csv(source, "r.csv", [CHANGE])))
    same(target, provider)
    reason = "under a code that was not in use that day (renames)"
    assert {name: report.inputs[name].dropped[reason].count for name in ("bars", "daily")} == {"bars": 64, "daily": 4}
    assert not report.warnings


def test_chains_are_followed_and_all_tables_are_renamed(
    truth: tuple[pd.DataFrame, Path], tmp_path: Path, target: Path
) -> None:
    bars, provider = truth
    day = bars["datetime"].dt.strftime("%Y-%m-%d")
    one = bars["symbol"] == NEW
    parts = bars.assign(
        symbol=bars["symbol"].mask(one & (day < "2025-03-05"), OLD).mask(one & (day >= "2025-03-06"), LAST)
    )
    source = write(tmp_path / "in", parts, make_daily(parts))
    changes = [CHANGE, {"symbol": NEW, "new_code": LAST, "date": "2025-03-06"}]
    content = with_inputs(
        renames=csv(source, "r.csv", changes),
        members={"csi300": csv(source, "m.csv", [{"symbol": OLD, "start": "2025-03-03", "end": "2025-03-04"},
                                                 {"symbol": LAST, "start": "2025-03-05", "end": "2025-03-06"}])},
        industry=csv(source, "i.csv", [{"symbol": NEW, "industry": "港口"}]),
        market_cap=csv(source, "c.csv", [{"symbol": OLD, "date": "2025-03-04", "market_cap": 7e9},
                                         {"symbol": OLD, "date": "2025-03-05", "market_cap": 8e9}]),
    )  # fmt: skip
    run(source, target, content | {"max_dropped": 0.6})
    same(target, provider, "SZ001999")
    assert spans(target, "csi300") == [["SZ001999", "2025-03-03", "2025-03-06"]]
    assert stored(target, "SZ001999", "industry").tolist() == [0, 0, 0, 0]
    assert stored(target, "SZ001999", "market_cap").dropna().tolist() == [7e9, 7e9, 7e9], "8e9 is of no day of 000022"


def test_a_providers_rows_are_renamed_too(truth: tuple[pd.DataFrame, Path], tmp_path: Path, target: Path) -> None:
    """Prices, members and industries of a provider that has the history under the code of its time."""
    bars, provider = truth
    early = (bars["symbol"] == NEW) & (bars["datetime"] < "2025-03-05")
    parts = bars.assign(symbol=bars["symbol"].mask(early, OLD))
    source = write(tmp_path / "in", parts, make_daily(parts))
    spans_of = [{"symbol": OLD, "start": "2025-03-03", "end": "2025-03-04"},
                {"symbol": NEW, "start": "2025-03-05", "end": "2025-03-06"}]  # fmt: skip
    industries = [{"symbol": code, "industry": "港口"} for code in (OLD, NEW)]
    run(source, tmp_path / "once", with_inputs(
        members={"csi300": csv(source, "m.csv", spans_of)}, industry=csv(source, "i.csv", industries),
    ))  # fmt: skip
    here: dict[str, Any] = {"provider": "once"}
    run(tmp_path, target, {
        "bars": here | {"freq": "15min"}, "daily": here, "industry": here, "members": {"csi300": here},
        "renames": csv(tmp_path, "r.csv", [CHANGE]),
    })  # fmt: skip
    assert [line[0] for line in spans(target)] == ["SH600000", "SZ001872"]
    assert spans(target, "csi300") == [["SZ001872", "2025-03-03", "2025-03-06"]]
    assert stored(target, "SZ001872", "industry").tolist() == [0, 0, 0, 0]
    for name in ("close", "volume"):
        expected = stored(provider, "SZ001872", name)
        pd.testing.assert_series_equal(stored(target, "SZ001872", name), expected, rtol=3e-7)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ([CHANGE, {"symbol": NEW, "new_code": OLD, "date": "2025-03-06"}], "SZ000022 is renamed in a circle"),
        ([CHANGE, CHANGE | {"new_code": LAST}], "renames: SZ000022 changes twice"),
        ([CHANGE, {"symbol": NEW, "new_code": LAST, "date": "2025-03-04"}],
         "SZ001872 ends on 2025-03-04, not after it begins on 2025-03-05"),
    ],
)  # fmt: skip
def test_changes_that_contradict_each_other_are_refused(
    truth: tuple[pd.DataFrame, Path], tmp_path: Path, target: Path, changes: list[dict[str, Any]], message: str
) -> None:
    bars, _ = truth
    source = write(tmp_path / "in", bars, make_daily(bars))
    with pytest.raises(InputError, match=message):
        run(source, target, with_inputs(renames=csv(source, "r.csv", changes)))


@pytest.mark.parametrize("name", ["bars", "daily"])
def test_a_stock_is_not_renamed_into_one_that_trades_beside_it(tmp_path: Path, target: Path, name: str) -> None:
    bars = make_bars((OLD, NEW))
    source = write(tmp_path / "in", bars, make_daily(bars))
    content = with_inputs(renames=csv(source, "r.csv", [CHANGE]))
    with pytest.raises(InputError, match=r"renames: SZ001872 trades under its earlier and its later code at the same"):
        run(
            source,
            target,
            content if name == "daily" else {**content, "daily": None, "bars": BARS | {"prices": "unadjusted"}},
        )


@pytest.mark.parametrize(("date", "lost"), [("2025-03-03", 0), ("2025-03-06", 3), ("2025-03-07", 4)])
def test_days_under_a_code_not_yet_in_use_are_lost_in_a_few_cases_only(
    tmp_path: Path, target: Path, date: str, lost: int
) -> None:
    bars = make_bars((NEW, "600000"), days=pd.bdate_range("2025-03-03", periods=6))
    source = write(tmp_path / "in", bars, make_daily(bars))
    content = with_inputs(renames=csv(source, "r.csv", [CHANGE | {"date": date}]))
    if lost > 3:
        with pytest.raises(InputError, match=r"SZ001872 has 4 days with trade, 2025-03-03 .. 2025-03-06, under codes"):
            run(source, target, content)
        return
    run(source, target, content)
    assert len(stored(target, "SZ001872", "close")) == 6 - lost
