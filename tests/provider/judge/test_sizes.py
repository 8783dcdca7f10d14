"""Market capitalisations in another unit."""

from __future__ import annotations

import numpy as np
import pytest
from judged import N, at, faulty, make_series

from qlib_mfgru.provider.judge import Verdict, judge
from qlib_mfgru.provider.judge.sizes import SIZE_JUMP, SIZE_MOVE, TOO_LARGE, TOO_SMALL


@pytest.mark.parametrize(
    ("size", "kinds"),
    [
        (1e5, {}), (1e7, {}),
        # a day trades 1000 yuan
        (900.0, {TOO_SMALL.text: N}), (1.1e8, {TOO_LARGE.text: N}),
        (at(1e6, [3], 1e10), {SIZE_JUMP.text: 2}), (at(1e6, [3, 4, 5], 4e7), {SIZE_MOVE.text: 1}),
        (at(1e6, [3, 4, 5], 4.9e6), {}),
        (at(1e6, [3, 4, 5], 6e7), {SIZE_JUMP.text: 1}),
    ],
)  # fmt: skip
def test_a_company_is_neither_turned_over_in_a_day_nor_in_ages(size: np.ndarray | float, kinds: dict[str, int]) -> None:
    found = faulty(make_series(market_cap=at(size, [], 0.0), bars=None))
    assert {text: finding.count for text, finding in found.items()} == kinds


def test_a_wrong_unit_is_an_error_and_spares_the_stock() -> None:
    stock, found = make_series(market_cap=np.full(N, 1e9), bars=None), Verdict(0.01)
    assert found.add(stock, judge(stock))
    (entry,) = found.as_list()
    assert (entry["severity"], entry["count"]) == ("error", N)
    assert "write unit: yuan for market_cap" in str(entry["cause"])
