"""Forward fill, which the whole package does with one function."""

import numpy as np

from qlib_mfgru.provider.fill import carried_forward

NAN = np.nan


def test_the_last_known_value_stands_until_the_next() -> None:
    filled = carried_forward(np.array([NAN, 1.0, NAN, NAN, 2.0, NAN]))
    np.testing.assert_array_equal(filled, [NAN, 1, 1, 1, 2, 2])


def test_each_stock_is_filled_by_its_own_values() -> None:
    values = np.array([[1, NAN], [NAN, 5], [3, NAN], [NAN, NAN]], dtype=np.float32)
    filled = carried_forward(values)
    np.testing.assert_array_equal(filled, [[1, NAN], [1, 5], [3, 5], [3, 5]])
    assert filled.dtype == np.float32
    assert np.isnan(values[1, 0]), "the values themselves stay"


def test_infinity_is_no_known_value() -> None:
    np.testing.assert_array_equal(carried_forward(np.array([1.0, np.inf, -np.inf])), [1, 1, 1])


def test_a_mask_and_an_axis_say_what_is_known_and_which_way_time_runs() -> None:
    cents = np.array([[[10, 20], [11, 21], [12, 22]]])
    known = np.array([[[True, True], [False, True], [True, False]]])
    filled = carried_forward(cents, known, axis=1)
    assert filled.tolist() == [[[10, 20], [10, 21], [12, 21]]]
    assert filled.dtype == cents.dtype


def test_an_empty_series_stays_empty() -> None:
    assert carried_forward(np.empty((0, 3))).shape == (0, 3)
