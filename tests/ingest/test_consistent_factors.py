"""Factors and previous closes that contradict the prices: the stock is left out, or the file refused."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from .test_consistency import DAYS, PRICES, STOCKS
from .vendor import BARS, DAILY, make_bars, make_daily, refused, run, spans, stored, write


@pytest.mark.parametrize("lost", [slice(1, 3), slice(0, 2), slice(3, 5)])
def test_a_stock_whose_factor_is_lost_is_left_out(tmp_path: Path, target: Path, lost: slice) -> None:
    bars = make_bars((*STOCKS, "600001"), DAYS)
    daily = make_daily(bars, factor=6.24)
    daily.loc[daily.index[daily["symbol"] == "600001"][lost], "factor"] = 1.0
    source = write(tmp_path / "in", bars, daily)
    message = refused(source, target, {"bars": BARS, "daily": DAILY})
    assert message.startswith(
        "inconsistent beyond max_inconsistent = 1.0%: 1 of 5 stocks have days on which the factor jumps and the raw "
        "price does not: it is lost, or found again: the factor is lost on and between these dates"
    )
    report = run(source, target, {"bars": BARS, "daily": DAILY, "max_inconsistent": 0.3})
    assert [code for code, _, _ in spans(target)] == ["SH600000", "SH688001", "SZ000001", "SZ300750"]
    assert not (target / "features" / "sh600001").exists()
    found = {
        str(each["kind"]): each for each in json.loads((target / "mfgru.json").read_text())["report"]["consistency"]
    }
    kind = found["days on which the factor jumps and the raw price does not: it is lost, or found again"]
    assert kind["left out"] == ["SH600001"]
    for name in ("bars", "daily"):
        rows = report.inputs[name]
        assert rows.read == rows.kept + sum(tally.count for tally in rows.dropped.values())
        assert rows.dropped["of a stock that is left out as inconsistent"].count == rows.read // 5


def test_an_ex_date_is_no_fault(tmp_path: Path, target: Path) -> None:
    daily = make_daily(make_bars(STOCKS, DAYS))
    late = (daily["symbol"] == "600000") & (daily["date"] >= DAYS[2])
    daily.loc[late, PRICES] /= 2
    daily.loc[late, "factor"] *= 2
    assert run(write(tmp_path / "in", None, daily), target, {"daily": DAILY}).consistency == []


def test_an_event_that_the_factor_misses_leaves_the_stock_out(tmp_path: Path, target: Path) -> None:
    """A stock goes ex-rights by 1.25 on the third day, as its previous close says, and the factor stays."""
    bars = make_bars((*STOCKS, "600001"), DAYS)
    daily = make_daily(bars)
    daily["prev_close"] = daily.groupby("symbol")["close"].shift().fillna(daily["open"])
    sound = write(tmp_path / "sound", None, daily)
    assert run(sound, target, {"daily": DAILY}).consistency == []
    late = (daily["symbol"] == "600001") & (daily["date"] >= DAYS[2])
    daily.loc[late, PRICES] = (daily.loc[late, PRICES] / 1.25).round(2)
    daily["prev_close"] = daily.groupby("symbol")["close"].shift().fillna(daily["open"])
    ex_date = (daily["symbol"] == "600001") & (daily["date"] == DAYS[2])
    daily.loc[ex_date, "prev_close"] = (daily.loc[ex_date, "prev_close"] / 1.25).round(2)
    report = run(write(tmp_path / "in", None, daily), target, {"daily": DAILY})
    assert "SH600001" not in [code for code, _, _ in spans(target)]
    (what,) = [what for what in report.warnings if "left out" in what]
    assert what.startswith("stocks left out as a whole: ex-dates on which the factor is more than 5 % off the vendor's")
    assert "write daily: {factor: from_prev_close}" in what
    mapping = {"daily": DAILY | {"factor": "from_prev_close"}}
    assert run(tmp_path / "in", target, mapping).consistency == []
    assert stored(target, "SH600001", "factor").round(2).tolist() == [1, 1, 1.25, 1.25, 1.25]


def test_previous_closes_of_another_row_are_refused(tmp_path: Path, target: Path) -> None:
    daily = make_daily(make_bars(STOCKS, pd.bdate_range("2025-03-03", periods=20)))
    daily = daily.assign(prev_close=daily.groupby("symbol")["close"].shift(2).fillna(daily["close"]))
    message = refused(write(tmp_path / "in", None, daily), target, {"daily": DAILY | {"factor": "from_prev_close"}})
    assert "4 of 4 stocks have days on which the factor changes, where it does so on more than 5 % of days" in message
    assert "previous closes of another row or already adjusted" in message


def test_a_previous_close_that_cannot_be_is_not_used(tmp_path: Path, target: Path) -> None:
    daily = make_daily(make_bars(STOCKS, DAYS))
    daily = daily.assign(prev_close=daily.groupby("symbol")["close"].shift().fillna(daily["open"]))
    daily.loc[daily["symbol"] == "600000", "prev_close"] *= [1, 1, 0, 1, 10]
    report = run(write(tmp_path / "in", None, daily), target, {"daily": DAILY | {"factor": "from_prev_close"}})
    assert stored(target, "SH600000", "factor").tolist() == [1] * 5
    (found,) = report.consistency
    assert str(found["kind"]).startswith("previous closes, which the factor is made of, that are missing or cannot be")
    assert (found["count"], found["cases"]) == (2, ["SH600000 2025-03-05 .. 2025-03-07"])
