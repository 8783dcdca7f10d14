"""Members, weights and levels of the four indices."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from qlib_mfgru.demo.indices import choose_members, reconstitution_days
from qlib_mfgru.demo.venue.names import ASHARE_INDICES

MARKETS = [name for name, _, _ in ASHARE_INDICES]


def spans(provider, market):
    columns = ["code", "first", "last"]
    frame = pd.read_csv(provider / f"instruments/{market}.txt", sep="\t", names=columns, parse_dates=["first", "last"])
    assert (frame["last"].dt.hour == 15).all()
    return frame.assign(last=frame["last"].dt.normalize())


@pytest.mark.parametrize("market", MARKETS)
def test_weights_sum_to_one_over_the_members_of_each_day(default_market, default, market):
    weight = default(f"{market}_weight").fillna(0.0)
    np.testing.assert_allclose(weight.to_numpy(dtype=np.float64).sum(axis=1), 1.0, atol=1e-6)
    member = pd.DataFrame(False, weight.index, weight.columns)
    for row in spans(default_market, market).itertuples():
        member.loc[row.first : row.last, row.code] = True
    np.testing.assert_array_equal(weight > 0, member)


def test_markets_are_disjoint_and_ordered_by_size(default):
    weights = [default(f"{market}_weight").fillna(0.0) for market in MARKETS]
    assert sum((weight > 0).astype(int) for weight in weights).max().max() == 1
    cap = default("market_cap")
    medians = [cap.where(weight > 0).median(axis=1).mean() for weight in weights]
    assert medians == sorted(medians, reverse=True)


def test_members_change_on_reconstitution_days_only(default_market):
    firsts = spans(default_market, "csi500")["first"].dt.strftime("%Y-%m-%d")
    assert sorted(set(firsts)) == [
        "2020-01-02", "2020-06-15", "2020-12-15", "2021-06-15", "2021-12-15", "2022-06-15", "2022-12-15",
        "2023-06-15", "2023-12-15",
    ]  # fmt: skip


@pytest.mark.parametrize(("market", "code"), [(name, code) for name, code, _ in ASHARE_INDICES])
def test_index_returns_are_weights_times_returns(default_market, default, market, code):
    level = np.fromfile(default_market / f"features/{code.lower()}/close.day.bin", dtype="<f4")[1:].astype(np.float64)
    close = default("close").ffill()
    returns = close.pct_change(fill_method=None).where(default("close").notna())
    expected = (returns * default(f"{market}_weight")).sum(axis=1).to_numpy()[1:]
    # a share's first day counts from its issue price, which is in no file; no new share is a member then
    np.testing.assert_allclose(level[1:] / level[:-1] - 1, expected, atol=2e-6)


def test_reconstitution_days_are_trading_days():
    days = pd.bdate_range("2024-01-02", "2024-12-31")
    assert [str(days[i].date()) for i in reconstitution_days(days)] == ["2024-01-02", "2024-06-17", "2024-12-16"]


def test_choose_members_cuts_the_eligible_by_size():
    size = np.arange(20.0)[::-1]
    eligible = np.ones(20, dtype=bool)
    assert choose_members(ASHARE_INDICES, size, eligible).tolist() == [0] * 3 + [1] * 5 + [2] * 6 + [3] * 5 + [-1]
    eligible[0] = False
    assert choose_members(ASHARE_INDICES, size, eligible)[:4].tolist() == [-1, 0, 0, 0]
