"""Predictions on dense axes: every score in its place, and what has none said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.report import scores
from qlib_mfgru.report.scores import as_series, on_axes

DAYS = pd.to_datetime(["2024-01-02", "2024-01-03", "2024-01-04"])
STOCKS = ["SH600000", "SH600001"]


def prediction(rows: list[tuple[str | None, str | None, float]]) -> pd.DataFrame:
    index = pd.MultiIndex.from_tuples(
        [(pd.Timestamp(day), stock) for day, stock, _ in rows], names=["datetime", "instrument"]
    )
    return pd.DataFrame({"score": [score for *_, score in rows], "other": 0.0}, index)


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is logged."""
    said: list[str] = []

    class Logger:
        warning = staticmethod(said.append)

    monkeypatch.setattr(scores, "get_module_logger", lambda name: Logger)
    return said


def test_every_score_is_in_its_place(warnings: list[str]) -> None:
    frame = prediction([("2024-01-04", "SH600000", 3.0), ("2024-01-02", "SH600001", 1.0), ("2023-12-29", STOCKS[0], 9)])
    expected = [[np.nan, 1.0], [np.nan, np.nan], [3.0, np.nan]]
    for given in (frame, frame["score"], frame.swaplevel(), frame.sort_index()):
        np.testing.assert_array_equal(on_axes(as_series(given), DAYS, STOCKS), expected)
    assert warnings == []


def test_scores_of_unknown_stocks_are_counted(warnings: list[str]) -> None:
    frame = prediction([
        ("2024-01-02", "SH600000", 1.0), ("2024-01-02", "SZ000001", 2.0), ("2024-01-03", "SZ000001", 3.0),
        ("2024-01-03", "SZ000002", 4.0), ("2024-01-04", "SH600001", 5.0),
    ])  # fmt: skip
    dense = on_axes(as_series(frame), DAYS, STOCKS)
    np.testing.assert_array_equal(dense, [[1.0, np.nan], [np.nan, np.nan], [np.nan, 5.0]])
    assert warnings == ["3 scores of 2 stocks that the provider lacks are left out: ['SZ000001', 'SZ000002'] ..."]
    on_axes(as_series(frame[frame.index.get_level_values("instrument") != "SZ000001"]), DAYS, STOCKS)
    assert warnings[1].startswith("1 scores of 1 stocks")  # levels that no row uses do not count


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("2024-01-02", "SH600000", np.nan)], "no score that is not NaN"),
        ([("2024-01-02", None, 1.0)], "without a date or without a stock"),
        ([(None, "SH600000", 1.0)], "without a date or without a stock"),
        ([("2024-02-01", "SH600000", 1.0)], "no score is of a test date"),
        ([("2024-01-02", "SZ000001", 1.0)], "no score is of a test date"),
        ([("2024-01-02", "SH600000", 1.0)] * 2, "several scores of SH600000 on 2024-01-02"),
    ],
)
def test_unusable_predictions(rows: list[Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        on_axes(as_series(prediction(rows)), DAYS, STOCKS)


def test_something_else_is_no_prediction() -> None:
    for thing in (None, {}, pd.DataFrame({"score": [1.0]})):
        with pytest.raises(InputError, match="must be a frame or series over"):
            as_series(thing)
