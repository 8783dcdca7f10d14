"""A recorded prediction, of whatever form is read, goes on in that form."""

from __future__ import annotations

import pandas as pd
import pytest

from qlib_mfgru.live.predicting.keep import continued

DAYS = pd.to_datetime(["2024-03-05", "2024-03-06"])


def scores(*days: pd.Timestamp) -> pd.Series:
    index = pd.MultiIndex.from_product([days, ["SH600000", "SZ000001"]], names=["datetime", "instrument"])
    return pd.Series([float(day.day * 10 + code) for day in days for code in range(2)], index, name="score")


@pytest.mark.parametrize("swapped", [False, True])
def test_a_series_or_a_frame_in_either_order_of_its_index(swapped: bool) -> None:
    recorded = scores(DAYS[0]).swaplevel() if swapped else scores(DAYS[0])
    pd.testing.assert_series_equal(continued(recorded, scores(DAYS[1])), scores(*DAYS))
    pd.testing.assert_frame_equal(continued(recorded.to_frame(), scores(DAYS[1])), scores(*DAYS).to_frame())
