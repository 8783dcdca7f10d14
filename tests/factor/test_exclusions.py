"""Exclusions: every stock is counted once, under the first rule that excludes it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from qlib_mfgru.factor.exclusions import EligibleStocks

DATES = pd.to_datetime(["2024-01-05", "2024-01-12"])


def test_a_stock_is_counted_under_the_first_rule_that_excludes_it() -> None:
    members = np.array([[True, True, True, False], [True, True, True, True]])
    st = np.array([[True, False, False, True], [False, False, False, False]])
    suspended = np.array([[True, True, False, False], [False, False, True, True]])
    eligible = EligibleStocks.among(members, {"st": st, "suspended": suspended}, DATES)
    assert eligible.mask.tolist() == [[False, False, True, False], [True, True, False, False]]
    assert eligible.counts.to_dict("list") == {
        "members": [3, 4],
        "st": [1, 0],
        "suspended": [1, 2],
        "kept": [1, 2],
    }
    assert list(eligible.counts.index) == list(DATES)
