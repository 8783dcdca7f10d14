"""Previous closes that are wrong or missing, beside a factor and where it is made of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.assemble.factors import followed_previous

from ..vendor import DAILY, make_bars, make_daily, run, spans, stored, write

STOCKS = ("600000", "000001", "300750", "688001")
DAYS = pd.bdate_range("2025-03-03", periods=5)
FROM_CLOSES = {"daily": DAILY | {"factor": "from_prev_close"}}
LONG = pd.bdate_range("2025-03-03", periods=12)


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


def with_previous() -> pd.DataFrame:
    """Daily rows of four stocks with their previous closes."""
    daily = make_daily(make_bars(STOCKS, LONG)).drop(columns="factor")
    return daily.assign(prev_close=daily.groupby("symbol")["close"].shift().fillna(daily["open"]))


@pytest.mark.parametrize(("previous", "close"), [(0.8, 1.0), (1.0, 10.0)])
def test_a_close_or_previous_close_that_cannot_be_is_no_event(
    tmp_path: Path, target: Path, previous: float, close: float
) -> None:
    daily = with_previous()
    spoilt = (daily["symbol"] == "600000") & (daily["date"] == LONG[8])
    daily.loc[spoilt, "prev_close"] *= previous
    daily.loc[spoilt, ["open", "high", "low", "close"]] *= close
    report = run(write(tmp_path / "in", None, daily), target, FROM_CLOSES | {"max_dropped": 0.1})
    np.testing.assert_array_equal(stored(target, "SH600000", "factor").dropna(), 1)
    assert report.inputs["daily"].kept == (48 if close == 1 else 47)
    (found,) = report.consistency
    assert found["cases"] == ["SH600000 2025-03-13"]


@pytest.mark.parametrize(
    ("symbols", "value", "error"),
    [
        (STOCKS, 0.0, "44 of 44"),
        (STOCKS, None, "44 of 44"),
        (("688001",), 0.0, "11 of 44"),
    ],
)
def test_a_factor_is_not_made_of_previous_closes_that_are_not_there(
    tmp_path: Path, target: Path, symbols: tuple[str, ...], value: float | None, error: str
) -> None:
    daily = with_previous()
    daily.loc[daily["symbol"].isin(symbols), "prev_close"] = value
    source = write(tmp_path / "in", None, daily)
    with pytest.raises(InputError, match=f"{error} .* previous closes, which the factor is made of, that are missing"):
        run(source, target, FROM_CLOSES)
    if len(symbols) == 1:
        run(source, target, FROM_CLOSES | {"max_inconsistent": 0.3})
        assert "SH688001" not in [code for code, _, _ in spans(target)]


def test_a_previous_close_that_the_close_can_follow_is_kept() -> None:
    """8 instead of 10 at 10 %: not after 10, unless the day's close is near it, or nobody knows the limit."""
    days = np.arange(np.datetime64("2025-03-03"), np.datetime64("2025-03-10"))
    given, close = np.full(7, 10.0), np.full(7, 10.0)
    given[6] = 8.0
    assert np.isnan(followed_previous(days, close, given, "main")).tolist() == [False] * 6 + [True]
    lower, idle = close.copy(), close.copy()
    lower[6], idle[5] = 8.2, np.nan
    for values, board in ((lower, "main"), (idle, "main"), (close, "bse"), (close, None), (close, "other")):
        np.testing.assert_array_equal(followed_previous(days, values, given, board), given)
    np.testing.assert_array_equal(followed_previous(days[2:], close[2:], given[2:], "main"), given[2:])
