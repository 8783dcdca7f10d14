"""Where the days begin among a stock's bars."""

import numpy as np

from qlib_mfgru.ingest.read.spool.day_runs import DayRuns
from qlib_mfgru.ingest.read.spool.repeats import run_starts


def test_days_of_bars_with_one_that_ends_at_midnight() -> None:
    runs = DayRuns.of(np.array([100 * 1440 + 585, 100 * 1440 + 1440, 102 * 1440 + 600], "i4"))
    assert (runs.days.tolist(), runs.starts.tolist(), runs.lengths.tolist()) == ([100, 102], [0, 2], [2, 1])
    assert runs.minutes.tolist() == [585, 1440, 600]
    assert runs.spread(np.array([7.0, 9.0])).tolist() == [7, 7, 9]


def test_runs_of_nothing() -> None:
    assert run_starts(np.empty(0)).tolist() == []
    assert DayRuns.of(np.empty(0, "i4")).lengths.tolist() == []


def test_days_of_which_any_bar_is_a_case() -> None:
    runs = DayRuns.of(np.array([100 * 1440 + 585, 100 * 1440 + 600, 102 * 1440 + 600, 103 * 1440 + 600], "i4"))
    assert runs.of_any(np.array([False, True, False, True])).tolist() == [100, 103]
    assert DayRuns.of(np.empty(0, "i4")).of_any(np.empty(0, bool)).tolist() == []
