"""Limit prices: given, or derived from the boards' rules."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ..vendor import DAILY, csv, run, stored


def closes(tmp_path: Path, raw: list[float], factor: list[float], code: str = "600000") -> Path:
    """A vendor folder with daily bars of two stocks: one flat that opens the calendar, one with the given closes."""
    days = pd.bdate_range("2025-03-03", periods=len(raw))
    flat = pd.DataFrame({"symbol": "000001", "date": days, "close": 10.0, "factor": 1.0})
    other = pd.DataFrame({"symbol": code, "date": days, "close": raw, "factor": factor}).dropna()
    daily = pd.concat([flat, other])
    daily["volume"] = np.arange(1000, 1000 + len(daily))
    for name in ("open", "high", "low"):
        daily[name] = daily["close"]
    (tmp_path / "in").mkdir()
    daily.to_csv(tmp_path / "in" / "daily.csv", index=False)
    return tmp_path / "in"


def test_derived_limits_refer_to_the_adjusted_previous_close(tmp_path: Path, target: Path) -> None:
    source = closes(tmp_path, [10.0, 10.05, 5.10], [1.0, 1.0, 2.0])
    report = run(source, target, {"daily": DAILY})
    nan = np.nan
    # 10.05 / 2 rounds up to 5.03; times 1.1 is 5.53, times 0.9 is 4.53; stored times the factor 2
    np.testing.assert_allclose(stored(target, "SH600000", "limit_up"), [nan, 11.0, 11.06], rtol=1e-6)
    np.testing.assert_allclose(stored(target, "SH600000", "limit_down"), [nan, 9.0, 9.06], rtol=1e-6)
    assert any("none given: derived from the boards' rules" in note for note in report.notes)
    assert any("special treatment is not known" in note for note in report.notes)


def test_a_new_share_has_no_limit_for_five_days(tmp_path: Path, target: Path) -> None:
    source = closes(tmp_path, [np.nan, *[20.0] * 7], [1.0] * 8)
    run(source, target, {"daily": DAILY})
    limits = stored(target, "SH600000", "limit_up")
    assert limits.index[0] == pd.Timestamp("2025-03-04")
    np.testing.assert_allclose(limits, [np.nan] * 5 + [22.0] * 2)


def test_closes_beyond_derived_limits_are_counted(tmp_path: Path, target: Path) -> None:
    report = run(closes(tmp_path, [*[10.0] * 5, 12.0, 12.0], [1.0] * 7), target, {"daily": DAILY})
    (text_, tally), *_ = [item for item in report.warnings.items() if "outside the limits" in item[0]]
    assert (tally.count, tally.examples) == (1, ["SH600000 2025-03-10"]), text_


def test_a_stock_that_was_listed_on_the_calendars_first_day_says_so_by_its_prices(tmp_path: Path, target: Path) -> None:
    """A STAR share trades without a limit for five days; one whose prices stay within them is taken as an old one."""
    raw = [30.0, 45.0, 40.0, 39.0, 41.0, 42.0, 43.0]
    report = run(closes(tmp_path, raw, [1.0] * 7, "688001"), target, {"daily": DAILY})
    assert report.consistency == []
    tally = report.warnings[
        "stocks taken as listed on the calendar's first day: their prices leave the limits of ordinary shares"
    ]
    assert (tally.count, tally.examples) == (1, ["SH688001"])
    np.testing.assert_allclose(stored(target, "SH688001", "limit_up"), [np.nan] * 5 + [49.2, 50.4], rtol=1e-6)
    np.testing.assert_allclose(stored(target, "SZ000001", "limit_up"), [np.nan] + [11.0] * 6, rtol=1e-6)


def test_todays_st_name_holds_since_prices_allow_it(tmp_path: Path, target: Path) -> None:
    source = closes(tmp_path, [10.0, 10.8, 10.9, 11.0], [1.0] * 4)
    csv(source, "st.csv", [{"symbol": "600000", "name": "ST甲"}])
    report = run(source, target, {"daily": DAILY, "st": {"files": "st.csv", "from_name": True, "since": "prices"}})
    assert stored(target, "SH600000", "is_st").tolist() == [0, 0, 1, 1]
    np.testing.assert_allclose(stored(target, "SH600000", "limit_up")[1:], [11.0, 11.34, 11.45], rtol=1e-6)
    assert "$is_st: today's names, applied since the stock's last close beyond a 5 % limit" in report.notes


def test_given_limits_go_before_derived_ones(tmp_path: Path, target: Path) -> None:
    source = closes(tmp_path, [10.0, 10.0, 10.0], [2.0] * 3)
    csv(source, "l.csv", [{"ts_code": "600000.SH", "trade_date": "20250304", "up_limit": 10.5, "down_limit": 9.5}])
    report = run(source, target, {"daily": DAILY, "limits": "l.csv"})
    np.testing.assert_allclose(stored(target, "SH600000", "limit_up"), [np.nan, 21.0, 22.0])
    np.testing.assert_allclose(stored(target, "SH600000", "limit_down"), [np.nan, 19.0, 18.0])
    assert any("as given, where missing derived" in note for note in report.notes)


@pytest.mark.parametrize(("given", "derived"), [("limit_up", "limit_down"), ("limit_down", "limit_up")])
def test_where_one_limit_is_given_the_other_is_derived(tmp_path: Path, target: Path, given: str, derived: str) -> None:
    source = closes(tmp_path, [10.0, 10.0, 10.0], [2.0] * 3)
    daily = pd.read_csv(source / "daily.csv", dtype={"symbol": str})
    daily[given] = np.where(daily["date"] == "2025-03-04", 10.5 if given == "limit_up" else 9.5, np.nan)
    daily.to_csv(source / "daily.csv", index=False)
    run(source, target, {"daily": DAILY})
    limits = {"limit_up": [np.nan, 22.0, 22.0], "limit_down": [np.nan, 18.0, 18.0]}
    limits[given][1] = 21.0 if given == "limit_up" else 19.0
    for name in (given, derived):
        np.testing.assert_allclose(stored(target, "SH600000", name), limits[name])


def test_a_previous_close_in_float32_is_the_price_in_cents(tmp_path: Path, target: Path) -> None:
    """7.35 is 7.3499999 there; a tenth more is 8.085, which the exchange rounds up."""
    source = closes(tmp_path, [7.35, 8.09], [1.0, 1.0])
    daily = pd.read_csv(source / "daily.csv").assign(prev_close=float(np.float32(7.35)))
    daily.to_csv(source / "daily.csv", index=False)
    report = run(source, target, {"daily": DAILY})
    assert stored(target, "SH600000", "limit_up").iloc[1] == np.float32(8.09)
    assert not any("SH600000" in example for tally in report.warnings.values() for example in tally.examples)


def test_given_limits_of_another_unit_are_derived_instead(tmp_path: Path, target: Path) -> None:
    source = closes(tmp_path, [10.0, 10.0, 10.0], [2.0] * 3)
    row = {"ts_code": "600000.SH", "trade_date": "20250304", "up_limit": 110.0, "down_limit": 90.0}
    csv(source, "l.csv", [row, {**row, "trade_date": "20250305", "up_limit": 10.5, "down_limit": 9.5}])
    report = run(source, target, {"daily": DAILY, "limits": "l.csv"})
    np.testing.assert_allclose(stored(target, "SH600000", "limit_up"), [np.nan, 22.0, 21.0])
    np.testing.assert_allclose(stored(target, "SH600000", "limit_down"), [np.nan, 18.0, 19.0])
    tally = report.warnings["days with limits given far from the previous close, taken as none"]
    assert (tally.count, tally.examples) == (1, ["SH600000 2025-03-04"])
