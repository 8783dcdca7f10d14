"""Predictions on dense axes: every score in its place, and what has none said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.report import scores
from qlib_mfgru.report.scores import as_series, equal_days, in_range, on_axes

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
    for form in (frame, frame["score"], frame.swaplevel(), frame.sort_index()):
        np.testing.assert_array_equal(on_axes(as_series(form), DAYS, STOCKS), expected)
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


def test_infinite_scores_are_counted(warnings: list[str]) -> None:
    frame = prediction(
        [("2024-01-02", STOCKS[0], np.inf), ("2024-01-03", STOCKS[0], 1), ("2024-01-04", STOCKS[1], -np.inf)]
    )
    dense = on_axes(as_series(frame), DAYS, STOCKS)
    np.testing.assert_array_equal(dense, [[np.nan, np.nan], [1.0, np.nan], [np.nan, np.nan]])
    assert warnings == ["2 scores are infinite and count as missing"]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("2024-01-02", "SH600000", np.nan)], "no finite score: 0 are infinite, 1 are NaN"),
        ([("2024-01-02", "SH600000", np.inf)], "no finite score: 1 are infinite, 0 are NaN"),
        ([("2024-01-02", "SH600000", "high")], "must be numbers; these are (object|str): 'high'"),
        ([("2024-01-02", None, 1.0)], "1 scores of the prediction have no stock; drop them"),
        (
            [(None, "SH600000", 1.0), ("2024-01-02", "SH600000", 1.0), ("2024-01-03", "SH600000", 1.0)],
            r"1 scores of the prediction have no date; .* like 2024-01-02 00:00:00, 2024-01-03 00:00:00",
        ),
        (
            [("2024-02-01", "SH600000", 1.0)],
            "its first is of SH600000 on 2024-02-01 00:00:00, where SH600000 and 2024-01-02 00:00:00 are expected",
        ),
        ([("2024-01-02 15:00", "SH600000", 1.0)], "its first is of SH600000 on 2024-01-02 15:00:00"),
        ([("2024-01-02", "SZ000001", 1.0)], "its first is of SZ000001 on 2024-01-02"),
        ([("2024-01-02", "SH600000", 1.0)] * 2, "several scores of SH600000 on 2024-01-02"),
        ([("2024-01-02", "SH600000", 1.0), ("2024-01-02", "SH600000", np.nan)], "several scores of SH600000"),
    ],
)
def test_unusable_predictions(rows: list[Any], message: str, warnings: list[str]) -> None:
    with pytest.raises(InputError, match=message) as error:
        on_axes(as_series(prediction(rows)), DAYS, STOCKS)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("dates", "message"),
    [
        (
            DAYS.tz_localize("Asia/Shanghai"),
            "these are in the time zone Asia/Shanghai: 2024-01-02 00:00:00+08:00, 2024-01-03 00:00:00+08:00",
        ),
        (["2024-01-02", "2024-01-03", "2024-01-04"], "these are of type str: '2024-01-02', '2024-01-03'"),
        ([day.date() for day in DAYS], "these are of type date: 2024-01-02, 2024-01-03"),
        ([20240102, 20240103, 20240104], "these are of type int64: 20240102, 20240103"),
    ],
)
def test_dates_must_be_timestamps_without_a_zone(dates: Any, message: str) -> None:
    index = pd.MultiIndex.from_product([dates, STOCKS], names=["datetime", "instrument"])
    with pytest.raises(InputError) as error:
        as_series(pd.Series(1.0, index))
    assert str(error.value) == (f"the dates of a prediction must be pandas timestamps without a time zone; {message}")


def test_pandas_own_numbers_are_read(warnings: list[str]) -> None:
    frame = prediction([("2024-01-02", "SH600000", 1.0), ("2024-01-03", "SH600001", 2.0)]).astype("Float64")
    frame.iloc[1, 0] = pd.NA
    dense = on_axes(as_series(frame), DAYS, STOCKS)
    np.testing.assert_array_equal(dense, [[1.0, np.nan], [np.nan, np.nan], [np.nan, np.nan]])


def test_something_else_is_no_prediction() -> None:
    for thing in (None, {}, pd.DataFrame({"score": [1.0]})):
        with pytest.raises(InputError, match="must be a frame or series over"):
            as_series(thing)
    with pytest.raises(InputError, match="a frame without columns"):
        as_series(prediction([("2024-01-02", "SH600000", 1.0)])[[]])


def test_what_float32_cannot_hold_and_nothing_at_all_are_said() -> None:
    frame = prediction([("2024-01-02", STOCKS[0], 1e300)])
    with (
        np.errstate(over="ignore"),
        pytest.raises(InputError, match=r"1 are infinite, .*float32 holds numbers up to 3.4e\+38"),
    ):
        as_series(frame.astype(np.float32))
    with pytest.raises(InputError, match="it is empty; its model scored no stock, or an expression"):
        as_series(frame.iloc[:0])


@pytest.mark.parametrize("size", [1e300, 1e-300, 1e200])
def test_scores_of_any_size_are_taken_by_a_power_of_two(size: float) -> None:
    common = np.array([[1.5, np.nan, -3.25], [0.0, 0.0, np.nan], [np.nan, np.nan, np.nan]])
    scaled = in_range(common * size)
    np.testing.assert_array_equal(np.isnan(scaled), np.isnan(common))
    factor = scaled[0, 2] / (common[0, 2] * size)
    assert np.frexp(factor)[0] == 0.5, "a power of two"
    np.testing.assert_array_equal(scaled[0] / factor, (common * size)[0])
    assert 0.5 <= abs(scaled[0, 2]) < 1
    assert scaled[1, 0] == 0


def test_scores_of_common_size_are_left_as_they_are() -> None:
    common = np.array([[1e-70, 3.0, np.nan], [1e70, -2.0, 0.1]])
    assert in_range(common) is common


def test_days_whose_scores_tell_no_stocks_apart() -> None:
    dense = np.array([[1.0, 1.0, np.nan], [1.0, 2.0, np.nan], [np.nan] * 3, [np.nan, 5.0, np.nan]])
    assert equal_days(dense).tolist() == [True, False, False, True]
