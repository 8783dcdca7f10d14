"""Days with few stocks, and with almost none, beside the twenty before."""

import numpy as np
import pytest

from qlib_mfgru.provider.judge.market.attendance import lone_days, sparse_days


@pytest.mark.parametrize(
    ("n_before", "usual", "n", "is_sparse", "is_lone"),
    [
        (20, 30, 15, False, False),
        (20, 30, 14, True, False),
        (20, 30, 4, True, False),
        (20, 30, 3, True, True),
        (20, 30, 0, True, True),
        (20, 4, 1, True, False),
        (20, 3, 0, False, False),
        (20, 9, 0, True, False),
        (20, 10, 1, True, True),
        (5, 30, 1, False, True),
        (4, 30, 1, False, False),
    ],
)
def test_the_last_day(n_before: int, usual: int, n: int, is_sparse: bool, is_lone: bool) -> None:
    n_trading = np.array([usual] * n_before + [n])
    for rule, is_found in ((sparse_days, is_sparse), (lone_days, is_lone)):
        found = rule(n_trading)
        assert found[-1] == is_found
        assert not found[:-1].any()


def test_a_market_that_grows_and_shrinks_has_none() -> None:
    n_trading = np.concatenate([np.arange(1, 200), np.arange(200, 40, -2)])
    assert not (sparse_days(n_trading) | lone_days(n_trading)).any()
