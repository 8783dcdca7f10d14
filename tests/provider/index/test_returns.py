"""Returns of an index: qlib's where every level is there, right across a hole, and none beyond what is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import qlib
from plain_provider import write_plain_provider
from qlib.backtest.report import PortfolioMetrics

from qlib_mfgru.errors import InputError
from qlib_mfgru.provider.index.returns import days_without_level, index_returns

DAYS = pd.bdate_range("2025-03-03", periods=10)
LEVELS = [100.0, 110.0, 99.0, 121.0, 110.0, 132.0, 120.0, 90.0, 99.0, 111.0]


def on_market(folder: Path, levels: list[float]) -> None:
    """qlib on a provider with these levels of SH000300; a stock makes the calendar whole."""
    close = pd.Series(levels, index=DAYS).dropna()
    stock = pd.DataFrame({"close": np.arange(1.0, 11.0)}, index=DAYS)
    series = {"day": {"SH600000": stock, "SH000300": close.to_frame("close")}}
    write_plain_provider(folder, series, {"all": [f"SH600000\t{DAYS[0]:%Y-%m-%d}\t{DAYS[-1]:%Y-%m-%d}"]})
    qlib.init(provider_uri=str(folder), region="cn", kernels=1, logging_level=40)


def qlibs(start: pd.Timestamp, end: pd.Timestamp) -> pd.Series:
    return PortfolioMetrics._cal_benchmark({"benchmark": "SH000300", "start_time": start, "end_time": end}, "day")


def test_without_a_hole_every_bit_is_qlibs(tmp_path: Path) -> None:
    on_market(tmp_path / "whole", LEVELS)
    ours, theirs = index_returns("SH000300", DAYS[1], DAYS[8]), qlibs(DAYS[1], DAYS[8])
    assert ours.dtype == theirs.dtype == np.float32
    assert ours.index.equals(theirs.index)
    assert ours.to_numpy().tobytes() == theirs.to_numpy().tobytes()


def test_the_day_after_a_hole_takes_the_whole_return(tmp_path: Path) -> None:
    nan = float("nan")
    on_market(tmp_path / "holes", [100, 110, nan, nan, 121, 110, nan, 99, 99, 99])
    returns = index_returns("SH000300", DAYS[1], DAYS[9])
    np.testing.assert_allclose(returns, [0.1, 0, 0, 0.1, 110 / 121 - 1, 0, -0.1, 0, 0], atol=1e-7)
    assert np.prod(1 + returns) == pytest.approx(0.99), "qlib's own would be far from it"
    assert np.prod(1 + qlibs(DAYS[1], DAYS[9])) == pytest.approx(1.1 * 110 / 121, rel=1e-6)


DAY_BEFORE, LAST_DAY = "the day before the backtest: start_time", "the backtest's last day: end_time"


@pytest.mark.parametrize(
    ("missing", "start", "end", "span", "why"),
    [
        (slice(7, 10), 2, 8, "03 to 2025-03-11", f"2025-03-13, {LAST_DAY}: 2025-03-11 is the last that can be"),
        (slice(0, 2), 2, 8, "05 to 2025-03-14", f"2025-03-04, {DAY_BEFORE}: 2025-03-06 is the first that can be"),
        (slice(2, 4), 4, 8, "03 to 2025-03-14", f"2025-03-06, {DAY_BEFORE}: 2025-03-10 is the first that can be"),
        (slice(5, 8), 3, 6, "03 to 2025-03-14", f"2025-03-11, {LAST_DAY}: 2025-03-07 is the last that can be"),
        (
            slice(2, 9),
            4,
            8,
            "03 to 2025-03-14",
            f"2025-03-06, {DAY_BEFORE[:27]}: take other days, or another benchmark",
        ),
        (
            slice(0),
            0,
            8,
            "03 to 2025-03-14",
            "a day before the backtest: start_time: 2025-03-04 is the first that can be",
        ),
    ],
    ids=["ends early", "begins late", "begins after a hole", "ends in a hole", "in a hole", "no day before"],
)
def test_a_backtest_that_begins_or_ends_in_a_hole_is_refused(
    tmp_path: Path, missing: slice, start: int, end: int, span: str, why: str
) -> None:
    levels = np.array(LEVELS)
    levels[missing] = np.nan
    on_market(tmp_path / "short", levels.tolist())
    with pytest.raises(InputError) as error:
        index_returns("SH000300", DAYS[start], DAYS[end])
    assert str(error.value) == f"benchmark is 'SH000300': its levels run from 2025-03-{span}, with none on {why}"


def test_days_without_a_level_are_named(tmp_path: Path) -> None:
    levels = np.array(LEVELS)
    levels[[0, 3, 4, 9]] = np.nan, 0, np.nan, np.nan
    on_market(tmp_path / "holes", levels.tolist())
    assert list(days_without_level("SH000300", DAYS[1], DAYS[8])) == [DAYS[3], DAYS[4]]


@pytest.mark.parametrize(("start", "end"), [("2025-03-08", "2025-03-09"), ("2025-03-17", "2025-03-21")])
def test_days_none_of_which_is_a_trading_day_are_refused(tmp_path: Path, start: str, end: str) -> None:
    on_market(tmp_path / "whole", LEVELS)
    with pytest.raises(InputError) as error:
        index_returns("SH000300", pd.Timestamp(start), pd.Timestamp(end))
    assert str(error.value) == (
        f"the provider has no trading day from {start} to {end}, its calendar is 2025-03-03 .. 2025-03-14: set another "
        "start_time or end_time"
    )
