"""Previous closes that a day's open shows to be wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from ..vendor import DAILY, make_bars, make_daily, run, stored, write

STOCKS = ("600000", "000001", "300750", "688001")
DAYS = pd.bdate_range("2025-03-03", periods=5)


def test_a_single_wrong_previous_close_costs_no_stock_and_no_limit(tmp_path: Path, target: Path) -> None:
    """It is 10 % too low, and the day opens at the last close: nothing goes ex-rights."""
    daily = make_daily(make_bars(STOCKS, DAYS))
    daily = daily.assign(prev_close=daily.groupby("symbol")["close"].shift().fillna(daily["open"]))
    run(write(tmp_path / "sound", None, daily), tmp_path / "right", {"daily": DAILY})
    row = (daily["symbol"] == "600000") & (daily["date"] == DAYS[2])
    daily.loc[row, "prev_close"] = (daily.loc[row, "prev_close"] * 0.9).round(2)
    report = run(write(tmp_path / "in", None, daily), target, {"daily": DAILY})
    (found,) = report.consistency
    assert (found["kind"], found["count"], found["left out"], found["cases"]) == (
        "previous closes more than 5 % off, where the day opens as the last close and the factor say",
        1,
        [],
        ["SH600000 2025-03-05"],
    )
    for name in ("close", "factor", "limit_up", "limit_down"):
        right = stored(tmp_path / "right", "SH600000", name)
        np.testing.assert_allclose(stored(target, "SH600000", name), right, rtol=1e-6)
