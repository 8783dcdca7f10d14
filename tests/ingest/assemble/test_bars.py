"""Bars on the session's grid, and mean prices."""

import numpy as np
import pytest

from qlib_mfgru.ingest.assemble.bars import DayBars, vwap_of
from qlib_mfgru.ingest.read.spool import BAR
from qlib_mfgru.provider.session import ASHARE

DAYS = np.array([20150, 20151])
NAN = np.nan


def rows(*bars: tuple[int, str, float, float, float, float, float, float]) -> np.ndarray:
    """Bars of (day, clock, open, high, low, close, volume, amount)."""
    records = np.zeros(len(bars), BAR)
    for record, (day, clock, *numbers) in zip(records, bars, strict=True):
        record["when"] = DAYS[day] * 1440 + int(clock[:2]) * 60 + int(clock[3:])
        for name, number in zip(("open", "high", "low", "close", "volume", "amount"), numbers, strict=True):
            record[name] = number
    return records


def test_minutes_become_first_max_min_last_and_sums() -> None:
    bars = DayBars.aggregate(
        rows(
            (0, "09:31", 10, 12, 9, 11, 100, 1050),
            (0, "09:45", 11, 11, 8, 9, 200, 2000),
            (0, "09:46", 9, 9, 9, 9, 50, 450),
            (1, "15:00", 7, 7, 7, 7, 10, 70),
        ),
        DAYS,
        ASHARE,
        "15min",
    )
    first = {name: values[0, 0] for name, values in bars.prices.items()}
    assert first == {"open": 10, "high": 12, "low": 8, "close": 9}
    assert (bars.volume[0, 0], bars.amount[0, 0], bars.n_rows.tolist()) == (300, 3050, [3, 1])
    assert (bars.prices["close"][0, 1], bars.prices["close"][1, 15]) == (9, 7)
    assert np.isnan(bars.prices["close"][1, :15]).all()
    assert bars.traded.tolist() == [True, True]


def test_a_bar_of_unknown_amount_makes_the_sum_unknown_and_one_without_trade_does_not() -> None:
    bars = DayBars.aggregate(
        rows(
            (0, "09:31", 10, 10, 10, 10, 100, 1000),
            (0, "09:32", 10, 10, 10, 10, 100, NAN),
            (0, "09:46", 10, 10, 10, 10, 100, 1000),
            (0, "09:47", 10, 10, 10, 10, 0, 0),
        ),
        DAYS,
        ASHARE,
        "15min",
    )
    assert np.isnan(bars.amount[0, 0])
    assert bars.amount[0, 1] == 1000
    assert np.isnan(bars.daily()["amount"][0])


def test_a_bar_without_price_is_counted_and_left_out() -> None:
    blank_first = rows((0, "09:31", 0, 0, 0, 0, 0, 0), (0, "09:32", 5, 5, 5, 5, 10, 50))
    bars = DayBars.aggregate(blank_first, DAYS, ASHARE, "15min")
    assert (bars.n_rows.tolist(), bars.n_blank.tolist(), bars.prices["open"][0, 0]) == ([2, 0], [1, 0], 5)
    assert (bars.begin[0], bars.end[0]) == (9 * 60 + 32, 9 * 60 + 32)
    assert np.isnan([bars.begin[1], bars.end[1]]).all()


def test_a_stock_without_any_bar_has_empty_days() -> None:
    bars = DayBars.aggregate(rows(), DAYS, ASHARE, "15min")
    assert (bars.traded.tolist(), bars.n_rows.tolist(), bars.volume.shape) == ([False, False], [0, 0], (2, 16))
    assert np.isnan(bars.prices["close"]).all()


def test_days_are_the_first_max_min_last_and_sums_of_their_bars() -> None:
    two = rows((0, "10:00", 10, 13, 9, 11, 100, 1000), (0, "14:00", 11, 12, 7, 8, 50, 400))
    bars = DayBars.aggregate(two, DAYS, ASHARE, "15min")
    daily = {name: values[0] for name, values in bars.daily().items()}
    assert daily == {"open": 10, "high": 13, "low": 7, "close": 8, "volume": 150, "amount": 1400}
    bars.erase(np.array([True, False]))
    assert np.isnan(bars.daily()["close"]).all()
    assert bars.traded.tolist() == [False, False]


@pytest.mark.parametrize(("typical", "expected"), [(True, [10.5, 11, 10.25, 9]), (False, [10.5, 11, NAN, 9])])
def test_a_mean_price_is_amount_over_volume_or_a_stand_in(typical: bool, expected: list[float]) -> None:
    prices = {"open": np.array([10.0, 11, 10, 9]), "high": np.array([11.0, 11, 11, 9]),
              "low": np.array([10.0, 11, 10, 9]), "close": np.array([11.0, 11, 10, 9])}  # fmt: skip
    volume, amount = np.array([100.0, 0, 100, 0]), np.array([1050.0, 0, NAN, NAN])
    vwap, is_stand_in = vwap_of(prices, volume, amount, typical=typical)
    np.testing.assert_allclose(vwap, expected)
    assert is_stand_in.tolist() == [False, False, True, False]
